// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"reflect"
	"strings"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// ours is where the types of the API are. What others define, such as an affinity, is one field.
const ours = "kubestash.com/kubestash/api/"

// asKubernetesHasThem are types of ours that only spell what Kubernetes has: they are one field, too.
var asKubernetesHasThem = map[reflect.Type]bool{
	reflect.TypeFor[metav1alpha1.VolumeSource]():                  true,
	reflect.TypeFor[metav1alpha1.PersistentVolumeClaimTemplate](): true,
	reflect.TypeFor[metav1alpha1.PersistentVolumeClaim]():         true,
}

// Paths lists every field below a type, as a user writes it: "sessions[].addon.name". A field that holds fields isn't listed
// itself.
func Paths(of reflect.Type) []string {
	var paths []string
	walk(of, "", map[reflect.Type]bool{}, func(path string) { paths = append(paths, path) })
	return paths
}

func walk(of reflect.Type, path string, above map[reflect.Type]bool, each func(string)) {
	switch {
	case of.Kind() == reflect.Pointer:
		walk(of.Elem(), path, above, each)
	case of.Kind() == reflect.Slice && of.Elem().Kind() != reflect.Uint8:
		walk(of.Elem(), path+"[]", above, each)
	case isOurs(of) && !above[of]:
		above[of] = true
		for i := range of.NumField() {
			field(of.Field(i), path, above, each)
		}
		delete(above, of)
	default:
		each(path)
	}
}

func field(f reflect.StructField, path string, above map[reflect.Type]bool, each func(string)) {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "" && f.Anonymous:
		walk(f.Type, path, above, each)
	case path == "":
		walk(f.Type, name, above, each)
	default:
		walk(f.Type, path+"."+name, above, each)
	}
}

// isOurs reports whether a type is a struct of the API whose fields are its meaning.
func isOurs(of reflect.Type) bool {
	return of.Kind() == reflect.Struct && strings.HasPrefix(of.PkgPath(), ours) && !asKubernetesHasThem[of]
}
