//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// data is what is backed up.
type data struct {
	name  string
	files int
	bytes int64
}

// plant writes files that neither compress nor repeat, a thousand to a folder.
func (d data) plant(t *testing.T, folder string) {
	t.Helper()
	var seed [32]byte
	copy(seed[:], d.name)
	random := rand.NewChaCha8(seed)
	for i := range d.files {
		dir := filepath.Join(folder, fmt.Sprintf("%03d", i/1000))
		if i%1000 == 0 {
			must(t, os.MkdirAll(dir, 0o755))
		}
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("file-%06d", i)))
		must(t, err)
		_, err = io.CopyN(file, random, d.bytes)
		must(t, err)
		must(t, file.Close())
	}
}

// wantWhole fails unless a folder holds as many files and bytes as were planted.
func (d data) wantWhole(t *testing.T, folder string) {
	t.Helper()
	files, size := 0, int64(0)
	must(t, filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		files, size = files+1, size+info.Size()
		return nil
	}))
	if files != d.files || size != int64(d.files)*d.bytes {
		t.Errorf("%s: %d files and %d bytes are there, not %d and %d", folder, files, size, d.files, int64(d.files)*d.bytes)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
