// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"hash/maphash"
	"reflect"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Tight leaves out who set which field, and stores the rest without slack.
func Tight(obj any) (any, error) {
	o, ok := obj.(runtime.Object)
	if !ok {
		return obj, nil
	}
	if m, err := apimeta.Accessor(o); err == nil {
		strip(m)
	}
	return tighten(o), nil
}

// strip writes only where there is something to leave out: an object may come again, when it is in the cache already and others read it.
func strip(m metav1.Object) {
	if len(m.GetManagedFields()) > 0 {
		m.SetManagedFields(nil)
	}
	if _, found := m.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; found {
		delete(m.GetAnnotations(), corev1.LastAppliedConfigAnnotation)
	}
}

// tighten copies an object: a decoder makes room for four elements in each list, and what is in a cache has as many as it has. Texts that
// many objects have are stored once.
func tighten(o runtime.Object) runtime.Object {
	o = o.DeepCopyObject()
	share(reflect.ValueOf(o))
	return o
}

// share replaces the texts in a value that nobody else has yet.
func share(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		share(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			// What isn't exported, such as the parts of a time, has no texts worth sharing.
			if f := v.Field(i); f.CanSet() {
				share(f)
			}
		}
	case reflect.Slice:
		if hasTexts(v.Type().Elem()) {
			for i := range v.Len() {
				share(v.Index(i))
			}
		}
	case reflect.Map:
		shareMap(v)
	case reflect.String:
		if v.CanSet() {
			v.SetString(shared(v.String()))
		}
	}
}

// shareMap makes a map anew, because the keys of one can't be replaced.
func shareMap(v reflect.Value) {
	if v.Len() == 0 || v.Type().Key().Kind() != reflect.String || !v.CanSet() {
		return
	}
	tight := reflect.MakeMapWithSize(v.Type(), v.Len())
	for entry := v.MapRange(); entry.Next(); {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString(shared(entry.Key().String()))
		value.Set(entry.Value())
		share(value)
		tight.SetMapIndex(key, value)
	}
	v.Set(tight)
}

func hasTexts(of reflect.Type) bool {
	switch of.Kind() {
	case reflect.Pointer, reflect.Struct, reflect.Slice, reflect.Map, reflect.String:
		return true
	default:
		return false
	}
}

// longest is the length of texts that are worth looking up.
const longest = 256

// texts are those that were met last, one for each hash. Names, which are met once, push others out, which then come again: so what many
// objects have is nearly always here, and the table never grows.
var (
	texts [1 << 12]atomic.Pointer[string]
	seed  = maphash.MakeSeed()
)

// shared is an equal text that others may have too.
func shared(s string) string {
	if s == "" || len(s) > longest {
		return s
	}
	slot := &texts[maphash.String(seed, s)%uint64(len(texts))]
	if known := slot.Load(); known != nil && *known == s {
		return *known
	}
	// A decoder may have cut it out of something larger.
	s = strings.Clone(s)
	slot.Store(&s)
	return s
}
