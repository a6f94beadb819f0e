// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package webhooks

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/tests/kit/tool"
)

// timeoutSeconds is more than config/webhook has: this machine is slow when it builds something.
const timeoutSeconds = 30

// Configurations are the webhook configurations of config/webhook, for what is served on this machine's loopback. Without authorities (PEM)
// nobody is trusted, until somebody else writes them in.
func Configurations(port int, authorities []byte) ([]*unstructured.Unstructured, error) {
	all, err := Manifest("config/webhook/manifests.yaml")
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		hooks, _, err := unstructured.NestedSlice(o.Object, "webhooks")
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", o.GetKind(), err)
		}
		for _, hook := range hooks {
			path, _, err := unstructured.NestedString(hook.(map[string]any), "clientConfig", "service", "path")
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", o.GetKind(), err)
			}
			config := map[string]any{"url": fmt.Sprintf("https://127.0.0.1:%d%s", port, path)}
			if len(authorities) > 0 {
				config["caBundle"] = base64.StdEncoding.EncodeToString(authorities)
			}
			hook.(map[string]any)["clientConfig"] = config
			hook.(map[string]any)["timeoutSeconds"] = int64(timeoutSeconds)
		}
		if err := unstructured.SetNestedSlice(o.Object, hooks, "webhooks"); err != nil {
			return nil, fmt.Errorf("writing %s: %w", o.GetKind(), err)
		}
	}
	return all, nil
}

// Manifest are the objects of a file of this checkout.
func Manifest(file string) ([]*unstructured.Unstructured, error) {
	root, err := tool.Root()
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(document, "---\n")), &o.Object); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		out = append(out, o)
	}
	return out, nil
}
