// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ours is where the types are whose fields count: what they hold of Kubernetes' own types is Kubernetes' business.
const ours = "kubestash.com/kubestash/api/"

// Missing are the fields that a kind's type has and the schema of its definition has not, or not as the same type, as paths, sorted:
// "spec.sessions[].scheduler.timeZone", "spec.paused as boolean (it is string)". The schema is an OpenAPI v3 schema as it stands in a
// CustomResourceDefinition.
func Missing(kind reflect.Type, schema map[string]any) []string {
	w := &walk{found: map[string]bool{}}
	w.visit(kind, schema, "")
	missing := make([]string, 0, len(w.found))
	for path := range w.found {
		missing = append(missing, path)
	}
	slices.Sort(missing)
	return missing
}

type walk struct {
	found map[string]bool
	// inside are the structs around the current one. A type that holds itself is looked at once.
	inside []reflect.Type
}

func (w *walk) visit(t reflect.Type, schema map[string]any, path string) {
	if anything, isSet := schema["x-kubernetes-preserve-unknown-fields"].(bool); isSet && anything {
		return
	}
	if t.Kind() == reflect.Pointer {
		w.visit(t.Elem(), schema, path)
		return
	}
	if has, isTyped := schema["type"].(string); isTyped && !reads(t, has) {
		w.found[fmt.Sprintf("%s as %s (it is %s)", path, written(t), has)] = true
		return
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if items, ok := schema["items"].(map[string]any); ok {
			w.visit(t.Elem(), items, path+"[]")
		}
	case reflect.Map:
		if values, ok := schema["additionalProperties"].(map[string]any); ok {
			w.visit(t.Elem(), values, path+"{}")
		}
	case reflect.Struct:
		if !strings.HasPrefix(t.PkgPath()+"/", ours) || slices.Contains(w.inside, t) {
			return
		}
		w.inside = append(w.inside, t)
		w.fields(t, schema, path)
		w.inside = w.inside[:len(w.inside)-1]
	}
}

// written is the type that values of t have in JSON; nothing is known of those that say so themselves.
func written(t reflect.Type) string {
	own := reflect.TypeFor[json.Marshaler]()
	switch {
	case t.Implements(own) || reflect.PointerTo(t).Implements(own):
		return ""
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case reflect.Int <= t.Kind() && t.Kind() <= reflect.Uint64:
		return "integer"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "string" // base64
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return "array"
	case t.Kind() == reflect.Struct || t.Kind() == reflect.Map:
		return "object"
	}
	return ""
}

// reads is true if a value of t takes what a schema of that type lets in.
func reads(t reflect.Type, schema string) bool {
	as := written(t)
	return as == "" || as == schema || as == "number" && schema == "integer"
}

func (w *walk) fields(t reflect.Type, schema map[string]any, path string) {
	properties, _ := schema["properties"].(map[string]any)
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && field.Anonymous:
			w.visit(field.Type, schema, path)
		case name == "metadata" && path == "":
			// Every object has it, and no definition lists it.
		default:
			at := strings.TrimPrefix(path+"."+name, ".")
			property, known := properties[name].(map[string]any)
			if !known {
				w.found[at] = true
				continue
			}
			w.visit(field.Type, property, at)
		}
	}
}
