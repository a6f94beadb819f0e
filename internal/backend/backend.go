// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"io"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Backend is one kind of store.
type Backend interface {
	// Provider is the value of spec.storage.provider that selects this backend.
	Provider() string
	// IsVolume reports whether the store is a volume that only a pod which mounts it can reach.
	IsVolume() bool
	// Validate returns what is wrong with a spec, in words for the one who wrote it; nil when nothing is.
	Validate(spec storagev1alpha1.Backend) []string
	// Secret returns the Secret that the spec names, empty in credential-less mode, and the keys which that
	// Secret must hold.
	Secret(spec storagev1alpha1.Backend) (name string, required []string)
	// Location identifies the place, cleaned, so that two specs of the same place compare equal.
	Location(spec storagev1alpha1.Backend) string
	// Access says how restic reaches the directory dir, relative to the store's prefix or mount.
	Access(spec storagev1alpha1.Backend, secret map[string][]byte, dir string) (Access, error)
	// Objects opens the store for small documents, relative to its prefix or mount.
	// For a volume backend it works only where the volume is mounted.
	Objects(spec storagev1alpha1.Backend, secret map[string][]byte) (Objects, error)
}

// Access is all that restic needs for one repository. Files are written by the caller to a private
// directory; "${DIR}" in Env and Args stands for it.
type Access struct {
	// URL is restic's --repo.
	URL string
	// Env holds no secret: it names files.
	Env map[string]string
	// Files are secrets by file name.
	Files map[string][]byte
	// Args are global restic arguments such as --insecure-tls, in order.
	Args []string
}

// Objects is the little that is needed to keep documents beside the data. Keys are slash-separated and
// relative. Errors are *engine.Error where their meaning is known.
type Objects interface {
	// Put writes the whole object; a reader never sees half of it.
	Put(ctx context.Context, key string, content []byte) error
	// Get reads an object of at most limit bytes; a larger one is an error. A missing object is an error for
	// which IsNotFound is true.
	Get(ctx context.Context, key string, limit int64) ([]byte, error)
	// List calls each with every key below the folder prefix, in no particular order, and stops with its error.
	// A missing folder is empty; a missing bucket is an error.
	List(ctx context.Context, prefix string, each func(key string) error) error
	// Delete removes an object; a missing one is not an error.
	Delete(ctx context.Context, key string) error
	// DeletePrefix removes every object below the folder prefix; an empty prefix is refused.
	DeletePrefix(ctx context.Context, prefix string) error
	io.Closer
}
