// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"encoding/json"
	"hash/maphash"
	"maps"
	"reflect"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
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
	if m.GetAnnotations()[corev1.LastAppliedConfigAnnotation] != "" {
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
		if !v.IsNil() && v.Type().Elem().Kind() == reflect.Struct && v.Type().Elem().Size() >= large {
			shareWhole(v)
		}
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
		if alike[v.Type()] && v.Len() > 0 {
			shareWhole(v)
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
	if v.Type() == labelsType {
		v.Set(reflect.ValueOf(sharedLabels(v.Interface().(map[string]string))))
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

var labelsType = reflect.TypeFor[map[string]string]()

// labelSets are sets of labels, annotations or parameters that were met last, as texts are. A map takes more than what is in it.
var labelSets [1 << 10]atomic.Pointer[map[string]string]

// sharedLabels is an equal map that others may have too: what is in the cache is only read.
func sharedLabels(m map[string]string) map[string]string {
	hash := uint64(len(m))
	for key, value := range m {
		hash += maphash.String(seed, key) ^ 3*maphash.String(seed, value)
	}
	slot := &labelSets[hash%uint64(len(labelSets))]
	if known := slot.Load(); known != nil && maps.Equal(*known, m) {
		return *known
	}
	tight := make(map[string]string, len(m))
	for key, value := range m {
		tight[shared(key)] = shared(value)
	}
	slot.Store(&tight)
	return tight
}

// large is the size of a struct that is worth comparing. A SchedulerSpec is one: it holds the template of a Job, which is nearly always empty.
const large = 256

// alike are lists that are the same in all that use one BackupStorage and one Addon.
var alike = map[reflect.Type]bool{
	reflect.TypeFor[[]corev1alpha1.BackendReference]():    true,
	reflect.TypeFor[[]corev1alpha1.BackendStatus]():       true,
	reflect.TypeFor[[]corev1alpha1.ResourceFoundStatus](): true,
}

// wholes are structs and lists that were met last, as texts are.
var wholes [1 << 9]atomic.Pointer[any]

// shareWhole makes it an equal one that others may have too, where there is one.
func shareWhole(v reflect.Value) {
	if !v.CanSet() {
		return
	}
	content, err := json.Marshal(v.Interface())
	if err != nil {
		return
	}
	slot := &wholes[maphash.Bytes(seed, content)%uint64(len(wholes))]
	// Equal types are a part of that.
	if known := slot.Load(); known != nil && reflect.DeepEqual(*known, v.Interface()) {
		v.Set(reflect.ValueOf(*known))
		return
	}
	is := v.Interface()
	slot.Store(&is)
}
