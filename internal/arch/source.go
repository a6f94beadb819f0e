// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
)

const (
	maxLines = 500
	licence  = "// Copyright The KubeStash Authors.\n// SPDX-License-Identifier: Apache-2.0\n"
)

// drawers are names that say nothing of what doesn't belong in.
var drawers = map[string]bool{
	"util": true, "utils": true, "common": true, "helper": true, "helpers": true, "manager": true, "managers": true,
	"handler": true, "handlers": true, "misc": true, "shared": true,
}

// hidden are calls by which a function gets something that isn't among its arguments.
var hidden = map[string]map[string]string{
	"time": {
		"Now": "time is an argument", "Since": "time is an argument", "Until": "time is an argument",
		"Sleep": "a wait is a requeue with a reason",
	},
	"os": {
		"Getenv": "the environment is an argument", "LookupEnv": "the environment is an argument",
		"Environ": "the environment is an argument", "ExpandEnv": "the environment is an argument",
	},
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// checkFile returns what is wrong with one Go file by itself. name is relative to the repository.
func checkFile(name string, source []byte) []string {
	if generated.Match(source) {
		return nil
	}
	var wrong []string
	complain := func(format string, args ...any) {
		wrong = append(wrong, name+": "+fmt.Sprintf(format, args...))
	}
	if lines := bytes.Count(source, []byte("\n")); lines > maxLines {
		complain("%d lines: %d are the most that one reads; the file has two subjects", lines, maxLines)
	}
	if !bytes.Contains(source, []byte(licence)) {
		complain("the licence is missing at its head")
	}
	fileSet := token.NewFileSet()
	file, err := parser.ParseFile(fileSet, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		complain("reading it: %v", err)
		return wrong
	}
	isTest := strings.HasSuffix(name, "_test.go")
	if drawers[strings.TrimSuffix(file.Name.Name, "_test")] || drawers[path.Base(path.Dir(name))] {
		complain("a package named %s has no subject: what would not belong in?", file.Name.Name)
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if strings.Contains(comment.Text, "TODO") || strings.Contains(comment.Text, "FIXME") {
				complain("line %d: a TODO is an issue, or it is nothing", fileSet.Position(comment.Pos()).Line)
			}
		}
	}
	free := isTest || matches("{cmd,tests,config}/**", path.Dir(name))
	aliases := importNames(file)
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := selector.X.(*ast.Ident)
		if !ok {
			return true
		}
		line := fileSet.Position(selector.Pos()).Line
		if reason := hidden[aliases[of.Name]][selector.Sel.Name]; reason != "" && !free {
			complain("line %d: %s.%s: %s", line, aliases[of.Name], selector.Sel.Name, reason)
		}
		if isTest && (of.Name == "t" || of.Name == "b" || of.Name == "f") && strings.HasPrefix(selector.Sel.Name, "Skip") {
			complain("line %d: a test that is skipped can't fail", line)
		}
		return true
	})
	return wrong
}

// importNames maps the names under which packages are known in a file to their paths.
func importNames(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range file.Imports {
		imported := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = imported
	}
	return names
}

// checkDoc returns what is wrong with the doc.go of a folder; nil stands for a missing one.
func checkDoc(folder string, source []byte) []string {
	if source == nil {
		return []string{folder + " has no doc.go that says which question it answers"}
	}
	file, err := parser.ParseFile(token.NewFileSet(), folder+"/doc.go", source, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return []string{fmt.Sprintf("%s/doc.go: reading it: %v", folder, err)}
	}
	text := file.Doc.Text()
	subject := "Package " + file.Name.Name + " answers"
	if file.Name.Name == "main" {
		subject = "Command " + path.Base(folder) + " answers"
	}
	if !strings.HasPrefix(text, subject) || !strings.Contains(text, "?") {
		return []string{fmt.Sprintf("%s/doc.go doesn't begin with %q and a question", folder, subject)}
	}
	return nil
}

var quotedPath = regexp.MustCompile("`([a-z]+/[^` ]+)`")

// namedFolders returns the paths that a Markdown page names in backticks and that begin with one of the top-level
// folders. What stands for any name ("<kind>", "…") becomes "*"; alternatives are written out.
func namedFolders(page string, topLevel []string) []string {
	var named []string
	for _, match := range quotedPath.FindAllStringSubmatch(page, -1) {
		first, _, _ := strings.Cut(match[1], "/")
		for _, top := range topLevel {
			if first != top {
				continue
			}
			pattern := regexp.MustCompile(`<[^>]*>|…`).ReplaceAllString(strings.TrimSuffix(match[1], "/"), "*")
			named = append(named, alternatives(pattern)...)
		}
	}
	return named
}
