// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kubestash.com/kubestash/tests/cluster/internal/render"
)

// Buildah builds Dockerfiles.
type Buildah struct {
	Store Store
	// Work keeps its storage between builds.
	Work string
	Out  io.Writer
}

// Build says what to build.
type Build struct {
	// Name is the repository in the store.
	Name string
	// File is the Dockerfile, Context the folder that COPY reads.
	File, Context string
	// Arguments are build arguments, NAME=VALUE.
	Arguments []string
	// Arch is the architecture to build for, in Go's name; empty means amd64. Nothing can be run in such a build but on a machine of it.
	Arch string
	// Target is the stage to stop at; empty means the last.
	Target string
	// Tags are set beside the content tag.
	Tags []string
}

// policy accepts unsigned images: there is one registry, and it's ours.
const policy = `{"default":[{"type":"insecureAcceptAnything"}]}`

// Build builds an image, pushes it and returns its reference by content. Equal input gives an equal digest: every file gets one time.
func (b Buildah) Build(ctx context.Context, in Build) (string, error) {
	if err := b.configure(); err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(b.Work, "build-")
	if err != nil {
		return "", fmt.Errorf("making a work folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	id, digest := filepath.Join(scratch, "id"), filepath.Join(scratch, "digest")
	args := []string{
		"build", "--isolation", "chroot", "--tls-verify=false", "--platform", "linux/" + cmp.Or(in.Arch, "amd64"), "--timestamp", "0", "--layers=false",
		"--format", "oci", "--pull", "--iidfile", id, "--file", in.File,
	}
	for _, a := range in.Arguments {
		args = append(args, "--build-arg", a)
	}
	if in.Target != "" {
		args = append(args, "--target", in.Target)
	}
	if err := b.run(ctx, append(args, in.Context)...); err != nil {
		return "", fmt.Errorf("building %s: %w", in.Name, err)
	}
	image, err := readWord(id)
	if err != nil {
		return "", err
	}
	// The registry keeps it; here it would only fill the disk. What is left behind on failure goes with the next "clean".
	defer func() { _ = b.run(context.WithoutCancel(ctx), "rmi", "--force", image) }()
	push := []string{"push", "--tls-verify=false", "--digestfile", digest, image}
	if err := b.run(ctx, append(push, "docker://"+b.Store.Address+"/"+in.Name+":latest")...); err != nil {
		return "", fmt.Errorf("pushing %s: %w", in.Name, err)
	}
	pushed, err := readWord(digest)
	if err != nil {
		return "", err
	}
	return b.tag(ctx, in, pushed)
}

// tag names what was pushed by its content. It's read back by its digest: "latest" may be another build's by now.
func (b Buildah) tag(ctx context.Context, in Build, digest string) (string, error) {
	img, err := b.Store.Get(ctx, b.Store.Shown+"/"+in.Name+"@"+digest)
	if err != nil {
		return "", err
	}
	return b.Store.Push(ctx, img, in.Name, in.Tags...)
}

func (b Buildah) configure() error {
	if err := os.MkdirAll(b.Work, 0o755); err != nil {
		return fmt.Errorf("making the build folder: %w", err)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(b.Work, "registries.conf"), []byte(render.Registries()), 0o644),
		os.WriteFile(filepath.Join(b.Work, "policy.json"), []byte(policy), 0o644),
	)
}

func (b Buildah) run(ctx context.Context, args ...string) error {
	global := []string{
		"--root", filepath.Join(b.Work, "storage"), "--runroot", filepath.Join(b.Work, "run"), "--storage-driver", "overlay",
	}
	// The policy is an option of build and push alone.
	if args[0] == "build" || args[0] == "push" {
		args = append([]string{args[0], "--signature-policy", filepath.Join(b.Work, "policy.json")}, args[1:]...)
	}
	cmd := exec.CommandContext(ctx, "buildah", append(global, args...)...)
	cmd.Env = append(os.Environ(), "CONTAINERS_REGISTRIES_CONF="+filepath.Join(b.Work, "registries.conf"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("running buildah %s: %w: %s", args[0], err, lastLines(string(out), 15))
	}
	return nil
}

func readWord(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading buildah's answer: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
