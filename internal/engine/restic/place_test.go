// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/tests/kit/tool"
)

// place is a repository on the local disk, worked on by the real restic.
type place struct {
	dir, url, password string
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	// Other users are let in, for the tests that run restic as one.
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		must(t, os.Chmod(at, 0o755))
	}
	p := place{dir: dir, url: filepath.Join(dir, "repo"), password: filepath.Join(dir, "password")}
	must(t, os.WriteFile(p.password, []byte("correct horse\n"), 0o644))
	return p
}

func (p place) client(t *testing.T, change ...func(*restic.Options)) *restic.Client {
	t.Helper()
	o := restic.Options{Binary: tool.Path(t, "restic"), URL: p.url, PasswordFile: p.password, RetryLock: time.Second,
		Environ: []string{"PATH=/usr/bin:/bin"}}
	for _, c := range change {
		c(&o)
	}
	c, err := restic.New(o)
	must(t, err)
	return c
}

func (p place) source(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(p.dir, "source", name)
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

func initialised(t *testing.T) (place, *restic.Client) {
	t.Helper()
	p := newPlace(t)
	c := p.client(t)
	must(t, c.Init(t.Context()))
	return p, c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantClass(t *testing.T, err error, class engine.Class, words ...string) {
	t.Helper()
	if err == nil || engine.ClassOf(err) != class {
		t.Fatalf("got %v, want class %s", err, class)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}
