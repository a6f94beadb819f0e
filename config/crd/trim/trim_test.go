// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// annotationLimit is what Kubernetes allows for the annotations of an object together. kubectl apply keeps the whole object in one.
const annotationLimit = 262_144

func TestEveryCRDFitsIntoTheAnnotationOfKubectlApply(t *testing.T) {
	for _, file := range bases(t) {
		body, err := json.Marshal(read(t, file))
		if err != nil {
			t.Fatal(err)
		}
		// Some room is left for the annotation's key and for what a distribution adds.
		if limit := annotationLimit - 4096; len(body) > limit {
			t.Errorf("%s: %d bytes as JSON, more than %d", filepath.Base(file), len(body), limit)
		}
	}
}

func TestEveryFieldOfOursIsInTheCRDAndDescribed(t *testing.T) {
	for _, file := range bases(t) {
		root, goType := rootSchema(t, read(t, file))
		if root["description"] == nil {
			t.Errorf("%s: the kind has no description", filepath.Base(file))
		}
		n := describe(t, filepath.Base(file), root, goType)
		if n < 5 {
			t.Errorf("%s: only %d fields were looked at", filepath.Base(file), n)
		}
	}
}

func TestNoWordOfKubernetesIsLeft(t *testing.T) {
	for _, file := range bases(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{"https://git.k8s.io", "https://kubernetes.io", "More info:"} {
			if bytes.Contains(body, []byte(words)) {
				t.Errorf("%s: %q", filepath.Base(file), words)
			}
		}
	}
}

func TestToTrimTwiceChangesNothing(t *testing.T) {
	for _, file := range bases(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := trimmed(body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(body, again) {
			t.Errorf("%s is not as `make manifests` leaves it", filepath.Base(file))
		}
	}
}

func TestAPropertyThatIsCalledDescriptionIsKept(t *testing.T) {
	s := schema{"properties": map[string]any{"description": map[string]any{"type": "string", "description": "words"}}}
	dropBelow(s)
	want := schema{"properties": map[string]any{"description": map[string]any{"type": "string"}}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %v, want %v", s, want)
	}
}

// describe fails for each field of ours below t that s lacks, or does not describe, and returns how many there are.
func describe(t *testing.T, path string, s schema, goType reflect.Type) int {
	t.Helper()
	switch goType.Kind() {
	case reflect.Pointer:
		return describe(t, path, s, goType.Elem())
	case reflect.Slice:
		return describe(t, path+"[]", s.child("items"), goType.Elem())
	case reflect.Map:
		return describe(t, path+"{}", s.child("additionalProperties"), goType.Elem())
	case reflect.Struct:
	default:
		return 0
	}
	if !strings.HasPrefix(goType.PkgPath(), ours) {
		return 0
	}
	n := 0
	for i := range goType.NumField() {
		f := goType.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			n += describe(t, path, s, f.Type)
			continue
		}
		property, ok := s.child("properties")[name].(map[string]any)
		if !ok {
			t.Errorf("%s.%s: not in the CRD; was it generated?", path, name)
			continue
		}
		n++
		if name != "metadata" && property["description"] == nil {
			t.Errorf("%s.%s: no description", path, name)
		}
		n += describe(t, path+"."+name, property, f.Type)
	}
	return n
}

func rootSchema(t *testing.T, crd schema) (schema, reflect.Type) {
	t.Helper()
	spec := crd.child("spec")
	version := schema(spec["versions"].([]any)[0].(map[string]any))
	goType, err := goTypeOf(spec["group"].(string), version["name"].(string), spec.child("names")["kind"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return version.child("schema").child("openAPIV3Schema"), goType
}

func bases(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../bases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	return files
}

func read(t *testing.T, file string) schema {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	crd := schema{}
	if err := yaml.Unmarshal(body, &crd); err != nil {
		t.Fatal(err)
	}
	return crd
}
