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
	files, err := m.files(minor)
	if err != nil {
		return err
	}
	k := kubectl{program: filepath.Join(files.Kubernetes, "kubectl"), config: filepath.Join(files.PKI, "admin.kubeconfig"), home: m.Place.State}
	crds, err := m.olmCRDs(ctx)
	if err != nil {
		return err
	}
	// One of them is too large for what a client-side apply notes in an annotation.
	if err := k.run(ctx, "", "apply", "--server-side", "--force-conflicts", "-f", crds); err != nil {
		return err
	}
	if err := k.run(ctx, "", "wait", "--for", "condition=Established", "--timeout", "60s", "-f", crds); err != nil {
		return err
	}
	text := strings.NewReplacer("{{OLM_IMAGE}}", olmImage, "{{OPM_IMAGE}}", opmImage).Replace(olmManifest)
	if err := k.run(ctx, text, "apply", "--server-side", "--force-conflicts", "-f", "-"); err != nil {
		return err
	}
	for _, name := range []string{"olm-operator", "catalog-operator"} {
		if err := k.run(ctx, "", "-n", "olm", "rollout", "status", "deployment/"+name, "--timeout", olmLimit.String()); err != nil {
			return err
		}
	}
	return nil
}

// olmCRDs is the folder of OLM's CRDs, which its module holds.
func (m Machine) olmCRDs(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/operator-framework/operator-lifecycle-manager")
	cmd.Dir = filepath.Join(m.Place.Tools(), "olm")
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("finding OLM's CRDs: %w: %s", err, strings.TrimSpace(problem.String()))
	}
	return filepath.Join(strings.TrimSpace(string(out)), "deploy", "chart", "crds"), nil
}

// kubectl is the cluster's own, for its administrator.
type kubectl struct{ program, config, home string }

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
