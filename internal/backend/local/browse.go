// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"kubestash.com/kubestash/internal/backend"
)

var _ backend.Browser = (*objects)(nil)

// Browse implements backend.Browser. Symbolic links are neither files nor folders here: they may lead in a circle.
func (o *objects) Browse(ctx context.Context, folder string, each func(backend.Entry) error) error {
	within, err := backend.CleanPrefix(folder)
	if err != nil {
		return err
	}
	if within == "" {
		within = "."
	}
	entries, err := fs.ReadDir(o.root.FS(), within)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil
	case err != nil:
		return meaning("listing "+within, err)
	}
	for _, entry := range entries {
		if !entry.IsDir() && !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), partial) {
			continue
		}
		if err := each(backend.Entry{Name: entry.Name(), IsFolder: entry.IsDir()}); err != nil {
			return err
		}
	}
	return ctx.Err()
}
