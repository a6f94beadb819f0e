// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// run runs a command line in a checkout that holds nothing but the tools folder, as a plain user.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "tests", "cluster", "tools"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := New(Process{Out: &out, Err: &errs, Dir: root, Home: root, State: filepath.Join(root, "state"), UID: 1000, Now: time.Now})
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

func TestCommands(t *testing.T) {
	for sentence, c := range map[string]struct {
		args []string
		want string
	}{
		"a cluster needs root, and says so":           {[]string{"up"}, "needs root"},
		"so does the end of a server":                 {[]string{"stop-server", "kubelet-node1"}, "needs root"},
		"so do images":                                {[]string{"image", "base"}, "needs root"},
		"there is no environment without a cluster":   {[]string{"env"}, "run cluster-up first"},
		"an unknown Kubernetes names those there are": {[]string{"up", "--kubernetes", "1.20"}, "1.36 and 1.33"},
		"an unknown tool names those there are":       {[]string{"bin", "docker"}, "kube-apiserver"},
		"an image has a name":                         {[]string{"build-image", "."}, "name"},
		"the status of no cluster is a failure":       {[]string{"status"}, "isn't running"},
	} {
		t.Run(sentence, func(t *testing.T) {
			out, err := run(t, c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v (%s), want %q", err, out, c.want)
			}
		})
	}
}

func TestParseFiles(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "run.sh")
	if err := os.WriteFile(script, []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	files, err := parseFiles([]string{script + ":/run.sh:0755", script + ":/same", dir + ":/data"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, f := range files {
		got[f.Path] = f.Mode
	}
	if got["/run.sh"] != 0o755 || got["/same"] != 0o640 || got["/data/run.sh"] != 0o640 {
		t.Errorf("modes are %v", got)
	}
	for _, spec := range []string{"", script, script + ":relative", script + ":/x:9", script + ":/x:1:2", "/nonexistent:/x"} {
		if _, err := parseFiles([]string{spec}); err == nil {
			t.Errorf("%q is accepted", spec)
		}
	}
}

func TestQuote(t *testing.T) {
	if got := quote("a b'c"); got != `'a b'\''c'` {
		t.Errorf("quote = %s", got)
	}
}
