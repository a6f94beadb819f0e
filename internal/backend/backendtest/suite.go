// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"kubestash.com/kubestash/internal/backend"
)

// Objects runs the contract of backend.Objects. open opens an empty store, and again the same one.
func Objects(t *testing.T, open func(t *testing.T) backend.Objects) {
	for _, test := range []struct {
		sentence string
		run      func(*testing.T, backend.Objects)
	}{
		{"what was put is got, also through another client", func(t *testing.T, o backend.Objects) { getsWhatWasPut(t, o, open) }},
		{"an object is replaced whole", replacesWhole},
		{"an object of just the limit is got, a larger one is an error and not a missing one", keepsTheLimit},
		{"a missing object, a missing folder, and a folder are not found", tellsTheMissing},
		{"a listing has every key below a folder, and none beside it", listsAFolder},
		{"a listing stops with the caller's error", stopsAListing},
		{"one level of a folder is its files and folders, by name", browsesOneLevel},
		{"a measuring has the size of every object below a folder", measuresAFolder},
		{"deleting can be repeated", deletesTwice},
		{"deleting a folder spares its neighbours", deletesAFolder},
		{"nothing climbs out, and everything is not a folder to delete", keepsInside},
		{"a reader never sees half an object", wholeObjects},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			o := open(t)
			empty(t, o)
			test.run(t, o)
		})
	}
}

func getsWhatWasPut(t *testing.T, o backend.Objects, open func(t *testing.T) backend.Objects) {
	t.Helper()
	put(t, o, "metadata.yaml", "one")
	put(t, o, "a/b/c/deep.yaml", "two")
	put(t, o, "/a//slashes.yaml", "three")
	wantContent(t, open(t), "metadata.yaml", "one")
	wantContent(t, open(t), "a/b/c/deep.yaml", "two")
	wantContent(t, open(t), "a/slashes.yaml", "three")
}

func replacesWhole(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "f", "a long content")
	put(t, o, "f", "short")
	wantContent(t, o, "f", "short")
	put(t, o, "f", "")
	wantContent(t, o, "f", "")
}

func keepsTheLimit(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "f", "12345")
	if got, err := o.Get(t.Context(), "f", 5); err != nil || string(got) != "12345" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := o.Get(t.Context(), "f", 4); err == nil || backend.IsNotFound(err) || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func browsesOneLevel(t *testing.T, o backend.Objects) {
	t.Helper()
	for _, key := range []string{"f", "a/f", "a/g.yaml", "a/b/f", "a/b/c/f", "ab/f"} {
		put(t, o, "level/"+key, "x")
	}
	for folder, want := range map[string][]backend.Entry{
		"level":        {{Name: "a", IsFolder: true}, {Name: "ab", IsFolder: true}, {Name: "f"}},
		"level/a":      {{Name: "b", IsFolder: true}, {Name: "f"}, {Name: "g.yaml"}},
		"level/a/b/c/": {{Name: "f"}},
		"level/none":   nil,
		"level/f":      nil,
	} {
		got, err := backend.Browse(t.Context(), o, folder)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v; want %v", folder, got, err, want)
		}
	}
	root, err := backend.Browse(t.Context(), o, "")
	if err != nil || !slices.Contains(root, backend.Entry{Name: "level", IsFolder: true}) {
		t.Errorf("the root: got %v, %v", root, err)
	}
	if _, err := backend.Browse(t.Context(), o, "../elsewhere"); err == nil {
		t.Error("a folder outside of the store was browsed")
	}
}

func tellsTheMissing(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "folder/f", "x")
	for _, key := range []string{"nothing", "no/such/folder/f", "folder"} {
		if _, err := o.Get(t.Context(), key, 10); !backend.IsNotFound(err) {
			t.Errorf("%s: got %v, want that it is not found", key, err)
		}
	}
}

func listsAFolder(t *testing.T, o backend.Objects) {
	t.Helper()
	for _, key := range []string{"a/1", "a/b/2", "ab/3", "4"} {
		put(t, o, key, key)
	}
	wantKeys(t, o, "a", "a/1", "a/b/2")
	wantKeys(t, o, "a/", "a/1", "a/b/2")
	wantKeys(t, o, "", "4", "a/1", "a/b/2", "ab/3")
	wantKeys(t, o, "nothing/here")
}

