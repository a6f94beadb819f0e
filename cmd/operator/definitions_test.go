// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/config/crd"
)

const sessions = "backupsessions.core.kubestash.com"

// cluster holds this version's definitions, each after a change; nil takes it away.
func cluster(t *testing.T, change func(name string, o *unstructured.Unstructured) *unstructured.Unstructured) (client.Reader, meta.RESTMapper) {
	t.Helper()
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := crd.Bases.ReadDir("bases")
	if err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme)
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, entry := range entries {
		raw, err := crd.Bases.ReadFile(path.Join("bases", entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(raw, &o.Object); err != nil {
			t.Fatal(err)
		}
		if o = change(o.GetName(), o); o == nil {
			continue
		}
		c.WithObjects(o)
		text := func(fields ...string) string {
			s, _, _ := unstructured.NestedString(o.Object, append([]string{"spec"}, fields...)...)
			return s
		}
		version := schema.GroupVersion{Group: text("group"), Version: "v1alpha1"}
		mapper.AddSpecific(version.WithKind(text("names", "kind")), version.WithResource(text("names", "plural")),
			version.WithResource(text("names", "singular")), meta.RESTScopeNamespace)
	}
	return c.Build(), mapper
}

func TestOlderDefinitionsAreRefusedByName(t *testing.T) {
	// without takes a field away from a definition's only version.
	without := func(o *unstructured.Unstructured, at string) {
		versions, _, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "versions")
		v := versions.([]any)[0].(map[string]any)
		unstructured.RemoveNestedField(v, append([]string{"schema", "openAPIV3Schema"}, strings.Split(at, ".")...)...)
	}
	for sentence, c := range map[string]struct {
		change func(o *unstructured.Unstructured) *unstructured.Unstructured
		want   []string
	}{
		"those of this version are good enough": {func(o *unstructured.Unstructured) *unstructured.Unstructured { return o }, nil},
		"one that lacks a field": {func(o *unstructured.Unstructured) *unstructured.Unstructured {
			without(o, "properties.status.properties.hooks")
			return o
		}, []string{"operator v9 needs other", sessions + " doesn't know status.hooks"}},
		"one that lacks many": {func(o *unstructured.Unstructured) *unstructured.Unstructured {
			without(o, "properties.status.properties")
			return o
		}, []string{sessions + " doesn't know status.", " more"}},
		"one with a field of another type": {func(o *unstructured.Unstructured) *unstructured.Unstructured {
			schema := served(o, "v1alpha1")
			if err := unstructured.SetNestedField(schema, "integer", "properties", "spec", "properties", "session", "type"); err != nil {
				panic(err)
			}
			return o
		}, []string{"operator v9 needs other", sessions + " doesn't know spec.session as string (it is integer)"}},
		"one that isn't there": {func(*unstructured.Unstructured) *unstructured.Unstructured { return nil },
			[]string{"there is none of kind BackupSession in group core.kubestash.com"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			reader, mapper := cluster(t, func(name string, o *unstructured.Unstructured) *unstructured.Unstructured {
				if name == sessions {
					return c.change(o)
				}
				return o
			})
			scheme, err := newScheme()
			if err != nil {
				t.Fatal(err)
			}
			err = checkDefinitions(context.Background(), reader, mapper, scheme, "v9")
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("the check said %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the check said %q, and nothing of %q", err, want)
				}
			}
		})
	}
}
