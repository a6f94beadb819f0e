// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// files are the names of what an application has, with their sizes in bytes.
var files = map[string]int{"one": 3, "a/b/two": 4096, "a/empty": 0, "näme with $pecial \"quotes\"": 17, "random": 3 << 20}

// content is the same for a name at each call.
func content(name string, size int) []byte {
	var seed [32]byte
	copy(seed[:], name)
	out := make([]byte, size)
	_, _ = rand.NewChaCha8(seed).Read(out) // it never fails
	return out
}

// plant writes the files that aren't there and stays until it is ended.
func plant(ctx context.Context, folder string) error {
	for name, size := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content(name, size), 0o644); err != nil {
			return err
		}
	}
	return stay(ctx, folder)
}

// stay does nothing until it is ended.
func stay(ctx context.Context, _ string) error {
	<-ctx.Done()
	return nil
}

// check fails unless the files are there, with every byte.
func check(_ context.Context, folder string) error {
	for name, size := range files {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, content(name, size)) {
			return fmt.Errorf("checking %s: %q isn't what it was: %d bytes of %d", folder, name, len(got), size)
		}
	}
	return nil
}