func measuresAFolder(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "a/1", "12345")
	put(t, o, "a/b/2", "")
	put(t, o, "ab/3", "x")
	sizes := map[string]int64{}
	err := backend.Measure(t.Context(), o, "a", func(key string, bytes int64) error { sizes[key] = bytes; return nil })
	if want := map[string]int64{"a/1": 5, "a/b/2": 0}; err != nil || !maps.Equal(sizes, want) {
		t.Errorf("got %v, %v; want %v", sizes, err, want)
	}
	enough := errors.New("enough")
	if err := backend.Measure(t.Context(), o, "a", func(string, int64) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v, not the caller's error", err)
	}
	if err := backend.Measure(t.Context(), o, "nothing/here", func(key string, _ int64) error { return fmt.Errorf("%s is there", key) }); err != nil {
		t.Error(err)
	}
}

func stopsAListing(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "a/1", "")
	put(t, o, "a/2", "")
	enough, calls := errors.New("enough"), 0
	err := o.List(t.Context(), "a", func(string) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func deletesTwice(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "a/1", "")
	put(t, o, "a/2", "")
	for range 2 {
		if err := o.Delete(t.Context(), "a/1"); err != nil {
			t.Error(err)
		}
	}
	wantKeys(t, o, "", "a/2")
}

func deletesAFolder(t *testing.T, o backend.Objects) {
	t.Helper()
	for _, key := range []string{"a/1", "a/b/2", "ab/3", "c"} {
		put(t, o, key, "")
	}
	for range 2 {
		if err := o.DeletePrefix(t.Context(), "a/"); err != nil {
			t.Error(err)
		}
	}
	wantKeys(t, o, "", "ab/3", "c")
}

func keepsInside(t *testing.T, o backend.Objects) {
	t.Helper()
	put(t, o, "kept", "")
	for _, key := range []string{"", "/", ".", "..", "../x", "a/../../x", "a/..", "x\x00y"} {
		if err := o.Put(t.Context(), key, nil); err == nil {
			t.Errorf("Put(%q) was accepted", key)
		}
		if _, err := o.Get(t.Context(), key, 1); err == nil || backend.IsNotFound(err) {
			t.Errorf("Get(%q): %v", key, err)
		}
		if err := o.Delete(t.Context(), key); err == nil {
			t.Errorf("Delete(%q) was accepted", key)
		}
		if err := o.DeletePrefix(t.Context(), key); err == nil {
			t.Errorf("DeletePrefix(%q) was accepted", key)
		}
	}
	wantKeys(t, o, "", "kept")
}

// wholeObjects writes and reads one object at the same time.
func wholeObjects(t *testing.T, o backend.Objects) {
	const size, rounds = 1 << 18, 20
	content := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%2)}, size+i%2) }
	put(t, o, "f", string(content(0)))
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := range rounds {
			if err := o.Put(t.Context(), "f", content(i)); err != nil {
				t.Error(err)
			}
		}
	})
	for range rounds {
		got, err := o.Get(t.Context(), "f", size+1)
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

func put(t *testing.T, o backend.Objects, key, content string) {
	t.Helper()
	if err := o.Put(t.Context(), key, []byte(content)); err != nil {
		t.Fatalf("putting %s: %v", key, err)
	}
}

func wantContent(t *testing.T, o backend.Objects, key, want string) {
	t.Helper()
	got, err := o.Get(t.Context(), key, 1<<20)
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v; want %q", key, got, err, want)
	}
}

func wantKeys(t *testing.T, o backend.Objects, prefix string, want ...string) {
	t.Helper()
	var got []string
	if err := o.List(t.Context(), prefix, func(key string) error { got = append(got, key); return nil }); err != nil {
		t.Fatalf("listing %q: %v", prefix, err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("below %q: got %q, want %q", prefix, got, want)
	}
}

func empty(t *testing.T, o backend.Objects) {
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
