// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed manifests/olm.yaml
var olmManifest string

// olmLimit is how long OLM may take until it works: its images are pulled by every node.
const olmLimit = 3 * time.Minute

// OLM installs OLM into the running cluster, or makes it whole again. The caller has made the images.
func (m Machine) OLM(ctx context.Context, minor, olmImage, opmImage string) error {
	k, err := m.kubectl(minor)
	if err != nil {
		return err
	}
	module, err := m.module(ctx, "olm", "github.com/operator-framework/operator-lifecycle-manager")
	if err != nil {
		return err
	}
	if err := k.define(ctx, filepath.Join(module, "deploy", "chart", "crds")); err != nil {
		return err
	}
	text := strings.NewReplacer("{{OLM_IMAGE}}", olmImage, "{{OPM_IMAGE}}", opmImage).Replace(olmManifest)
	if err := k.run(ctx, text, "apply", "--server-side", "--force-conflicts", "-f", "-"); err != nil {
		return err
	}
	return k.rolledOut(ctx, "olm", "olm-operator", "catalog-operator")
}

// module is the folder of a Go module that a tool is built from. It holds CRDs, too.
func (m Machine) module(ctx context.Context, tool, path string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", path)
	cmd.Dir = filepath.Join(m.Place.Tools(), tool)
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("finding module %s: %w: %s", path, err, strings.TrimSpace(problem.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// kubectl is the cluster's own, for its administrator.
type kubectl struct{ program, config, home string }

func (m Machine) kubectl(minor string) (kubectl, error) {
	files, err := m.files(minor)
	return kubectl{program: filepath.Join(files.Kubernetes, "kubectl"), config: filepath.Join(files.PKI, "admin.kubeconfig"), home: m.Place.State}, err
}

// define applies a folder of CRDs. Some are too large for what a client-side apply notes in an annotation.
func (k kubectl) define(ctx context.Context, crds string) error {
	if err := k.run(ctx, "", "apply", "--server-side", "--force-conflicts", "-f", crds); err != nil {
		return err
	}
	return k.run(ctx, "", "wait", "--for", "condition=Established", "--timeout", "60s", "-f", crds)
}

// rolledOut waits for Deployments.
func (k kubectl) rolledOut(ctx context.Context, namespace string, deployments ...string) error {
	for _, name := range deployments {
		if err := k.run(ctx, "", "-n", namespace, "rollout", "status", "deployment/"+name, "--timeout", olmLimit.String()); err != nil {
			return err
		}
	}
	return nil
}

func (k kubectl) run(ctx context.Context, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, k.program, append([]string{"--kubeconfig", k.config}, args...)...)
	cmd.Env = []string{"HOME=" + k.home}
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return nil
}
