// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDisplayName(t *testing.T) {
	for field, want := range map[string]string{
		"target": "Target", "backupTimeout": "Backup Timeout", "snapshotID": "Snapshot ID", "totalSizeBytes": "Total Size Bytes",
	} {
		if got := displayName(field); got != want {
			t.Errorf("%s is shown as %q, want %q", field, got, want)
		}
	}
}

func TestAboveSample(t *testing.T) {
	for what, c := range map[string]struct{ document, name, text string }{
		"the first sentence":                {"# Says so.\n# And more.\nkind: X\nmetadata:\n  name: x\nspec: {}\n", "x", "Says so."},
		"two lines":                         {"# Says\n# so. Not this.\nmetadata:\n  name: x\n", "x", "Says so."},
		"a comment elsewhere doesn't count": {"kind: X\n# no\nmetadata:\n  name: x\n", "x", ""},
		"another name doesn't count":        {"# Yes\nspec:\n  name: y\nmetadata:\n  namespace: n\n  name: x\n", "x", "Yes"},
		"no name":                           {"# List\nresources:\n  - a\n", "", "List"},
	} {
		if name, text := aboveSample(c.document); name != c.name || text != c.text {
			t.Errorf("%s: got %q and %q, want %q and %q", what, name, text, c.name, c.text)
		}
	}
}

// What is finished stays as it is, and what was taken away comes back.
func TestFinishingTwiceChangesNothing(t *testing.T) {
	const committed = "../../../bundle"
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(committed)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "manifests", csvFile)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stripped := strings.Replace(string(before), `createdAt: "2026-`, `createdAt: "1999-`, 1)
	if stripped == string(before) {
		t.Fatal("there is no date to change")
	}
	if err := os.WriteFile(file, []byte(stripped), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := finish("../..", folder); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(before) {
		t.Error("the bundle that is committed is another one than \"make bundle\" would write")
	}
}

func TestAKindThatNobodyOwnsIsRefused(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../../../bundle")); err != nil {
		t.Fatal(err)
	}
	crd := "kind: CustomResourceDefinition\nmetadata: {name: others.example.com}\nspec:\n  versions: [{name: v1, schema: {openAPIV3Schema: {}}}]\n"
	if err := os.WriteFile(filepath.Join(folder, "manifests", "other.yaml"), []byte(crd), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := finish("../..", folder); err == nil || !strings.Contains(err.Error(), "others.example.com") {
		t.Errorf("got %v", err)
	}
}
