// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat_test

import (
	"cmp"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kubestash.com/kubestash/tests/compat"
	"kubestash.com/kubestash/tests/kit/tool"
)

var update = flag.Bool("update", false, "rewrite docs/compatibility.md")

func TestEveryFieldHasItsRow(t *testing.T) {
	used := map[string]bool{}
	for _, kind := range compat.Kinds() {
		for _, path := range compat.Paths(kind.Spec) {
			row, found := compat.Find(kind.Name, path)
			if !found {
				t.Errorf("%s spec.%s: nobody says whether it works or is refused", kind.Name, path)
			}
			used[row.Kind+" "+row.Path] = true
		}
	}
	for _, row := range compat.Rows {
		if !used[row.Kind+" "+row.Path] {
			t.Errorf("%s spec.%s: there is no such field, or other rows say all of it", row.Kind, row.Path)
		}
	}
}

// A row is worth what its test is: it exists, and a refusal is word for word in it.
func TestEveryRowHasItsTest(t *testing.T) {
	root, err := tool.Root()
	if err != nil {
		t.Fatal(err)
	}
	said := sources(t, root)
	for _, row := range compat.Rows {
		content, err := os.ReadFile(filepath.Join(root, row.Test.File))
		if err != nil {
			t.Errorf("%s spec.%s: %v", row.Kind, row.Path, err)
			continue
		}
		text := string(content)
		if name := row.Test.Name; name != "" && !strings.Contains(text, "func "+name+"(") && !strings.Contains(text, `"`+name) {
			t.Errorf("%s spec.%s: %s has no %q", row.Kind, row.Path, row.Test.File, name)
		}
		if seen := cmp.Or(row.Seen, row.Refused); seen != "" && !strings.Contains(text, seen) {
			t.Errorf("%s spec.%s: %s doesn't expect %q", row.Kind, row.Path, row.Test.File, seen)
		}
		if row.Refused != "" && !strings.Contains(said, row.Refused) {
			t.Errorf("%s spec.%s: nobody says %q", row.Kind, row.Path, row.Refused)
		}
	}
}

func TestThePageIsUpToDate(t *testing.T) {
	root, err := tool.Root()
	if err != nil {
		t.Fatal(err)
	}
	name, want := filepath.Join(root, "docs", "compatibility.md"), compat.Page()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("docs/compatibility.md isn't what the table says (%v): run go test ./tests/compat -update", err)
	}
}

func TestPathsAreThoseThatUsersWrite(t *testing.T) {
	all := map[string]bool{}
	for _, kind := range compat.Kinds() {
		for _, path := range compat.Paths(kind.Spec) {
			all[kind.Name+" "+path] = true
		}
	}
	for _, want := range []string{
		"BackupConfiguration sessions[].scheduler.timeZone", "BackupConfiguration sessions[].addon.jobTemplate.spec.env[]", "BackupStorage storage.s3.bucket",
		"BackupBlueprint backupConfigurationTemplate.sessions[].name", "RestoreSession dataSource.pitr.targetTime", "Function runtimeSettings.nice.adjustment",
		"RestoreSession addon.tasks[].targetVolumes.volumeClaimTemplates[]",
	} {
		if !all[want] {
			t.Errorf("%s is missing", want)
		}
	}
}

// sources are all files of the operator in one text.
func sources(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range []string{"internal", "controllers", "api"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			content, err := os.ReadFile(name)
			all.Write(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestEveryRuleHasItsTest(t *testing.T) {
	root, err := tool.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range compat.Rules {
		content, err := os.ReadFile(filepath.Join(root, rule.Test.File))
		if err != nil {
			t.Errorf("%s, %s: %v", rule.Kind, rule.Text, err)
			continue
		}
		if name := rule.Test.Name; name != "" && !strings.Contains(string(content), "func "+name+"(") && !strings.Contains(string(content), `"`+name+`"`) {
			t.Errorf("%s, %s: %s has no %q", rule.Kind, rule.Text, rule.Test.File, name)
		}
	}
}
