// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// PushIndex makes one name of images for several platforms, and returns its reference by content. Equal images give an equal digest.
func (s Store) PushIndex(ctx context.Context, repository string, refs []string, tags ...string) (string, error) {
	index, err := s.index(ctx, refs)
	if err != nil {
		return "", fmt.Errorf("making the index %s: %w", repository, err)
	}
	digest, err := index.Digest()
	if err != nil {
		return "", fmt.Errorf("computing the digest of %s: %w", repository, err)
	}
	content := TagOf(digest.String())
	for _, tag := range append([]string{content}, tags...) {
		ref, err := s.tag(repository, tag)
		if err != nil {
			return "", err
		}
		if err := remote.WriteIndex(ref, index, remote.WithContext(ctx)); err != nil {
			return "", fmt.Errorf("pushing %s: %w", ref, err)
		}
	}
	return s.Reference(repository, content), nil
}

func (s Store) index(ctx context.Context, refs []string) (v1.ImageIndex, error) {
	if len(refs) == 0 {
		return nil, errors.New("no image")
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	seen := map[string]string{}
	for _, ref := range refs {
		img, err := s.Get(ctx, ref)
		if err != nil {
			return nil, err
		}
		file, err := img.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("reading the configuration of %s: %w", ref, err)
		}
		platform := file.Platform()
		if platform == nil {
			return nil, fmt.Errorf("%s says no platform", ref)
		}
		if other, twice := seen[platform.String()]; twice {
			return nil, fmt.Errorf("%s and %s are both for %s", other, ref, platform)
		}
		seen[platform.String()] = ref
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return index, nil
}

// Platforms tells what an index, or an image, is for: "linux/arm64".
func (s Store) Platforms(ctx context.Context, repository, tag string) ([]string, error) {
	ref, err := s.tag(repository, tag)
	if err != nil {
		return nil, err
	}
	index, err := remote.Index(ref, remote.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("reading the index %s: %w", ref, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the index %s: %w", ref, err)
	}
	var out []string
	for _, m := range manifest.Manifests {
		out = append(out, m.Platform.String())
	}
	return out, nil
}
