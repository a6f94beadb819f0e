// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube/store"
)

// Backend is a backend in memory for the provider s3; and, with Volume set, one for local that can't be opened.
type Backend struct {
	Volume bool
	// Failure is what every call of Objects meets; nil for none.
	Failure error

	mu      sync.Mutex
	objects map[string]string
	puts    int
}

var _ backend.Backend = (*Backend)(nil)

// Find is the registry with this backend only.
func (b *Backend) Find(provider string) (backend.Backend, error) {
	if provider != b.Provider() {
		return nil, fmt.Errorf("provider %q is not supported", provider)
	}
	return b, nil
}

// Keys are those of every object, sorted.
func (b *Backend) Keys() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := make([]string, 0, len(b.objects))
	for key := range b.objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Content is that of an object; empty when there is none.
func (b *Backend) Content(key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.objects[key]
}

// Set writes an object without counting it.
func (b *Backend) Set(key, content string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.objects == nil {
		b.objects = map[string]string{}
	}
	b.objects[key] = content
}

// Puts is how many objects were written.
func (b *Backend) Puts() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.puts
}

// Provider implements backend.Backend.
func (b *Backend) Provider() string {
	if b.Volume {
		return storagev1alpha1.ProviderLocal
	}
	return storagev1alpha1.ProviderS3
}

// IsVolume implements backend.Backend.
func (b *Backend) IsVolume() bool { return b.Volume }

// Validate implements backend.Backend.
func (b *Backend) Validate(spec storagev1alpha1.Backend) []string {
	if spec.S3 != nil && spec.S3.Bucket == "" {
		return []string{"bucket is needed"}
	}
	return nil
}

// Secret implements backend.Backend.
func (b *Backend) Secret(spec storagev1alpha1.Backend) (string, []string) {
	if spec.S3 == nil || spec.S3.SecretName == "" {
		return "", nil
	}
	return spec.S3.SecretName, []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
}

// Location implements backend.Backend.
func (b *Backend) Location(spec storagev1alpha1.Backend) string {
	if spec.S3 == nil {
		return ""
	}
	return spec.S3.Endpoint + "/" + spec.S3.Bucket + "/" + strings.Trim(spec.S3.Prefix, "/")
}

// Access implements backend.Backend.
func (b *Backend) Access(storagev1alpha1.Backend, map[string][]byte, string) (backend.Access, error) {
	return backend.Access{}, fmt.Errorf("access is not for operators")
}

// Objects implements backend.Backend.
func (b *Backend) Objects(storagev1alpha1.Backend, map[string][]byte) (backend.Objects, error) {
	if b.Volume {
		return nil, fmt.Errorf("a volume can't be opened")
	}
	return (*objects)(b), nil
}

type objects Backend

func (o *objects) Put(_ context.Context, key string, content []byte) error {
	if o.Failure != nil {
		return o.Failure
	}
	(*Backend)(o).Set(key, string(content))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.puts++
	return nil
}

func (o *objects) Get(_ context.Context, key string, _ int64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Failure != nil {
		return nil, o.Failure
	}
	content, found := o.objects[key]
	if !found {
		return nil, &engine.Error{Class: engine.ClassUnknown, Message: "no object " + key, Cause: backend.ErrNotFound}
	}
	return []byte(content), nil
}

func (o *objects) List(_ context.Context, prefix string, each func(key string) error) error {
	if o.Failure != nil {
		return o.Failure
	}
	for _, key := range (*Backend)(o).Keys() {
		if strings.HasPrefix(key, prefix) {
			if err := each(key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *objects) Delete(_ context.Context, key string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Failure != nil {
		return o.Failure
	}
	delete(o.objects, key)
	return nil
}

func (o *objects) DeletePrefix(_ context.Context, prefix string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.Failure != nil:
		return o.Failure
	case strings.Trim(prefix, "/") == "":
		return fmt.Errorf("deleting everything is refused")
	}
	for key := range o.objects {
		if strings.HasPrefix(key, prefix) {
			delete(o.objects, key)
		}
	}
	return nil
}

func (o *objects) Close() error { return nil }

// Client is a client in memory with our indexes and status subresources.
func Client(t *testing.T, all ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, batchv1.AddToScheme, storagev1alpha1.AddToScheme, corev1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(all...).
		WithStatusSubresource(&storagev1alpha1.BackupStorage{}, &storagev1alpha1.Repository{}, &storagev1alpha1.Snapshot{}, &batchv1.Job{})
	store.Indexes(func(obj client.Object, field string, of client.IndexerFunc) { b = b.WithIndex(obj, field, of) })
	return b.Build()
}

// Recorder keeps events as "Type Reason: message".
type Recorder struct{ Events []string }

// Normal implements kube.Recorder.
func (r *Recorder) Normal(_ runtime.Object, reason, message string) {
	r.Events = append(r.Events, "Normal "+reason+": "+message)
}

// Warning implements kube.Recorder.
func (r *Recorder) Warning(_ runtime.Object, reason, message string) {
	r.Events = append(r.Events, "Warning "+reason+": "+message)
}

// Take returns the events and forgets them.
func (r *Recorder) Take() []string {
	taken := r.Events
	r.Events = nil
	return taken
}
