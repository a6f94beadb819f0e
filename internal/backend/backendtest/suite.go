// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"kubestash.com/kubestash/internal/backend"
)

// Objects runs the contract of backend.Objects. open opens an empty store, and again the same one.
func Objects(t *testing.T, open func(t *testing.T) backend.Objects) {
	for _, test := range []struct {
		sentence string
		run      func(*testing.T, context.Context, backend.Objects)
	}{
		{"what was put is got, also through another client", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "metadata.yaml", "one")
			put(t, ctx, o, "a/b/c/deep.yaml", "two")
			put(t, ctx, o, "/a//slashes.yaml", "three")
			wantContent(t, ctx, open(t), "metadata.yaml", "one")
			wantContent(t, ctx, open(t), "a/b/c/deep.yaml", "two")
			wantContent(t, ctx, open(t), "a/slashes.yaml", "three")
		}},
		{"an object is replaced whole", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "f", "a long content")
			put(t, ctx, o, "f", "short")
			wantContent(t, ctx, o, "f", "short")
			put(t, ctx, o, "f", "")
			wantContent(t, ctx, o, "f", "")
		}},
		{"an object of just the limit is got, a larger one is an error and not a missing one", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "f", "12345")
			if got, err := o.Get(ctx, "f", 5); err != nil || string(got) != "12345" {
				t.Errorf("got %q, %v", got, err)
			}
			if got, err := o.Get(ctx, "f", 4); err == nil || backend.IsNotFound(err) || got != nil {
				t.Errorf("got %q, %v", got, err)
			}
		}},
		{"a missing object, a missing folder, and a folder are not found", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "folder/f", "x")
			for _, key := range []string{"nothing", "no/such/folder/f", "folder"} {
				if _, err := o.Get(ctx, key, 10); !backend.IsNotFound(err) {
					t.Errorf("%s: got %v, want that it is not found", key, err)
				}
			}
		}},
		{"a listing has every key below a folder, and none beside it", func(t *testing.T, ctx context.Context, o backend.Objects) {
			for _, key := range []string{"a/1", "a/b/2", "ab/3", "4"} {
				put(t, ctx, o, key, key)
			}
			wantKeys(t, ctx, o, "a", "a/1", "a/b/2")
			wantKeys(t, ctx, o, "a/", "a/1", "a/b/2")
			wantKeys(t, ctx, o, "", "4", "a/1", "a/b/2", "ab/3")
			wantKeys(t, ctx, o, "nothing/here")
		}},
		{"a listing stops with the caller's error", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "a/1", "")
			put(t, ctx, o, "a/2", "")
			enough, calls := errors.New("enough"), 0
			err := o.List(ctx, "a", func(string) error { calls++; return enough })
			if !errors.Is(err, enough) || calls != 1 {
				t.Errorf("got %v after %d calls", err, calls)
			}
		}},
		{"deleting can be repeated", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "a/1", "")
			put(t, ctx, o, "a/2", "")
			for range 2 {
				if err := o.Delete(ctx, "a/1"); err != nil {
					t.Error(err)
				}
			}
			wantKeys(t, ctx, o, "", "a/2")
		}},
		{"deleting a folder spares its neighbours", func(t *testing.T, ctx context.Context, o backend.Objects) {
			for _, key := range []string{"a/1", "a/b/2", "ab/3", "c"} {
				put(t, ctx, o, key, "")
			}
			for range 2 {
				if err := o.DeletePrefix(ctx, "a/"); err != nil {
					t.Error(err)
				}
			}
			wantKeys(t, ctx, o, "", "ab/3", "c")
		}},
		{"nothing climbs out, and everything is not a folder to delete", func(t *testing.T, ctx context.Context, o backend.Objects) {
			put(t, ctx, o, "kept", "")
			for _, key := range []string{"", "/", ".", "..", "../x", "a/../../x", "a/..", "x\x00y"} {
				if err := o.Put(ctx, key, nil); err == nil {
					t.Errorf("Put(%q) was accepted", key)
				}
				if _, err := o.Get(ctx, key, 1); err == nil || backend.IsNotFound(err) {
					t.Errorf("Get(%q): %v", key, err)
				}
				if err := o.Delete(ctx, key); err == nil {
					t.Errorf("Delete(%q) was accepted", key)
				}
				if err := o.DeletePrefix(ctx, key); err == nil {
					t.Errorf("DeletePrefix(%q) was accepted", key)
				}
			}
			wantKeys(t, ctx, o, "", "kept")
		}},
		{"a reader never sees half an object", wholeObjects},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			o := open(t)
			clear(t, o)
			test.run(t, t.Context(), o)
		})
	}
}

// wholeObjects writes and reads one object at the same time.
func wholeObjects(t *testing.T, ctx context.Context, o backend.Objects) {
	const size, rounds = 1 << 18, 20
	content := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%2)}, size+i%2) }
	put(t, ctx, o, "f", string(content(0)))
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := range rounds {
			if err := o.Put(ctx, "f", content(i)); err != nil {
				t.Error(err)
			}
		}
	})
	for range rounds {
		got, err := o.Get(ctx, "f", size+1)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, content(0)) && !bytes.Equal(got, content(1)) {
			t.Errorf("read %d bytes that nobody wrote", len(got))
		}
	}
	writers.Wait()
}

func put(t *testing.T, ctx context.Context, o backend.Objects, key, content string) {
	t.Helper()
	if err := o.Put(ctx, key, []byte(content)); err != nil {
		t.Fatalf("putting %s: %v", key, err)
	}
}

func wantContent(t *testing.T, ctx context.Context, o backend.Objects, key, want string) {
	t.Helper()
	got, err := o.Get(ctx, key, 1<<20)
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v; want %q", key, got, err, want)
	}
}

func wantKeys(t *testing.T, ctx context.Context, o backend.Objects, prefix string, want ...string) {
	t.Helper()
	var got []string
	if err := o.List(ctx, prefix, func(key string) error { got = append(got, key); return nil }); err != nil {
		t.Fatalf("listing %q: %v", prefix, err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("below %q: got %q, want %q", prefix, got, want)
	}
}

func clear(t *testing.T, o backend.Objects) {
	t.Helper()
	var keys []string
	err := o.List(t.Context(), "", func(key string) error { keys = append(keys, key); return nil })
	for _, key := range keys {
		err = errors.Join(err, o.Delete(t.Context(), key))
	}
	if err != nil {
		t.Fatal(fmt.Errorf("emptying the store: %w", err))
	}
}
