// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Store is the local registry.
type Store struct {
	// Address is where the registry listens.
	Address string
	// Shown is how references name it.
	Shown string
}

// Config is what an image says of its process. Empty fields keep those of the base.
type Config struct {
	Entrypoint, Command []string
	Env                 []string
	User, WorkingDir    string
	Ports               []string
	Labels              map[string]string
}

// TagOf is the tag by content: the first twelve digits of the digest.
func TagOf(digest string) string {
	_, hex, found := strings.Cut(digest, ":")
	if !found {
		hex = digest
	}
	return hex[:min(12, len(hex))]
}

// Reference is how manifests name an image of the store.
func (s Store) Reference(repository, tag string) string {
	return s.Shown + "/" + repository + ":" + tag
}

func (s Store) tag(repository, tag string) (name.Tag, error) {
	ref, err := name.NewTag(s.Address+"/"+repository+":"+tag, name.Insecure)
	if err != nil {
		return ref, fmt.Errorf("naming image %s:%s: %w", repository, tag, err)
	}
	return ref, nil
}

// Find returns the digest of an image, or false where there is none.
func (s Store) Find(ctx context.Context, repository, tag string) (string, bool) {
	ref, err := s.tag(repository, tag)
	if err != nil {
		return "", false
	}
	d, err := remote.Head(ref, remote.WithContext(ctx))
	if err != nil {
		return "", false
	}
	return d.Digest.String(), true
}

// Get reads an image of the store; ref may begin with the registry's name or not.
func (s Store) Get(ctx context.Context, ref string) (v1.Image, error) {
	full, err := name.ParseReference(s.Address+"/"+s.strip(ref), name.Insecure)
	if err != nil {
		return nil, fmt.Errorf("naming image %s: %w", ref, err)
	}
	img, err := remote.Image(full, remote.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("reading image %s: %w", ref, err)
	}
	return img, nil
}

// strip takes the registry off a reference: what a node would look for in the store.
func (s Store) strip(ref string) string {
	for _, registry := range []string{s.Address, s.Shown} {
		if rest, found := strings.CutPrefix(ref, registry+"/"); found {
			return rest
		}
	}
	return LocalName(ref)
}

// LocalName is the name under which the local registry holds an image of any registry: the host goes, and Docker Hub's short names get
// their "library/", as a node asks for them.
func LocalName(ref string) string {
	first, rest, found := strings.Cut(ref, "/")
	if !found {
		return "library/" + ref
	}
	if strings.ContainsAny(first, ".:") || first == "localhost" {
		if (first == "docker.io" || first == "index.docker.io") && !strings.Contains(rest, "/") {
			return "library/" + rest
		}
		return rest
	}
	return ref
}

// Push writes an image under its content tag and the given ones, and returns the content tag's reference.
func (s Store) Push(ctx context.Context, img v1.Image, repository string, tags ...string) (string, error) {
	digest, err := img.Digest()
	if err != nil {
		return "", fmt.Errorf("computing the digest of %s: %w", repository, err)
	}
	content := TagOf(digest.String())
	ref, err := s.tag(repository, content)
	if err != nil {
		return "", err
	}
	if err := remote.Write(ref, img, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("pushing %s: %w", ref, err)
	}
	for _, tag := range tags {
		more, err := s.tag(repository, tag)
		if err != nil {
			return "", err
		}
		if err := remote.Tag(more, img, remote.WithContext(ctx)); err != nil {
			return "", fmt.Errorf("tagging %s: %w", more, err)
		}
	}
	return s.Reference(repository, content), nil
}

// Compose puts layers onto a base (nil means nothing) and sets the platform: containerd refuses an image without one.
func Compose(base v1.Image, c Config, layers ...v1.Layer) (v1.Image, error) {
	if base == nil {
		base = mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	}
	img, err := mutate.AppendLayers(base, layers...)
	if err != nil {
		return nil, fmt.Errorf("adding layers: %w", err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image's configuration: %w", err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Created = v1.Time{Time: epoch}
	apply(&file.Config, c)
	if img, err = mutate.ConfigFile(img, file); err != nil {
		return nil, fmt.Errorf("writing the image's configuration: %w", err)
	}
	return img, nil
}

func apply(to *v1.Config, c Config) {
	if c.Entrypoint != nil {
		to.Entrypoint, to.Cmd = c.Entrypoint, nil
	}
	if c.Command != nil {
		to.Cmd = c.Command
	}
	if c.User != "" {
		to.User = c.User
	}
	if c.WorkingDir != "" {
		to.WorkingDir = c.WorkingDir
	}
	for _, e := range c.Env {
		to.Env = setEnv(to.Env, e)
	}
	for _, p := range c.Ports {
		if to.ExposedPorts == nil {
			to.ExposedPorts = map[string]struct{}{}
		}
		to.ExposedPorts[p] = struct{}{}
	}
	for k, v := range c.Labels {
		if to.Labels == nil {
			to.Labels = map[string]string{}
		}
		to.Labels[k] = v
	}
}

func setEnv(env []string, entry string) []string {
	key, _, _ := strings.Cut(entry, "=")
	for i, e := range env {
		if k, _, _ := strings.Cut(e, "="); k == key {
			out := append([]string(nil), env...)
			out[i] = entry
			return out
		}
	}
	return append(env[:len(env):len(env)], entry)
}
