// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/validate"
)

// What a user may set has an effect on the Job, or on the Task of its pod, or is refused in words. The tests here try
// every field that the types have, so that one which is added later can't be forgotten.
func TestEveryFieldOfEverySettingHasAnEffectOrIsRefused(t *testing.T) {
	at := field.NewPath("x")
	for of, setting := range map[string]struct {
		empty  func() any
		refuse func(any) field.ErrorList
		build  func(t *testing.T, setting any) any
	}{
		"scheduler.jobTemplate": {
			func() any { return &corev1alpha1.JobTemplate{} },
			func(s any) field.ErrorList { return validate.JobTemplate(at, s.(*corev1alpha1.JobTemplate)) },
			func(t *testing.T, s any) any {
				return built(t, func(r *Run, _ *Component) { r.Scheduler = s.(*corev1alpha1.JobTemplate) })
			},
		},
		"addon.jobTemplate": {
			func() any { return &metav1alpha1.PodTemplateSpec{} },
			func(s any) field.ErrorList { return validate.PodTemplate(at, s.(*metav1alpha1.PodTemplateSpec)) },
			func(t *testing.T, s any) any {
				return built(t, func(r *Run, _ *Component) { r.JobTemplate = s.(*metav1alpha1.PodTemplateSpec) })
			},
		},
		"addon.containerRuntimeSettings": {
			func() any { return &metav1alpha1.ContainerRuntimeSettings{} },
			func(any) field.ErrorList { return nil },
			func(t *testing.T, s any) any {
				return built(t, func(r *Run, _ *Component) { r.Container = s.(*metav1alpha1.ContainerRuntimeSettings) })
			},
		},
		"Function.runtimeSettings": {
			func() any { return &metav1alpha1.ContainerRuntimeSettings{} },
			func(any) field.ErrorList { return nil },
			func(t *testing.T, s any) any {
				return built(t, func(_ *Run, c *Component) { c.Plan = planWith(t, s.(*metav1alpha1.ContainerRuntimeSettings)) })
			},
		},
		"BackupStorage.runtimeSettings": {
			func() any { return &metav1alpha1.RuntimeSettings{} },
			func(s any) field.ErrorList { return validate.RuntimeSettings(at, *s.(*metav1alpha1.RuntimeSettings)) },
			func(_ *testing.T, s any) any {
				storage := &storagev1alpha1.BackupStorage{}
				storage.Spec.RuntimeSettings = *s.(*metav1alpha1.RuntimeSettings)
				return InitStorageJob(StorageJob{Storage: storage, Name: "init", Mover: Mover{Image: "mover:1"}})
			},
		},
	} {
		t.Run(of, func(t *testing.T) {
			without := text(t, setting.build(t, setting.empty()))
			tried := 0
			eachField(reflect.TypeOf(setting.empty()).Elem(), nil, func(name string, index [][]int) {
				tried++
				s := setting.empty()
				fill(reach(reflect.ValueOf(s).Elem(), index), 0)
				if list := setting.refuse(s); len(list) > 0 {
					if last := name[strings.LastIndex(name, ".")+1:]; !strings.Contains(list.ToAggregate().Error(), strings.ToLower(last[:1])+last[1:]) &&
						!strings.Contains(strings.ToLower(name), "nice") {
						t.Errorf("%s.%s is refused, but not by its name: %v", of, name, list)
					}
					return
				}
				if text(t, setting.build(t, s)) == without {
					t.Errorf("%s.%s has no effect, and nobody says so", of, name)
				}
			})
			if tried < 9 {
				t.Errorf("only %d fields were tried", tried)
			}
		})
	}
}

// planWith is the plan of a task whose Function has settings.
func planWith(t *testing.T, settings *metav1alpha1.ContainerRuntimeSettings) addon.Plan {
	t.Helper()
	request := restoring(nil, false)
	request.Functions["f"].Spec.RuntimeSettings = settings
	plan, err := addon.Resolve(request)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// built is all that a component's settings lead to: its Job, and the priorities in its Task.
func built(t *testing.T, change func(*Run, *Component)) any {
	t.Helper()
	run, component := exampleRun()
	change(&run, &component)
	job, err := run.Job(component)
	if err != nil {
		t.Fatal(err)
	}
	nice, io := Priorities(component.Plan.Function.RuntimeSettings, run.Container)
	return []any{job, nice, io}
}

func text(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// eachField visits the fields of a type, and those of our own types in it: Kubernetes' types are one setting each.
func eachField(of reflect.Type, above []string, visit func(name string, index [][]int)) {
	var walk func(of reflect.Type, names []string, index [][]int)
	walk = func(of reflect.Type, names []string, index [][]int) {
		for i := range of.NumField() {
			f := of.Field(i)
			names, index := append(append([]string(nil), names...), f.Name), append(append([][]int(nil), index...), f.Index)
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && strings.Contains(inner.PkgPath(), "kubestash.com/kubestash/api/") {
				walk(inner, names, index)
				continue
			}
			visit(strings.Join(names, "."), index)
		}
	}
	walk(of, above, nil)
}

// reach returns a field, making what lies on the way.
func reach(v reflect.Value, index [][]int) reflect.Value {
	for i, at := range index {
		v = v.FieldByIndex(at)
		if i < len(index)-1 && v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
	}
	return v
}

// fill gives a value that is no default: every field, every pointer, one item of each list.
func fill(v reflect.Value, depth int) {
	if depth > 12 {
		return
	}
	if v.Type() == reflect.TypeFor[resource.Quantity]() {
		v.Set(reflect.ValueOf(resource.MustParse("7Gi")))
		return
	}
	if v.Type() == reflect.TypeFor[intstr.IntOrString]() {
		v.Set(reflect.ValueOf(intstr.FromInt32(7)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.String:
		v.SetString("filled")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	}
}
