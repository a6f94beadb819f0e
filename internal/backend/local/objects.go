// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
)

// Pods of several users write to one volume: the initializer, a backup with its target's user, a restore as
// root. So folders are open to all who can mount the volume, and files can be read by them.
const (
	folderMode fs.FileMode = 0o777
	fileMode   fs.FileMode = 0o644
	// partial marks a file that is being written; one that a crash left behind is no object.
	partial = ".kubestash-partial-"
)

// Objects implements backend.Backend.
func (b Backend) Objects(spec storagev1alpha1.Backend, _ map[string][]byte) (backend.Objects, error) {
	if wrong := b.Validate(spec); len(wrong) > 0 {
		return nil, invalid("%s", strings.Join(wrong, "; "))
	}
	root, err := os.OpenRoot(spec.Local.MountPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &engine.Error{Class: engine.ClassUnreachable, Cause: err,
			Message: fmt.Sprintf("opening the volume: nothing is mounted at %s", spec.Local.MountPath)}
	}
	if err != nil {
		return nil, meaning("opening the volume", err)
	}
	return &objects{root: root}, nil
}

// objects implements backend.Objects.
type objects struct {
	root *os.Root
}

func (o *objects) Put(_ context.Context, key string, content []byte) error {
	doing := "writing " + key
	name, err := backend.CleanKey(key)
	if err != nil {
		return err
	}
	if err := o.makeFolders(path.Dir(name)); err != nil {
		return meaning(doing, err)
	}
	// The name is the same for every writer of one object; O_EXCL would make a crash's remains a failure.
	next := path.Join(path.Dir(name), partial+path.Base(name))
	if err := o.write(next, content); err != nil {
		_ = o.root.Remove(next)
		return meaning(doing, err)
	}
	if err := o.root.Rename(next, name); err != nil {
		_ = o.root.Remove(next)
		return meaning(doing, err)
	}
	return nil
}

// makeFolders sets the mode of what it makes itself, as the process' umask would narrow it.
func (o *objects) makeFolders(dir string) error {
	if dir == "." {
		return nil
	}
	err := o.root.Mkdir(dir, folderMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := o.makeFolders(path.Dir(dir)); err != nil {
			return err
		}
		err = o.root.Mkdir(dir, folderMode)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return o.root.Chmod(dir, folderMode)
}

func (o *objects) write(name string, content []byte) error {
	// Another user's remains can't be written to, but the folder lets us remove them.
	_ = o.root.Remove(name)
	file, err := o.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Chmod(fileMode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func (o *objects) Get(_ context.Context, key string, limit int64) ([]byte, error) {
	doing := "reading " + key
	name, err := backend.CleanKey(key)
	if err != nil {
		return nil, err
	}
	file, err := o.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("%s: %w: %w", doing, backend.ErrNotFound, err)
	}
	if err != nil {
		return nil, meaning(doing, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: %w: it is a folder", doing, backend.ErrNotFound)
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, meaning(doing, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s: it is larger than %d bytes", doing, limit)
	}
	return content, nil
}

func (o *objects) List(ctx context.Context, prefix string, each func(string) error) error {
	return o.walk(ctx, prefix, func(name string, _ fs.DirEntry) error { return each(name) })
}

var _ backend.Measurer = (*objects)(nil)

// Measure implements backend.Measurer.
func (o *objects) Measure(ctx context.Context, prefix string, each func(key string, bytes int64) error) error {
	return o.walk(ctx, prefix, func(name string, entry fs.DirEntry) error {
		info, err := entry.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			// Somebody else deletes at the same time.
			return nil
		case err != nil:
			return meaning("measuring "+name, err)
		}
		return each(name, info.Size())
	})
}

func (o *objects) walk(ctx context.Context, prefix string, each func(string, fs.DirEntry) error) error {
	within, err := backend.CleanPrefix(prefix)
	if err != nil {
		return err
	}
	if within == "" {
		within = "."
	}
	return fs.WalkDir(o.root.FS(), within, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			// Nothing is there, or no longer: somebody else deletes at the same time.
			return nil
		case err != nil:
			return meaning("listing "+name, err)
		case entry.IsDir() || strings.HasPrefix(entry.Name(), partial):
			return nil
		}
		return each(name, entry)
	})
}

func (o *objects) Delete(_ context.Context, key string) error {
	name, err := backend.CleanKey(key)
	if err != nil {
		return err
	}
	if err := o.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return meaning("deleting "+key, err)
	}
	return nil
}

func (o *objects) DeletePrefix(_ context.Context, prefix string) error {
	name, err := backend.CleanKey(prefix)
	if err != nil {
		return err
	}
	if err := o.root.RemoveAll(name); err != nil {
		return meaning("deleting "+prefix, err)
	}
	return nil
}

func (o *objects) Close() error { return o.root.Close() }

// meaning gives the file system's errors their class.
func meaning(doing string, err error) error {
	class := engine.ClassUnknown
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		class = engine.ClassDenied
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		class = engine.ClassStorageFull
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN):
		class = engine.ClassUnreachable
	}
	return &engine.Error{Class: class, Cause: err, Message: fmt.Sprintf("%s: %v", doing, err)}
}
