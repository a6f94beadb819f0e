// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "kubestash.com/kubestash"
	root   = "../.."
)

// topLevel are the folders of the house that hold source. What isn't listed, the tools' output, isn't ours to check.
var topLevel = []string{"api", "bundle", "catalog", "cmd", "config", "controllers", "docs", "internal", "tests"}

func TestTheHouseKeepsItsImports(t *testing.T) {
	graph := listPackages(t)
	if len(graph) < 100 {
		t.Fatalf("go list knows %d packages only", len(graph))
	}
	ours := map[string]bool{}
	for _, p := range graph {
		for _, top := range topLevel {
			if p.path == top || strings.HasPrefix(p.path, top+"/") {
				ours[p.path] = true
			}
		}
	}
	for _, wrong := range checkImports(graph, func(p string) bool { return ours[p] }) {
		t.Error(wrong)
	}
}

func TestTheHouseKeepsItsManners(t *testing.T) {
	documented := map[string]bool{}
	for _, name := range goFiles(t) {
		source, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range checkFile(name, source) {
			t.Error(wrong)
		}
		folder := filepath.ToSlash(filepath.Dir(name))
		if !documented[folder] && !strings.HasSuffix(name, "_test.go") && matches("{api,internal,controllers,cmd}/**", folder) {
			documented[folder] = true
			doc, err := os.ReadFile(filepath.Join(root, folder, "doc.go"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			for _, wrong := range checkDoc(folder, doc) {
				t.Error(wrong)
			}
		}
	}
	if len(documented) < 10 {
		t.Errorf("only %d packages were found", len(documented))
	}
}

func TestTheMapNamesWhatExists(t *testing.T) {
	for _, page := range []string{"docs/architecture.md", "CONTRIBUTING.md"} {
		content, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		named := namedFolders(string(content), topLevel)
		if len(named) == 0 {
			t.Errorf("%s names no folder", page)
		}
		for _, pattern := range named {
			if found, err := filepath.Glob(filepath.Join(root, pattern)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which doesn't exist (%v)", page, pattern, err)
			}
		}
	}
}

// listPackages returns the packages of the module and all that they need, test files' needs excepted.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	// -e: a package that doesn't compile is another test's business.
	command := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Imports,TestImports,XTestImports,Standard", "./...")
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v: %s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var graph []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var listed struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
			Standard                           bool
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return graph
		} else if err != nil {
			t.Fatal(err)
		}
		if listed.Standard {
			continue
		}
		graph = append(graph, pkg{
			path:        relative(listed.ImportPath),
			imports:     relativeAll(listed.Imports),
			testImports: relativeAll(slices.Concat(listed.TestImports, listed.XTestImports)),
		})
	}
}

func relative(importPath string) string {
	return strings.TrimPrefix(importPath, module+"/")
}

func relativeAll(importPaths []string) []string {
	all := make([]string, len(importPaths))
	for i, importPath := range importPaths {
		all[i] = relative(importPath)
	}
	return all
}

// goFiles returns the Go files of the repository, whichever module they are in.
func goFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, top := range topLevel {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && filepath.Base(name) == top:
				return nil
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
				return fs.SkipDir
			case strings.HasSuffix(name, ".go"):
				below, err := filepath.Rel(root, name)
				names = append(names, filepath.ToSlash(below))
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}
