// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pushFor makes an image of one file for an architecture.
func pushFor(t *testing.T, s Store, arch string) string {
	t.Helper()
	layer, err := Layer([]File{{Path: "/arch", Text: arch}})
	if err != nil {
		t.Fatal(err)
	}
	img, err := Compose(nil, Config{Entrypoint: []string{"/arch"}}, layer)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.Architecture = arch
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	ref, err := s.Push(context.Background(), img, "thing")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestAnIndexGivesEachPlatformItsImage(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	s := Store{Address: strings.TrimPrefix(server.URL, "http://"), Shown: "registry.test:5000"}
	ctx := context.Background()
	refs := []string{pushFor(t, s, "amd64"), pushFor(t, s, "arm64")}
	ref, err := s.PushIndex(ctx, "thing", refs, "latest")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.PushIndex(ctx, "thing", refs)
	if err != nil || again != ref {
		t.Errorf("pushed again, it is %s instead of %s: %v", again, ref, err)
	}
	_, tag, _ := strings.Cut(strings.TrimPrefix(ref, "registry.test:5000/"), ":")
	for _, tag := range []string{tag, "latest"} {
		got, err := s.Platforms(ctx, "thing", tag)
		if err != nil || !slices.Equal(got, []string{"linux/amd64", "linux/arm64"}) {
			t.Errorf("%s is for %q: %v", tag, got, err)
		}
	}
	// What a node asks for.
	full, err := name.ParseReference(s.Address+"/thing:latest", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(full, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	if file, err := img.ConfigFile(); err != nil || file.Architecture != "arm64" {
		t.Errorf("a node of arm64 gets %+v: %v", file, err)
	}
}

func TestAnIndexHasOneImageForEachPlatform(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	s := Store{Address: strings.TrimPrefix(server.URL, "http://"), Shown: "registry.test:5000"}
	ref := pushFor(t, s, "amd64")
	for want, refs := range map[string][]string{"are both for linux/amd64": {ref, ref}, "no image": nil, "reading image": {"nothing:there"}} {
		if _, err := s.PushIndex(context.Background(), "thing", refs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
