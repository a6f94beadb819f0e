// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/domain/redact"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
)

// Find returns the backend of a provider, and an error for one that isn't there.
type Find func(provider string) (backend.Backend, error)

// SecretError says that a storage's Secret is not there, or lacks keys.
type SecretError struct {
	// Name is "namespace/name".
	Name  string
	Found bool
	// Missing are required keys without a value.
	Missing []string
}

func (e *SecretError) Error() string {
	if !e.Found {
		return fmt.Sprintf("secret %s does not exist", e.Name)
	}
	return fmt.Sprintf("secret %s has no value for %s", e.Name, strings.Join(e.Missing, ", "))
}

// SecretName is "namespace/name" of a storage's Secret; empty in credential-less mode.
func SecretName(find Find, storage *storagev1alpha1.BackupStorage) (string, error) {
	b, err := find(storage.Spec.Storage.Provider)
	if err != nil {
		return "", err
	}
	name, _ := b.Secret(storage.Spec.Storage)
	if name == "" {
		return "", nil
	}
	return storage.Namespace + "/" + name, nil
}

// Credentials reads the Secret of a storage. It is nil in credential-less mode. A Secret that can't be used gives
// a *SecretError.
func Credentials(ctx context.Context, live client.Reader, find Find, storage *storagev1alpha1.BackupStorage) (map[string][]byte, error) {
	b, err := find(storage.Spec.Storage.Provider)
	if err != nil {
		return nil, err
	}
	name, required := b.Secret(storage.Spec.Storage)
	if name == "" {
		return nil, nil
	}
	problem := &SecretError{Name: storage.Namespace + "/" + name}
	data, found, err := kube.SecretData(ctx, live, storage.Namespace, name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, problem
	}
	problem.Found = true
	for _, key := range required {
		if len(data[key]) == 0 {
			problem.Missing = append(problem.Missing, key)
		}
	}
	if len(problem.Missing) > 0 {
		return nil, problem
	}
	return data, nil
}

// Open opens a storage on the network for its documents. Errors of what it returns are *engine.Error and hold no
// value of the Secret. Close it.
func Open(ctx context.Context, live client.Reader, find Find, storage *storagev1alpha1.BackupStorage) (backend.Objects, error) {
	credentials, err := Credentials(ctx, live, find, storage)
	if err != nil {
		return nil, err
	}
	hide := Redactor(credentials)
	b, err := find(storage.Spec.Storage.Provider)
	if err != nil {
		return nil, err
	}
	objects, err := b.Objects(storage.Spec.Storage, credentials)
	if err != nil {
		return nil, clean(hide, err)
	}
	return &guarded{Objects: objects, hide: hide}, nil
}

// Redactor hides the values of a storage's Secret in a text that a user will read.
func Redactor(credentials map[string][]byte) func(string) string {
	values := make([]string, 0, len(credentials))
	for _, key := range slices.Sorted(maps.Keys(credentials)) {
		values = append(values, string(credentials[key]))
	}
	return redact.New(values...).Line
}

// guarded keeps the Secret's values out of errors.
type guarded struct {
	backend.Objects
	hide func(string) string
}

func (g *guarded) Put(ctx context.Context, key string, content []byte) error {
	return clean(g.hide, g.Objects.Put(ctx, key, content))
}

func (g *guarded) Get(ctx context.Context, key string, limit int64) ([]byte, error) {
	content, err := g.Objects.Get(ctx, key, limit)
	return content, clean(g.hide, err)
}

func (g *guarded) List(ctx context.Context, prefix string, each func(key string) error) error {
	// What the caller ends the listing with is the caller's.
	var own error
	err := g.Objects.List(ctx, prefix, func(key string) error {
		own = each(key)
		return own
	})
	if own != nil {
		return own
	}
	return clean(g.hide, err)
}

func (g *guarded) Delete(ctx context.Context, key string) error {
	return clean(g.hide, g.Objects.Delete(ctx, key))
}

func (g *guarded) DeletePrefix(ctx context.Context, prefix string) error {
	return clean(g.hide, g.Objects.DeletePrefix(ctx, prefix))
}

// Browse implements backend.Browser, for whatever store is behind it.
func (g *guarded) Browse(ctx context.Context, folder string, each func(backend.Entry) error) error {
	entries, err := backend.Browse(ctx, g.Objects, folder)
	if err != nil {
		return clean(g.hide, err)
	}
	for _, entry := range entries {
		if err := each(entry); err != nil {
			return err
		}
	}
	return nil
}

// clean keeps the class and what the error is, and drops the chain: its texts have not been redacted.
func clean(hide func(string) string, err error) error {
	if err == nil {
		return nil
	}
	out := &engine.Error{Class: engine.ClassUnknown, Message: hide(err.Error())}
	var known *engine.Error
	if errors.As(err, &known) {
		out.Class, out.Message = known.Class, hide(known.Message)
	}
	switch {
	case backend.IsNotFound(err):
		out.Cause = backend.ErrNotFound
	case errors.Is(err, context.DeadlineExceeded):
		out.Cause = context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		out.Cause = context.Canceled
	}
	return out
}

// Erase removes everything of a Repository: its folders, then its document, so that an erasure that was
// interrupted is found again by the document.
func Erase(ctx context.Context, objects backend.Objects, prefixes []string, keys ...string) error {
	for _, prefix := range prefixes {
		if err := objects.DeletePrefix(ctx, prefix); err != nil {
			return fmt.Errorf("erasing %s: %w", prefix, err)
		}
	}
	for _, key := range keys {
		if err := objects.Delete(ctx, key); err != nil {
			return fmt.Errorf("erasing %s: %w", key, err)
		}
	}
	return nil
}
