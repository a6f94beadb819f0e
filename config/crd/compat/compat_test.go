// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"os"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/utils/ptr"
)

const (
	released = "../released"
	current  = "../bases"
)

func read(t *testing.T, folder string) map[string]*CRD {
	t.Helper()
	crds, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(crds) < 12 {
		t.Fatalf("%s has %d CRDs", folder, len(crds))
	}
	return crds
}

func TestWhatWasReleasedStillWorks(t *testing.T) {
	breaks, err := Breaks(read(t, released), read(t, current))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(released + "/allowed.txt")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		reason, text, ok := strings.Cut(line, ": ")
		if !ok || reason == "" || text == "" {
			t.Fatalf("%q has no reason and text", line)
		}
		allowed[text] = reason
	}
	for _, b := range breaks {
		if reason, ok := find(allowed, b); ok {
			t.Logf("allowed because %s: %s", reason, b)
			continue
		}
		t.Errorf("%s", b)
	}
	if t.Failed() {
		t.Log("an object that the last release has stored, or a manifest that it took, no longer works. Make the change an addition; " +
			"if it must be, give the reason in config/crd/released/allowed.txt")
	}
}

func find(allowed map[string]string, message string) (string, bool) {
	for text, reason := range allowed {
		if strings.Contains(message, text) {
			return reason, true
		}
	}
	return "", false
}

// Each is a change to a copy of a CRD of ours, and what has to be said of it.
func TestABreakIsSeen(t *testing.T) {
	const storages = "backupstorages.storage.kubestash.com"
	crds := read(t, current)
	for name, c := range map[string]struct {
		change func(*CRD)
		want   string
	}{
		"nothing changed":   {func(*CRD) {}, ""},
		"a description":     {func(c *CRD) { root(c).Description = "other words" }, ""},
		"an optional field": {func(c *CRD) { set(c, "spec.more", apiextensionsv1.JSONSchemaProps{Type: "string"}) }, ""},
		"a field goes":      {func(c *CRD) { delete(at(c, "spec").Properties, "maintenance") }, "existingFieldRemoval"},
		"a type":            {func(c *CRD) { edit(c, "spec.default", func(s *apiextensionsv1.JSONSchemaProps) { s.Type = "string" }) }, "^.spec.default: type"},
		"a default":         {func(c *CRD) { edit(c, "spec.default", byDefault) }, "^.spec.default: default"},
		"a field is needed": {func(c *CRD) {
			edit(c, "spec", func(s *apiextensionsv1.JSONSchemaProps) { s.Required = append(s.Required, "default") })
		}, "^.spec: required"},
		"a value goes": {func(c *CRD) {
			edit(c, "spec.deletionPolicy", func(s *apiextensionsv1.JSONSchemaProps) { s.Enum = s.Enum[1:] })
		}, "^.spec.deletionPolicy: enum"},
		"a value comes": {func(c *CRD) { edit(c, "spec.deletionPolicy", another) }, ""},
		"a limit": {func(c *CRD) {
			edit(c, "spec.default", func(s *apiextensionsv1.JSONSchemaProps) { s.MaxLength = ptr.To(int64(3)) })
		}, "^.spec.default: maxLength"},
		"a rule":             {func(c *CRD) { edit(c, "spec", rule) }, "^.spec: unhandled"},
		"the scope":          {func(c *CRD) { c.Spec.Scope = apiextensionsv1.ClusterScoped }, "scope"},
		"the stored version": {func(c *CRD) { c.Spec.Versions[0].Name = "v1" }, "stored"},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := crds[storages].DeepCopy(), crds[storages].DeepCopy()
			before.Status.StoredVersions = []string{"v1alpha1"}
			c.change(after)
			breaks, err := Breaks(map[string]*CRD{storages: before}, map[string]*CRD{storages: after})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(breaks, "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	t.Run("a kind goes", func(t *testing.T) {
		breaks, err := Breaks(map[string]*CRD{storages: crds[storages]}, nil)
		if err != nil || len(breaks) != 1 || breaks[0] != storages+": the kind is gone" {
			t.Errorf("got %q, %v", breaks, err)
		}
	})
}

func byDefault(s *apiextensionsv1.JSONSchemaProps) {
	s.Default = &apiextensionsv1.JSON{Raw: []byte("true")}
}

func another(s *apiextensionsv1.JSONSchemaProps) {
	s.Enum = append(s.Enum, apiextensionsv1.JSON{Raw: []byte(`"Another"`)})
}

func rule(s *apiextensionsv1.JSONSchemaProps) {
	s.XValidations = append(s.XValidations, apiextensionsv1.ValidationRule{Rule: "self.default"})
}

func root(c *CRD) *apiextensionsv1.JSONSchemaProps { return c.Spec.Versions[0].Schema.OpenAPIV3Schema }

// at is the schema at a path of properties. One that isn't there is a mistake of the test.
func at(c *CRD, path string) *apiextensionsv1.JSONSchemaProps {
	s := root(c)
	for name := range strings.SplitSeq(path, ".") {
		next, ok := s.Properties[name]
		if !ok {
			panic(path + " isn't in " + c.Name)
		}
		s = &next
	}
	return s
}

func set(c *CRD, path string, to apiextensionsv1.JSONSchemaProps) { put(root(c), path, to) }

func put(s *apiextensionsv1.JSONSchemaProps, path string, to apiextensionsv1.JSONSchemaProps) {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		next := s.Properties[name]
		put(&next, rest, to)
		to = next
	}
	s.Properties[name] = to
}

func edit(c *CRD, path string, change func(*apiextensionsv1.JSONSchemaProps)) {
	s := *at(c, path)
	change(&s)
	set(c, path, s)
}
