// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What is claimed names the test that holds it, and a test that is renamed or gone holds nothing.
func TestWhatIsClaimedIsHeldByTestsThatExist(t *testing.T) {
	tests := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && path != "../.." {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		content, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(content), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\bTest[A-Z]\w+`)
	for _, page := range []string{"capability-levels.md", "olm-checklist.md", "install.md"} {
		content, err := os.ReadFile(filepath.Join("../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		names := named.FindAllString(string(content), -1)
		if len(names) == 0 {
			t.Errorf("%s names no test", page)
		}
		for _, name := range names {
			if !tests[name] {
				t.Errorf("%s names %s, which doesn't exist", page, name)
			}
		}
	}
}

// The page that answers the published questions says which level is claimed.
func TestTheLevelThatIsClaimedIsThatOfThePage(t *testing.T) {
	content, err := os.ReadFile("../../docs/capability-levels.md")
	if err != nil {
		t.Fatal(err)
	}
	level := readCSV(t).Metadata.Annotations["capabilities"]
	if level == "" || !strings.Contains(string(content), "**Claimed: "+level+".**") {
		t.Errorf("the bundle claims %q, and docs/capability-levels.md another level", level)
	}
}
