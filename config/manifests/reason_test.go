// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// reasons tells for a permission who needs it and what for: "backupsession: the session's Secret".
type reasons map[permission][]string

func (r reasons) add(p permission, who, why string) {
	if why == "" {
		return
	}
	if text := who + ": " + why; !slices.Contains(r[p], text) {
		r[p] = append(r[p], text)
	}
}

// of are the reasons that a role gives itself; without a role, those that none of the named roles gives.
func (r reasons) of(role string, named []string) reasons {
	out := reasons{}
	for p, texts := range r {
		for _, text := range texts {
			who, _, _ := strings.Cut(text, ": ")
			if role == who || role == "" && !slices.Contains(named, who) {
				out[p] = append(out[p], text)
			}
		}
	}
	return out
}

// readReasons reads the comments above the markers in the sources, and those in the roles that are written by hand.
func readReasons(t *testing.T) reasons {
	t.Helper()
	r := reasons{}
	for _, folder := range []string{"../../controllers", "../../internal", "../../cmd"} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return r.readSource(path)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("../*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := r.readRoles(file); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return r
}

var marker = regexp.MustCompile(`^//\s*\+kubebuilder:rbac:(.*)$`)

// readSource gives each marker the comment above it. Markers below one another share one.
func (r reasons) readSource(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(content), "+kubebuilder:rbac:") {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		r.readComments(filepath.Base(filepath.Dir(path)), group)
	}
	return nil
}

func (r reasons) readComments(who string, group *ast.CommentGroup) {
	why, ended := "", false
	for _, comment := range group.List {
		m := marker.FindStringSubmatch(comment.Text)
		if m == nil {
			line := strings.TrimSpace(strings.TrimPrefix(comment.Text, "//"))
			if ended {
				why, ended = "", false
			}
			why = strings.TrimSpace(why + " " + line)
			continue
		}
		ended = true
		for _, p := range parseMarker(m[1]) {
			r.add(p, who, why)
		}
	}
}

// parseMarker reads groups="",resources=secrets;pods,verbs=get;list.
func parseMarker(text string) (out []permission) {
	parts := map[string][]string{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		parts[key] = strings.Split(strings.Trim(value, `"`), ";")
	}
	for _, group := range parts["groups"] {
		for _, resource := range parts["resources"] {
			for _, verb := range parts["verbs"] {
				out = append(out, permission{strings.Trim(group, `"`), resource, verb})
			}
		}
	}
	return out
}

// readRoles takes the comment above a rule of the operator's, or above the one before it, or above the object.
func (r reasons) readRoles(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(content), "\nkind: Role\n") && !strings.Contains(string(content), "\nkind: ClusterRole\n") {
		return nil
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var object struct {
			Metadata struct{ Name string }
			Rules    []struct {
				APIGroups []string `yaml:"apiGroups"`
				Resources []string
				Verbs     []string
			}
		}
		if document.Decode(&object) != nil || len(object.Rules) == 0 || !strings.HasPrefix(object.Metadata.Name, operator) {
			continue
		}
		top := comment(&document)
		if top == "" && len(document.Content) > 0 {
			if top = comment(document.Content[0]); top == "" && len(document.Content[0].Content) > 0 {
				top = comment(document.Content[0].Content[0])
			}
		}
		nodes := rules(document.Content[0])
		for i, rule := range object.Rules {
			why := comment(nodes[i])
			if why == "" && len(nodes[i].Content) > 0 {
				why = comment(nodes[i].Content[0])
			}
			if why == "" {
				why = top
			}
			top = why
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						r.add(permission{group, resource, verb}, object.Metadata.Name, why)
					}
				}
			}
		}
	}
}

func rules(object *yaml.Node) []*yaml.Node {
	for i := 0; i+1 < len(object.Content); i += 2 {
		if object.Content[i].Value == "rules" {
			return object.Content[i+1].Content
		}
	}
	return nil
}

func comment(n *yaml.Node) string {
	var words []string
	for line := range strings.Lines(n.HeadComment) {
		words = append(words, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#")))
	}
	return strings.Join(words, " ")
}
