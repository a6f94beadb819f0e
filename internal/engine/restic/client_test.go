// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/tests/kit/tree"
)

func TestExistsTellsAbsentFromEverythingElse(t *testing.T) {
	p := newPlace(t)
	c := p.client(t)
	if there, err := c.Exists(t.Context()); there || err != nil {
		t.Fatalf("absent: got %v, %v", there, err)
	}
	must(t, c.Init(t.Context()))
	if there, err := c.Exists(t.Context()); !there || err != nil {
		t.Fatalf("present: got %v, %v", there, err)
	}
	must(t, os.WriteFile(p.password, []byte("another"), 0o644))
	there, err := c.Exists(t.Context())
	wantClass(t, err, engine.ClassPassword)
	if there {
		t.Error("a wrong password opened the repository")
	}
	if err := c.Init(t.Context()); err == nil {
		t.Error("a repository was created over another")
	}
}

func TestARestoreBringsBackEverything(t *testing.T) {
	p, c := initialised(t)
	source := p.source(t, "data")
	tree.Write(t, source)
	want := tree.Read(t, source)
	above, err := os.Stat(filepath.Dir(source))
	must(t, err)

	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source, Host: "dump", Tags: []string{"session=a"}}, nil)
	must(t, err)
	if len(summary.ID) != 64 || summary.Path != source || summary.Files < 10 || summary.TotalBytes < 1<<20 || summary.AddedBytes == 0 ||
		summary.StartTime.IsZero() || summary.EndTime.Before(summary.StartTime) {
		t.Errorf("summary: %+v", summary)
	}

	must(t, os.RemoveAll(source))
	must(t, os.Mkdir(source, 0o700))
	must(t, os.WriteFile(filepath.Join(source, "plain.txt"), []byte("overwritten since"), 0o644))
	restored, err := c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source}, nil)
	must(t, err)
	if restored.Files < 10 || restored.TotalBytes < 1<<20 {
		t.Errorf("restored: %+v, stored %+v", restored, summary)
	}
	for _, line := range tree.Diff(want, tree.Read(t, source)) {
		t.Error(line)
	}
	after, err := os.Stat(filepath.Dir(source))
	must(t, err)
	if above.Mode() != after.Mode() {
		t.Errorf("the folder above was touched: %v, then %v", above.Mode(), after.Mode())
	}

	list, err := c.Snapshots(t.Context())
	must(t, err)
	if len(list) != 1 || list[0].ID != summary.ID || list[0].Host != "dump" || !slices.Equal(list[0].Paths, []string{source}) ||
		!slices.Equal(list[0].Tags, []string{"session=a"}) {
		t.Errorf("snapshots: %+v", list)
	}
	if checked, err := c.Check(t.Context(), engine.CheckRequest{}); !checked.Whole || err != nil {
		t.Errorf("check: %+v, %v", checked, err)
	}
	stats, err := c.Stats(t.Context())
	must(t, err)
	if stats.RawBytes == 0 || stats.Snapshots != 1 {
		t.Errorf("stats: %+v", stats)
	}
	must(t, c.Forget(t.Context(), []string{summary.ID, strings.Repeat("ab", 32)}))
	if list, err = c.Snapshots(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after forgetting: %v, %v", list, err)
	}
}

func TestARestoreLeavesTheParentAlone(t *testing.T) {
	p, c := initialised(t)
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "f"), []byte("x"), 0o644))
	must(t, os.Chmod(filepath.Dir(source), 0o711))
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	must(t, os.Chmod(filepath.Dir(source), 0o755))
	must(t, os.RemoveAll(source))
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source}, nil)
	must(t, err)
	info, err := os.Stat(filepath.Dir(source))
	must(t, err)
	if info.Mode().Perm() != 0o755 {
		t.Errorf("the parent has mode %v, want what it had before the restore", info.Mode())
	}
}

