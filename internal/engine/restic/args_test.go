// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kubestash.com/kubestash/internal/engine"
)

func TestGlobalArgs(t *testing.T) {
	base := Options{URL: "s3:http://h/b/p", PasswordFile: "/t/pw", RetryLock: 2 * time.Minute}
	cached := base
	cached.CacheDir = "/scratch/cache"
	cached.GlobalArgs = []string{"--insecure-tls", "-o", "s3.connections=9"}
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"without a cache, restic keeps none": {base, "--repo s3:http://h/b/p --password-file /t/pw --json --retry-lock 2m0s --no-cache"},
		"the store's arguments come last": {cached, "--repo s3:http://h/b/p --password-file /t/pw --json --retry-lock 2m0s " +
			"--cache-dir /scratch/cache --cleanup-cache --insecure-tls -o s3.connections=9"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(globalArgs(c.o), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBackupArgs(t *testing.T) {
	for name, c := range map[string]struct {
		req  engine.BackupRequest
		want []string
	}{
		"a path alone": {
			engine.BackupRequest{Path: "/data"},
			[]string{"backup", "--", "/data"},
		},
		"a path that looks like a flag is none, and a pattern with spaces stays one argument": {
			engine.BackupRequest{Path: "/data", Host: "dump", Tags: []string{"session=a"}, Exclude: []string{"lost+found", "a b"},
				Args: []string{"--ignore-inode"}, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("x", 3600))},
			[]string{"backup", "--host", "dump", "--tag", "session=a", "--time", "2026-01-02 02:04:05", "--exclude", "lost+found",
				"--exclude", "a b", "--ignore-inode", "--", "/data"},
		},
		"a stream": {
			engine.BackupRequest{Stdin: strings.NewReader(""), StdinName: "dumpfile.sql", Host: "dump"},
			[]string{"backup", "--host", "dump", "--stdin", "--stdin-filename", "dumpfile.sql"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := backupArgs(c.req); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestRestoreArgs(t *testing.T) {
	for name, c := range map[string]struct {
		req     engine.RestoreRequest
		want    string
		top     string
		nothing bool
	}{
		"the parent is the target, so that the path's own metadata comes back": {
			req: engine.RestoreRequest{Path: "/source/data"}, want: "restore ID:/source --target /source", top: "/data",
		},
		"a path right below the root": {
			req: engine.RestoreRequest{Path: "/data/"}, want: "restore ID --target /", top: "/data",
		},
		"the root itself": {
			req: engine.RestoreRequest{Path: "/"}, want: "restore ID --target /",
		},
		"another target gets the content only": {
			req: engine.RestoreRequest{Path: "/source/data", Target: "/elsewhere"}, want: "restore ID:/source/data --target /elsewhere",
		},
		"the path as its own target is no other target": {
			req: engine.RestoreRequest{Path: "/source/data", Target: "/source/data/"}, want: "restore ID:/source --target /source", top: "/data",
		},
		"whole paths in patterns are rewritten, names are not": {
			req:  engine.RestoreRequest{Path: "/source/data", Include: []string{"/source/data/logs", "*.txt"}, Args: []string{"--verify"}},
			want: "restore ID:/source --target /source --include /data/logs --include *.txt --verify", top: "/data",
		},
		"an include that holds the path selects all of it": {
			req: engine.RestoreRequest{Path: "/a/b/c", Include: []string{"/a"}}, want: "restore ID:/a/b --target /a/b", top: "/c",
		},
		"an include for another path only leaves nothing, not everything": {
			req: engine.RestoreRequest{Path: "/a/b", Include: []string{"/x/y"}}, nothing: true,
		},
		"an exclude that holds the path leaves nothing": {
			req: engine.RestoreRequest{Path: "/a/b/c", Exclude: []string{"/a/b"}}, nothing: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := planRestore(c.req)
			if plan.nothing != c.nothing {
				t.Fatalf("nothing = %v, want %v", plan.nothing, c.nothing)
			}
			if c.nothing {
				return
			}
			if got := strings.Join(restoreArgs("ID", plan, c.req.Args), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if plan.top != c.top {
				t.Errorf("top = %q, want %q", plan.top, c.top)
			}
		})
	}
}

func TestRebase(t *testing.T) {
	for name, c := range map[string]struct {
		pattern, folder string
		want            []string
		everything      bool
	}{
		"nothing changes at the root":                     {"/a/b", "/", []string{"/a/b"}, false},
		"a whole path loses the folder":                   {"/a/b/c", "/a", []string{"/b/c"}, false},
		"a wildcard stands for the folder":                {"/*/b", "/a", []string{"/b"}, false},
		"another folder is dropped":                       {"/x/b", "/a", nil, false},
		"the folder itself is everything":                 {"/a/b", "/a/b", nil, true},
		"a negation stays one":                            {"!/a/b", "/a", []string{"!/b"}, false},
		"two stars swallow none, some or all of a folder": {"/**/b/c", "/a/b", []string{"/c", "/**/b/c"}, false},
		"a name matches at any depth":                     {"*.log", "/a/b", []string{"*.log"}, false},
		"a relative path may begin in the folder":         {"b/c", "/a/b", []string{"b/c", "/c"}, false},
		"a name that is the folder's is everything":       {"b", "/a/b", nil, true},
		"a malformed pattern matches no folder":           {"/[/c", "/a", nil, false},
		"a malformed name is left for restic to refuse":   {"[", "/a", []string{"["}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, everything := rebase([]string{c.pattern}, c.folder)
			if !slices.Equal(got, c.want) || everything != c.everything {
				t.Errorf("rebase(%q, %q) = %q, %v; want %q, %v", c.pattern, c.folder, got, everything, c.want, c.everything)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	got := environment(Options{
		Environ: []string{"PATH=/bin", "RESTIC_PASSWORD=other", "RESTIC_REPOSITORY_FILE=/x", "AWS_ACCESS_KEY_ID=users", "HOME=/root",
			"RESTIC_COMPRESSION=max", "AWS_DEFAULT_REGION=old"},
		Env:         map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_DEFAULT_REGION": "eu"},
		TempDir:     "/scratch",
		MemoryLimit: 900,
	})
	want := []string{"PATH=/bin", "RESTIC_COMPRESSION=max", "RESTIC_PROGRESS_FPS=1", "TZ=UTC", "HOME=/scratch", "TMPDIR=/scratch",
		"GOMEMLIMIT=900", "AWS_DEFAULT_REGION=eu"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
