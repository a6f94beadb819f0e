// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Debian gets packages from the machine's own sources.
type Debian struct {
	// Work is a folder for downloads, rootfs archives and unpacked packages.
	Work string
	// Out receives progress.
	Out io.Writer
}

// Unpack downloads packages and unpacks them, without installing: no script of theirs runs. It returns the folder.
func (d Debian) Unpack(ctx context.Context, name string, packages ...string) (string, error) {
	dir := filepath.Join(d.Work, "debian", name)
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clearing %s: %w", dir, err)
	}
	debs, root := filepath.Join(dir, "debs"), filepath.Join(dir, "root")
	for _, p := range []string{debs, root} {
		if err := os.MkdirAll(p, 0o755); err != nil {
			return "", fmt.Errorf("making %s: %w", p, err)
		}
	}
	fmt.Fprintf(d.Out, "downloading Debian packages: %s\n", strings.Join(packages, ", "))
	download := append([]string{"download", "-q", "-o", "APT::Sandbox::User=root"}, packages...)
	if err := run(ctx, debs, "apt-get", download...); err != nil {
		// A machine that was just installed has no package lists yet.
		if err := run(ctx, debs, "apt-get", "update", "-q"); err != nil {
			return "", err
		}
		if err := run(ctx, debs, "apt-get", download...); err != nil {
			return "", err
		}
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("downloading %s: no package arrived", strings.Join(packages, ", "))
	}
	for _, f := range files {
		if err := run(ctx, debs, "dpkg-deb", "-x", f, root); err != nil {
			return "", err
		}
	}
	return root, nil
}

// Userland says what a root file system holds besides Debian's essential packages.
type Userland struct {
	Suite    string
	Packages []string
	// Exclude are patterns of files to leave out.
	Exclude []string
	// User is a user of the packages' that becomes databaseID; empty means none.
	User string
}

// databaseID is the user and group of the official database images.
const databaseID = 999

// renumber gives a user and its group the number $3, with everything that belongs to them, in the root file system $1.
const renumber = `set -eu
old=$(chroot "$1" id -u "$2")
oldgroup=$(chroot "$1" id -g "$2")
sed -i -E "s/^($2:[^:]*):[0-9]+:[0-9]+:/\1:$3:$3:/" "$1/etc/passwd"
sed -i -E "s/^([^:]*:[^:]*):$oldgroup:/\1:$3:/" "$1/etc/group"
find "$1" -xdev -uid "$old" -exec chown -h "$3" {} +
find "$1" -xdev -gid "$oldgroup" -exec chgrp -h "$3" {} +
`

// Bootstrap makes a root file system and returns the archive. It is made once per content of the request.
func (d Debian) Bootstrap(ctx context.Context, name string, r Userland) (string, error) {
	dir := filepath.Join(d.Work, "rootfs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", dir, err)
	}
	out := filepath.Join(dir, name+"-"+keyOf([]string{fmt.Sprintf("%+v", r), renumber})+".tar")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	fmt.Fprintf(d.Out, "making a Debian %s root file system with %s (about a minute)\n", r.Suite, strings.Join(r.Packages, ", "))
	args := []string{"--variant=essential", "--include=" + strings.Join(r.Packages, ",")}
	for _, path := range []string{"doc", "man", "locale", "info", "lintian"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+path+"/*")
	}
	for _, path := range r.Exclude {
		args = append(args, "--dpkgopt=path-exclude="+path)
	}
	if r.User != "" {
		script := filepath.Join(dir, "renumber.sh")
		if err := os.WriteFile(script, []byte(renumber), 0o755); err != nil {
			return "", fmt.Errorf("writing a script: %w", err)
		}
		args = append(args, fmt.Sprintf(`--customize-hook=sh %s "$1" %s %d`, script, r.User, databaseID))
	}
	next := out + ".next.tar"
	defer os.Remove(next)
	if err := run(ctx, dir, "mmdebstrap", append(args, "--quiet", r.Suite, next)...); err != nil {
		return "", err
	}
	return out, os.Rename(next, out)
}

// Suite is the release name of the machine's Debian, from the text of os-release.
func Suite(osRelease string) string {
	for line := range strings.Lines(osRelease) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); found {
			return strings.Trim(value, "\"")
		}
	}
	return ""
}

// Certificates joins the authorities of the ca-certificates package into the one file that programs read: its own script isn't run here.
func Certificates(root string) (string, error) {
	var paths []string
	err := filepath.WalkDir(filepath.Join(root, "usr/share/ca-certificates"), func(p string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".crt") {
			paths = append(paths, p)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("listing certificate authorities: %w", err)
	}
	slices.Sort(paths)
	var all strings.Builder
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return "", fmt.Errorf("reading a certificate authority: %w", err)
		}
		all.Write(bytes.TrimSpace(data))
		all.WriteString("\n")
	}
	return all.String(), nil
}

func run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w: %s", program, err, lastLines(string(out), 8))
	}
	return nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
