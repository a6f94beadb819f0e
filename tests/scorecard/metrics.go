// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
)

// documentation is docs/metrics.md, in the image.
const documentation = "/metrics.md"

// metrics reads what the operator measures, as a Prometheus would, and looks for each of it in the documentation.
func metrics(ctx context.Context, o *operator, say func(string, ...any)) error {
	config := rest.CopyConfig(o.config)
	// kube-rbac-proxy makes itself a certificate, which nobody has signed.
	config.TLSClientConfig = rest.TLSClientConfig{Insecure: true}
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	url := "https://kubestash-operator-metrics." + o.namespace + ".svc:8443/metrics"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := c.Do(request)
	if err != nil {
		return fmt.Errorf("reading the metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("reading the metrics: %s: %w: %.200s", response.Status, err, text)
	}
	documented, err := os.ReadFile(documentation)
	if err != nil {
		return err
	}
	found := families(string(text))
	if len(found) < 10 {
		return fmt.Errorf("there are only the metrics %q", found)
	}
	if missing := undocumented(found, string(documented)); len(missing) > 0 {
		return fmt.Errorf("docs/metrics.md doesn't say what these metrics are: %s", strings.Join(missing, ", "))
	}
	say("all %d metrics are documented", len(found))
	return nil
}

// families are the names of the metrics in a text of Prometheus, sorted.
func families(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[0] == "#" && fields[1] == "TYPE" {
			names = append(names, fields[2])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// undocumented are the names that no row of a table begins with. A row can stand for a family: `go_*`.
func undocumented(names []string, documentation string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		family, _, _ := strings.Cut(name, "_")
		return strings.Contains(documentation, "| `"+name+"` |") || strings.Contains(documentation, "| `"+family+"_*` |")
	})
}
