// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Kind is what an archive holds.
type Kind string

// The kinds of archives.
const (
	// DockerArchive is what "docker save" writes.
	DockerArchive Kind = "docker-archive"
	// OCIArchive is an OCI layout in a tar file, or a folder.
	OCIArchive Kind = "oci-archive"
	// Rootfs is a plain root file system.
	Rootfs Kind = "rootfs"
)

// KindOf looks into a tar file, compressed with gzip or not, or a folder.
func KindOf(file string) (Kind, error) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		if _, err := os.Stat(filepath.Join(file, "oci-layout")); err == nil {
			return OCIArchive, nil
		}
		return Rootfs, nil
	}
	kind := Rootfs
	err := eachEntry(file, func(h *tar.Header, _ io.Reader) error {
		switch path.Clean(h.Name) {
		case "oci-layout":
			// Newer Dockers write both files; the OCI one is then complete too, but only "manifest.json" carries names.
			if kind == Rootfs {
				kind = OCIArchive
			}
		case "manifest.json":
			kind = DockerArchive
		}
		return nil
	})
	return kind, err
}

// Load reads an image from an archive. scratch is a folder for what has to be unpacked; it must live as long as the image is used.
func Load(file, scratch string, c Config) (v1.Image, error) {
	kind, err := KindOf(file)
	if err != nil {
		return nil, err
	}
	switch kind {
	case DockerArchive:
		img, err := tarball.Image(func() (io.ReadCloser, error) { return open(file) }, nil)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		return img, nil
	case OCIArchive:
		return loadLayout(file, scratch)
	}
	layer, err := rootfsLayer(file)
	if err != nil {
		return nil, err
	}
	return Compose(nil, c, layer)
}

func rootfsLayer(file string) (v1.Layer, error) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		files, err := Tree(file, "/")
		if err != nil {
			return nil, err
		}
		return Layer(files)
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return open(file) }, options()...)
}

func loadLayout(file, scratch string) (v1.Image, error) {
	dir := file
	if info, err := os.Stat(file); err != nil || !info.IsDir() {
		dir = filepath.Join(scratch, "layout")
		if err := unpack(file, dir); err != nil {
			return nil, err
		}
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the layout of %s: %w", file, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", file, err)
	}
	for _, m := range manifest.Manifests {
		if m.MediaType.IsImage() {
			return index.Image(m.Digest)
		}
	}
	return nil, fmt.Errorf("reading %s: no image in its index", file)
}

// open reads a file, and what is in it if it's compressed.
func open(file string) (io.ReadCloser, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(f)
	if magic, _ := r.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(r)
		if err != nil {
			f.Close()
			return nil, err
		}
		return reader{z, f}, nil
	}
	return reader{r, f}, nil
}

type reader struct {
	io.Reader
	io.Closer
}

func eachEntry(file string, f func(*tar.Header, io.Reader) error) error {
	in, err := open(file)
	if err != nil {
		return fmt.Errorf("opening %s: %w", file, err)
	}
	defer in.Close()
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if err := f(h, r); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
	}
}

// unpack writes the regular files of a layout. Names that lead out of the folder are refused.
func unpack(file, dir string) error {
	return eachEntry(file, func(h *tar.Header, r io.Reader) error {
		if h.Typeflag != tar.TypeReg {
			return nil
		}
		name := filepath.FromSlash(strings.TrimPrefix(path.Clean(h.Name), "/"))
		if !filepath.IsLocal(name) {
			return fmt.Errorf("refusing the entry %q", h.Name)
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		out, err := os.Create(target)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, r)
		return errors.Join(err, out.Close())
	})
}

// Put loads an archive into the store under a name, and returns the reference by content.
func (s Store) Put(ctx context.Context, file, scratch, repository string, c Config, tags ...string) (string, error) {
	img, err := Load(file, scratch, c)
	if err != nil {
		return "", err
	}
	return s.Push(ctx, img, repository, tags...)
}
