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
	c := &fileCheck{name: name, isTest: strings.HasSuffix(name, "_test.go"), positions: token.NewFileSet()}
	if lines := bytes.Count(source, []byte("\n")); lines > maxLines {
		c.complain("%d lines: %d are the most that one reads; the file has two subjects", lines, maxLines)
	}
	if !bytes.Contains(source, []byte(licence)) {
		c.complain("the licence is missing at its head")
	}
	file, err := parser.ParseFile(c.positions, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		c.complain("reading it: %v", err)
		return c.wrong
	}
	c.file(file)
	return c.wrong
}

type fileCheck struct {
	name      string
	isTest    bool
	positions *token.FileSet
	wrong     []string
}

func (c *fileCheck) complain(format string, args ...any) {
	c.wrong = append(c.wrong, c.name+": "+fmt.Sprintf(format, args...))
}

func (c *fileCheck) complainAt(pos token.Pos, format string, args ...any) {
	c.complain("line %d: %s", c.positions.Position(pos).Line, fmt.Sprintf(format, args...))
}

func (c *fileCheck) file(file *ast.File) {
	if drawers[strings.TrimSuffix(file.Name.Name, "_test")] || drawers[path.Base(path.Dir(c.name))] {
		c.complain("a package named %s has no subject: what would not belong in?", file.Name.Name)
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if strings.Contains(comment.Text, "TODO") || strings.Contains(comment.Text, "FIXME") {
				c.complainAt(comment.Pos(), "a TODO is an issue, or it is nothing")
			}
		}
	}
	names := importNames(file)
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := selector.X.(*ast.Ident); ok {
				c.selector(selector, of.Name, names[of.Name])
			}
		}
		return true
	})
}

// selector looks at x.Sel, where x is imported, or empty when it is no import.
func (c *fileCheck) selector(selector *ast.SelectorExpr, x, imported string) {
	free := c.isTest || matches("{cmd,tests,config}/**", path.Dir(c.name))
	if reason := hidden[imported][selector.Sel.Name]; reason != "" && !free {
		c.complainAt(selector.Pos(), "%s.%s: %s", imported, selector.Sel.Name, reason)
	}
	if c.isTest && (x == "t" || x == "b" || x == "f") && strings.HasPrefix(selector.Sel.Name, "Skip") {
		c.complainAt(selector.Pos(), "a test that is skipped can't fail")
	}
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
