// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for sentence, c := range map[string]struct {
		kubeconfig string
		isLocal    bool
	}{
		"without KUBECONFIG it's the machine's own":             {"", true},
		"the machine's own kubeconfig is the machine's cluster": {"/src/./.cluster/kubeconfig", true},
		"any other kubeconfig is a named cluster":               {"/home/me/.kube/config", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, isLocal := Choose(c.kubeconfig, "/src", nil).(*Local)
			if isLocal != c.isLocal {
				t.Errorf("Choose(%q) is local: %t, want %t", c.kubeconfig, isLocal, c.isLocal)
			}
		})
	}
}

func TestKnown(t *testing.T) {
	for image, want := range map[string]string{
		"busybox": "busybox", "busybox:1.36": "busybox", "docker.io/library/postgres:16": "postgres",
		"localhost:5000/redis": "redis", "quay.io/x/mariadb@sha256:00": "mariadb", "y/z:1@sha256:00": "z",
	} {
		if got := known(image); got != want {
			t.Errorf("known(%q) = %q, want %q", image, got, want)
		}
	}
}

func TestLoadArguments(t *testing.T) {
	for sentence, c := range map[string]struct{ args, want []string }{
		"an image is named after its file": {nil, []string{"load", "/a/tree.tar.gz", "--name", "tree"}},
		"a name that is given stays":       {[]string{"--name", "x"}, []string{"load", "/a/tree.tar.gz", "--name", "x"}},
		"also when joined":                 {[]string{"--name=x"}, []string{"load", "/a/tree.tar.gz", "--name=x"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := loadArguments("/a/tree.tar.gz", c.args); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// script stands for bin/cluster: it writes down its arguments.
func script(t *testing.T, body string) (*Local, string) {
	t.Helper()
	root := t.TempDir()
	calls := filepath.Join(root, "calls")
	path := filepath.Join(root, "cluster")
	text := "#!/bin/sh\necho \"$@\" >> " + calls + "\n" + body
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	l := NewLocal(root, nil)
	l.WithPath(path)
	return l, calls
}

func TestLocalSaysWhatTheProgramSaidWhenItFails(t *testing.T) {
	l, _ := script(t, "echo one >&2; echo no root >&2; exit 1\n")
	if _, err := l.Create(context.Background()); err == nil || !strings.Contains(err.Error(), "no root") {
		t.Errorf("Create failed with %v, want the program's last words", err)
	}
}

func TestLocalDrivesTheProgram(t *testing.T) {
	l, calls := script(t, "")
	l.WithVersion("1.33")
	// There is no kubeconfig to read in this test: Create fails after the program has run.
	if _, err := l.Create(context.Background(), "--nodes", "1"); err == nil {
		t.Error("Create without a kubeconfig succeeded")
	}
	for _, err := range []error{
		l.LoadImage(context.Background(), "busybox:1.36"),
		l.LoadImage(context.Background(), "127.0.0.1:5000/operator:1"),
		l.Destroy(context.Background()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	project := " --project " + l.root + "\n"
	want := "up --nodes 1 --kubernetes 1.33" + project + "image busybox" + project + "down" + project
	if !bytes.Equal(got, []byte(want)) {
		t.Errorf("the program was called with\n%s\nwant\n%s", got, want)
	}
}