func TestPatternsAreReadAsWholePaths(t *testing.T) {
	p, client := initialised(t)
	source := p.source(t, "volume")
	for _, name := range []string{"a.txt", "logs/a.log", "data/b.txt"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(source, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(source, name), []byte(name), 0o644))
	}
	summary, err := client.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	for sentence, c := range map[string]struct {
		include, exclude []string
		want             []string
	}{
		"an include of a whole path":      {include: []string{"$/logs"}, want: []string{".", "logs", "logs/a.log"}},
		"an include of a name":            {include: []string{"*.txt"}, want: []string{".", "a.txt", "data", "data/b.txt"}},
		"an exclude of a whole path":      {exclude: []string{"$/data"}, want: []string{".", "a.txt", "logs", "logs/a.log"}},
		"an exclude by a wildcard folder": {exclude: []string{"/**/logs"}, want: []string{".", "a.txt", "data", "data/b.txt"}},
		"an include of another path":      {include: []string{"/elsewhere/*.txt"}, want: []string{"."}},
	} {
		t.Run(sentence, func(t *testing.T) {
			must(t, os.RemoveAll(source))
			must(t, os.Mkdir(source, 0o755))
			expand := func(patterns []string) []string {
				var out []string
				for _, pattern := range patterns {
					out = append(out, strings.ReplaceAll(pattern, "$", source))
				}
				return out
			}
			_, err := client.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source,
				Include: expand(c.include), Exclude: expand(c.exclude)}, nil)
			must(t, err)
			var got []string
			for name := range tree.Read(t, source) {
				got = append(got, name)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRestoringWhatIsNotThere(t *testing.T) {
	p, c := initialised(t)
	source := p.source(t, "data")
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: strings.Repeat("0", 64), Path: source}, nil)
	wantClass(t, err, engine.ClassSnapshotMissing)
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: "/elsewhere/data"}, nil)
	wantClass(t, err, engine.ClassSnapshotMissing, "does not hold that path")
}

func TestAMissingPathIsNamed(t *testing.T) {
	_, c := initialised(t)
	_, err := c.Backup(t.Context(), engine.BackupRequest{Path: "/no/such/path"}, nil)
	wantClass(t, err, engine.ClassPathMissing)
}

func TestAFileThatResticMayNotReadIsNamedAndTheRestIsStored(t *testing.T) {
	p, _ := initialised(t)
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "open"), []byte("x"), 0o644))
	must(t, os.WriteFile(filepath.Join(source, "closed"), []byte("x"), 0o600))
	must(t, os.Mkdir(filepath.Join(source, "closed-folder"), 0o700))
	must(t, filepath.Walk(p.url, func(name string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chown(name, 65532, 65532))
	}))
	// Root reads everything; so restic gives its rights up first, as in a pod of an ordinary user.
	c := p.client(t, func(o *restic.Options) { o.Binary = asNobody(t, p.dir, o.Binary) })
	summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	wantClass(t, err, engine.ClassUnreadable, "2 files or folders", filepath.Join(source, "closed"), "permission denied")
	if summary.ID == "" || summary.Files != 1 {
		t.Errorf("what could be read was not stored: %+v", summary)
	}
}

// asNobody writes a program that becomes user 65532 and then restic.
func asNobody(t *testing.T, dir, binary string) string {
	t.Helper()
	script := filepath.Join(dir, "as-nobody")
	// The cache of tools may be in root's home; the other user needs a copy.
	content, err := os.ReadFile(binary)
	must(t, err)
	open := filepath.Join(dir, "restic")
	must(t, os.WriteFile(open, content, 0o755))
	must(t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nexec setpriv --reuid=65532 --regid=65532 --clear-groups %s \"$@\"\n", open), 0o755))
	return script
}

func TestARestoreByAnOrdinaryUserKeepsQuietAboutOwners(t *testing.T) {
	p, root := initialised(t)
	source := p.source(t, "data")
	must(t, os.WriteFile(filepath.Join(source, "f"), []byte("x"), 0o644))
	must(t, os.Chown(filepath.Join(source, "f"), 5, 5))
	summary, err := root.Backup(t.Context(), engine.BackupRequest{Path: source}, nil)
	must(t, err)
	must(t, filepath.Walk(p.url, func(name string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chown(name, 65532, 65532))
	}))
	must(t, os.RemoveAll(source))
	must(t, os.Mkdir(source, 0o777))
	must(t, os.Chmod(source, 0o777))
	c := p.client(t, func(o *restic.Options) { o.Binary = asNobody(t, p.dir, o.Binary) })
	_, err = c.Restore(t.Context(), engine.RestoreRequest{SnapshotID: summary.ID, Path: source}, nil)
	must(t, err)
	if content, err := os.ReadFile(filepath.Join(source, "f")); err != nil || string(content) != "x" {
		t.Errorf("got %q, %v", content, err)
	}
}
