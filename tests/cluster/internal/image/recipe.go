// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Kitchen makes the images that we know by name.
type Kitchen struct {
	Store  Store
	Debian Debian
	Out    io.Writer
	// Suite is the Debian release that userlands are made of.
	Suite string
	// Binary finds a program by its name, building it if need be, and says its version.
	Binary func(ctx context.Context, name string) (path, version string, err error)
}

// recipe is how one known image is made.
type recipe struct {
	// repositories are the names in the store, the first one being ours and the others those of the image that it stands for.
	repositories []string
	// tags are set beside the content tag. "{version}" is the program's version.
	tags []string
	// help is one line for people.
	help string
	// inputs change when the image has to be made again. The key of them is a tag, by which a made image is found.
	inputs func(ctx context.Context, k Kitchen) ([]string, error)
	// make makes it.
	make func(ctx context.Context, k Kitchen) (v1.Image, error)
}

// Known lists the images that Image makes, with a line of help for each, sorted.
func Known() [][2]string {
	var out [][2]string
	for name, r := range recipes() {
		out = append(out, [2]string{name, r.help})
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return out
}

func recipes() map[string]recipe {
	m := map[string]recipe{
		"base": baseRecipe(), "busybox": busyboxRecipe(), "pause": pauseRecipe(),
		"coredns":         programRecipe("coredns", "/coredns", "coredns/coredns"),
		"restic":          programRecipe("restic", "/usr/bin/restic", "restic/restic"),
		"versitygw":       programRecipe("versitygw", "/usr/local/bin/versitygw", "versity/versitygw"),
		"kube-rbac-proxy": programRecipe("kube-rbac-proxy", "/usr/local/bin/kube-rbac-proxy", "brancz/kube-rbac-proxy"),
	}
	for name, r := range olmRecipes() {
		m[name] = r
	}
	for name, r := range databaseRecipes() {
		m[name] = r
	}
	return m
}

// format changes when all images have to be made again.
const format = "2"

// Ensure makes a known image unless the store has it, and returns its reference by content.
func (k Kitchen) Ensure(ctx context.Context, name string) (string, error) {
	r, found := recipes()[name]
	if !found {
		var names []string
		for _, known := range Known() {
			names = append(names, known[0])
		}
		return "", fmt.Errorf("making image %q: not one of %s", name, strings.Join(names, ", "))
	}
	inputs, err := r.inputs(ctx, k)
	if err != nil {
		return "", fmt.Errorf("making image %s: %w", name, err)
	}
	key := "made-" + keyOf(slices.Concat([]string{format}, inputs, r.repositories, r.tags))
	if digest, found := k.Store.Find(ctx, r.repositories[0], key); found {
		return k.Store.Reference(r.repositories[0], TagOf(digest)), nil
	}
	fmt.Fprintf(k.Out, "making image %s\n", name)
	img, err := r.make(ctx, k)
	if err != nil {
		return "", fmt.Errorf("making image %s: %w", name, err)
	}
	tags, err := k.tags(ctx, name, r.tags)
	if err != nil {
		return "", err
	}
	// Last the repository by which the image is found: whatever is cut short before is done again.
	for _, repository := range r.repositories[1:] {
		if _, err := k.Store.Push(ctx, img, repository, tags...); err != nil {
			return "", err
		}
	}
	return k.Store.Push(ctx, img, r.repositories[0], append(tags, key)...)
}

func (k Kitchen) tags(ctx context.Context, name string, tags []string) ([]string, error) {
	var out []string
	for _, t := range tags {
		if strings.Contains(t, "{version}") {
			_, version, err := k.Binary(ctx, name)
			if err != nil {
				return nil, err
			}
			out = append(out, strings.TrimPrefix(version, "v"), version)
			continue
		}
		out = append(out, t)
	}
	return out, nil
}

// keyOf is a short digest over strings, in their order.
func keyOf(parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// programRecipe is one static program on the base image.
func programRecipe(name, path, official string) recipe {
	return recipe{
		repositories: []string{name, official}, tags: []string{"latest", "{version}"},
		help: "the program, built from its Go module, on the base image",
		inputs: func(ctx context.Context, k Kitchen) ([]string, error) {
			binary, _, err := k.Binary(ctx, name)
			return append([]string{binary, path}, baseInputs(k)...), err
		},
		make: func(ctx context.Context, k Kitchen) (v1.Image, error) {
			binary, _, err := k.Binary(ctx, name)
			if err != nil {
				return nil, err
			}
			ref, err := k.Ensure(ctx, "base")
			if err != nil {
				return nil, err
			}
			base, err := k.Store.Get(ctx, ref)
			if err != nil {
				return nil, err
			}
			layer, err := Layer([]File{{Path: path, Source: binary}})
			if err != nil {
				return nil, err
			}
			return Compose(base, Config{Entrypoint: []string{path}}, layer)
		},
	}
}

func pauseRecipe() recipe {
	return recipe{
		repositories: []string{"pause"}, tags: []string{"latest"}, help: "what holds a pod's namespaces",
		inputs: func(ctx context.Context, k Kitchen) ([]string, error) {
			binary, _, err := k.Binary(ctx, "pause")
			return []string{binary}, err
		},
		make: func(ctx context.Context, k Kitchen) (v1.Image, error) {
			binary, _, err := k.Binary(ctx, "pause")
			if err != nil {
				return nil, err
			}
			layer, err := Layer([]File{{Path: "/pause", Source: binary}})
			if err != nil {
				return nil, err
			}
			return Compose(nil, Config{Entrypoint: []string{"/pause"}, User: "65535:65535"}, layer)
		},
	}
}
