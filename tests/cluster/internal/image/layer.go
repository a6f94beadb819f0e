// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// File is one entry of an image.
type File struct {
	// Path is absolute in the image.
	Path string
	// Mode is the permission with setuid, setgid and sticky bits as in Unix; zero means 0755 for folders and what comes from Source, else 0644.
	Mode int64
	// Source is a file of the host to copy. Empty means Text.
	Source string
	// Text is the content, where Source, Link and Dir say nothing else.
	Text string
	// Link is the target of a symbolic link.
	Link string
	// Dir says that it's a folder.
	Dir      bool
	UID, GID int
}

// epoch is every file's time: a layer's digest must depend on its content alone.
var epoch = time.Unix(0, 0).UTC()

// Layer packs files. Equal files give an equal digest, in whatever order they come.
func Layer(files []File) (v1.Layer, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	open := func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(pack(w, files)) }()
		return r, nil
	}
	return tarball.LayerFromOpener(open, options()...)
}

// options of every layer. The media type must be OCI's, as the manifest's is: buildah refuses a mixture.
func options() []tarball.LayerOption {
	return []tarball.LayerOption{tarball.WithCompressionLevel(gzip.BestSpeed), tarball.WithMediaType(types.OCILayer)}
}

func pack(w io.Writer, files []File) error {
	tw := tar.NewWriter(w)
	for _, f := range files {
		if err := packOne(tw, f); err != nil {
			return fmt.Errorf("packing %s: %w", f.Path, err)
		}
	}
	return tw.Close()
}

func packOne(tw *tar.Writer, f File) error {
	h := &tar.Header{
		Name: strings.TrimPrefix(path.Clean(f.Path), "/"), Mode: f.Mode, ModTime: epoch, Uid: f.UID, Gid: f.GID,
		Typeflag: tar.TypeReg, Size: int64(len(f.Text)), Format: tar.FormatPAX,
	}
	if h.Mode == 0 {
		h.Mode = 0o644
		if f.Dir || f.Source != "" {
			h.Mode = 0o755
		}
	}
	var body io.Reader = strings.NewReader(f.Text)
	switch {
	case f.Dir:
		h.Typeflag, h.Size, h.Name = tar.TypeDir, 0, h.Name+"/"
	case f.Link != "":
		h.Typeflag, h.Size, h.Linkname, h.Mode = tar.TypeSymlink, 0, f.Link, 0o777
	case f.Source != "":
		src, err := os.Open(f.Source)
		if err != nil {
			return err
		}
		defer src.Close()
		info, err := src.Stat()
		if err != nil {
			return err
		}
		h.Size, body = info.Size(), src
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	_, err := io.CopyN(tw, body, h.Size)
	return err
}

// Tree lists a folder of the host as files below prefix in an image, owned by root. Only folders, regular files and symbolic links are taken.
func Tree(dir, prefix string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := File{Path: path.Join(prefix, filepath.ToSlash(rel)), Mode: unixMode(info.Mode())}
		switch {
		case d.IsDir():
			f.Dir = true
		case info.Mode()&fs.ModeSymlink != 0:
			if f.Link, err = os.Readlink(p); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			f.Source = p
		default:
			return nil
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	return files, nil
}

func unixMode(m fs.FileMode) int64 {
	mode := int64(m.Perm())
	for bit, value := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			mode |= value
		}
	}
	return mode
}
