// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// dependency is something that comes from a Debian package: a program, or a file.
type dependency struct{ pkg, program, file string }

// dependencies are what we take from Debian instead of building it.
var dependencies = []dependency{
	{pkg: "runc", program: "runc"},
	{pkg: "containernetworking-plugins", file: "/usr/lib/cni/bridge"},
	{pkg: "nftables", program: "nft"},
	{pkg: "conntrack", program: "conntrack"},
	{pkg: "iproute2", program: "ip"},
	{pkg: "mount", program: "mount"},
	{pkg: "kmod", program: "modprobe"},
	{pkg: "buildah", program: "buildah"},
	{pkg: "mmdebstrap", program: "mmdebstrap"},
}

// MissingPackages lists the Debian packages that have to be installed.
func (m Machine) MissingPackages() []string {
	var missing []string
	for _, d := range dependencies {
		if !m.has(d) {
			missing = append(missing, d.pkg)
		}
	}
	return missing
}

func (m Machine) has(d dependency) bool {
	if d.file != "" {
		_, err := os.Stat(d.file)
		return err == nil
	}
	// Programs for root may be outside a plain user's path.
	for _, dir := range append(filepath.SplitList(m.Path), "/usr/sbin", "/sbin", "/usr/bin", "/bin") {
		if info, err := os.Stat(filepath.Join(dir, d.program)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// CheckMachine refuses a machine that can't run a cluster, and says why.
func (m Machine) CheckMachine() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("checking this machine: a cluster needs Linux on amd64, this is %s on %s; "+
			"with KUBECONFIG set, the suites use the cluster that it names", runtime.GOOS, runtime.GOARCH)
	}
	if !m.Root {
		return errors.New("checking this machine: a cluster needs root, for network namespaces, mounts and control groups; " +
			"run this again as root (it uses root's cache then), or set KUBECONFIG to use another cluster")
	}
	return nil
}

// InstallPackages installs what is missing, having said so.
func (m Machine) InstallPackages(ctx context.Context) error {
	missing := m.MissingPackages()
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("looking for programs: this machine has no apt-get; install what Debian calls %s", strings.Join(missing, ", "))
	}
	fmt.Fprintf(m.Out, "installing Debian packages: %s\n", strings.Join(missing, ", "))
	install := append([]string{"install", "-q", "-y", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"update", "-q"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		// An update fails when one of many sources is down, and what we need may still be had from the others: only the install counts.
		if out, err := cmd.CombinedOutput(); err != nil && slices.Contains(args, "install") {
			return fmt.Errorf("installing Debian packages: %w: %s", err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
