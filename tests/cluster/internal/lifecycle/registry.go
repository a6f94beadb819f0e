// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"kubestash.com/kubestash/tests/cluster/internal/network"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/process"
	"kubestash.com/kubestash/tests/cluster/internal/render"
	"kubestash.com/kubestash/tests/cluster/internal/tool"
)

// EnsureRegistry makes the registry run, with or without a cluster. The caller holds the machine's lock.
//
// It runs in the host's namespace, on the bridge's address: builders on the host and the nodes reach it under one address, and nobody
// outside the machine does.
func (m Machine) EnsureRegistry(ctx context.Context) error {
	t, _, err := tool.Find("registry", "")
	if err != nil {
		return err
	}
	if err := m.Builder.Ensure(ctx, []tool.Tool{t}); err != nil {
		return err
	}
	pin, err := tool.Resolve(m.Builder.Tools, t)
	if err != nil {
		return err
	}
	if err := network.EnsureBridge(); err != nil {
		return err
	}
	if err := os.MkdirAll(m.Place.Registry(), 0o755); err != nil {
		return fmt.Errorf("making the registry's folder: %w", err)
	}
	files := render.Files{Registry: m.Builder.Dir(pin), Config: filepath.Join(m.Place.State, "config")}
	config := render.Registry(m.Place.Registry())
	if err := writeFile(filepath.Join(files.Config, "registry.yaml"), config); err != nil {
		return err
	}
	if _, err := m.table().Ensure(process.Spec{
		Name: "registry", Argv: files.RegistryArgs(), Env: []string{"OTEL_TRACES_EXPORTER=none"}, Inputs: []string{config},
	}); err != nil {
		return err
	}
	if err := m.ensureSelf("registry-forward", "serve", "forward"); err != nil {
		return err
	}
	return m.poll(ctx, "the registry", 20*time.Second, func(ctx context.Context) error {
		return get(ctx, "http://"+plan.RegistryAddress+"/v2/")
	})
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: %s", url, res.Status)
	}
	return nil
}

// ensureSelf runs a server that is part of this program, from a copy named by its content: the one in the checkout is replaced by the next
// build, and goes with the checkout.
func (m Machine) ensureSelf(name string, args ...string) error {
	copied, err := m.copySelf()
	if err != nil {
		return err
	}
	argv := append([]string{copied}, args...)
	argv = append(argv, "--project", m.Place.Project)
	_, err = m.table().Ensure(process.Spec{Name: name, Argv: argv, Env: []string{"KUBESTASH_CLUSTER_DIR=" + m.Place.State}})
	return err
}

func (m Machine) copySelf() (string, error) {
	in, err := os.Open(m.Executable)
	if err != nil {
		return "", fmt.Errorf("opening our own program: %w", err)
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", fmt.Errorf("reading our own program: %w", err)
	}
	dir := filepath.Join(m.Place.State, "bin")
	target := filepath.Join(dir, "cluster-"+hex.EncodeToString(h.Sum(nil))[:12])
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	// Earlier copies may still run; removing their names doesn't disturb them.
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("removing earlier copies of our program: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("copying our own program: %w", err)
	}
	data, err := os.ReadFile(m.Executable)
	if err != nil {
		return "", fmt.Errorf("copying our own program: %w", err)
	}
	next := target + ".next"
	if err := os.WriteFile(next, data, 0o755); err != nil {
		return "", fmt.Errorf("copying our own program: %w", err)
	}
	return target, os.Rename(next, target)
}
