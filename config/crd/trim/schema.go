// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	gvk "k8s.io/apimachinery/pkg/runtime/schema"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// ours is what the import path of a type starts with whose comments are ours.
const ours = "kubestash.com/kubestash/"

// schema is a node of a CRD, as YAML gives it.
type schema map[string]any

// child returns the object at key, or an empty one that is not part of s.
func (s schema) child(key string) schema {
	if m, ok := s[key].(map[string]any); ok {
		return m
	}
	return schema{}
}

// goTypeOf returns the Go type that a kind's schema was made from.
func goTypeOf(group, version, kind string) (reflect.Type, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		addonsv1alpha1.AddToScheme, corev1alpha1.AddToScheme, storagev1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	object, err := scheme.New(gvk.GroupVersionKind{Group: group, Version: version, Kind: kind})
	if err != nil {
		return nil, err
	}
	return reflect.TypeOf(object), nil
}

// dropForeign drops the descriptions below s that come from types that are not ours. The description of s itself stays: it is the
// comment of the field that has the type t.
func dropForeign(s schema, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		dropForeign(s, t.Elem())
	case reflect.Slice, reflect.Array:
		dropElement(s.child("items"), t.Elem())
	case reflect.Map:
		dropElement(s.child("additionalProperties"), t.Elem())
	case reflect.Struct:
		if !strings.HasPrefix(t.PkgPath(), ours) {
			dropBelow(s)
			return
		}
		for i := range t.NumField() {
			dropField(s, t.Field(i))
		}
	}
}

// dropElement is dropForeign for what a list or a map holds. The comment of the element's type would only repeat that of the field.
func dropElement(s schema, t reflect.Type) {
	delete(s, "description")
	dropForeign(s, t)
}

func dropField(s schema, f reflect.StructField) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "-":
	case name != "":
		dropForeign(s.child("properties").child(name), f.Type)
	case strings.HasPrefix(f.Type.PkgPath(), ours):
		dropForeign(s, f.Type)
	default:
		for _, inlined := range reflect.VisibleFields(f.Type) {
			name, _, _ := strings.Cut(inlined.Tag.Get("json"), ",")
			strip(s.child("properties").child(name))
		}
	}
}

// strip drops what a schema of a foreign type can do without: every description, and what Kubernetes assumes anyway (a list without a
// type is atomic; x-kubernetes-int-or-string already says which two types there are). A property may itself be called "description", so
// only schemas are looked into.
func strip(s schema) {
	delete(s, "description")
	dropBelow(s)
}

func dropBelow(s schema) {
	if s["x-kubernetes-list-type"] == "atomic" {
		delete(s, "x-kubernetes-list-type")
	}
	if s["x-kubernetes-int-or-string"] == true {
		delete(s, "anyOf")
	}
	for _, property := range s.child("properties") {
		if p, ok := property.(map[string]any); ok {
			strip(p)
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if c, ok := s[key].(map[string]any); ok {
			strip(c)
		}
	}
}
