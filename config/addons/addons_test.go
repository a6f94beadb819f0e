// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addons_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/config/addons"
	"kubestash.com/kubestash/internal/domain/addon"
)

// shipped decodes the catalogue strictly: a misspelt field would be dropped by the API server without a word.
func shipped(t *testing.T) (map[string]*addonsv1alpha1.Addon, map[string]*addonsv1alpha1.Function) {
	t.Helper()
	names, err := fs.Glob(addons.Files, "*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*addonsv1alpha1.Addon{}
	functions := map[string]*addonsv1alpha1.Function{}
	for _, name := range names {
		content, err := fs.ReadFile(addons.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
		for {
			var raw runtime.RawExtension
			if err := documents.Decode(&raw); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var kind struct{ Kind string }
			if err := json.Unmarshal(raw.Raw, &kind); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch kind.Kind {
			case "Addon":
				obj := strict[addonsv1alpha1.Addon](t, name, raw.Raw)
				found[obj.Name] = obj
			case "Function":
				obj := strict[addonsv1alpha1.Function](t, name, raw.Raw)
				functions[obj.Name] = obj
			default:
				t.Errorf("%s: kind %q", name, kind.Kind)
			}
		}
	}
	return found, functions
}

func strict[T any](t *testing.T, name string, raw []byte) *T {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	obj := new(T)
	if err := decoder.Decode(obj); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return obj
}

func TestEveryTaskResolves(t *testing.T) {
	found, functions := shipped(t)
	used := map[string]bool{}
	for _, a := range found {
		for direction, tasks := range map[addon.Direction][]addonsv1alpha1.Task{
			addon.Backup: a.Spec.BackupTasks, addon.Restore: a.Spec.RestoreTasks,
		} {
			for _, task := range tasks {
				used[task.Function] = true
				plan, err := addon.Resolve(addon.Request{
					Addon: a, Functions: functions, Direction: direction, Task: corev1alpha1.TaskReference{Name: task.Name},
					Vars: map[string]string{"PVC_NAME": "data"},
				})
				if err != nil {
					t.Errorf("%s of %s: %v", task.Name, a.Name, err)
				}
				volumes := map[string]bool{}
				for _, volume := range plan.Volumes {
					volumes[volume.Name] = true
				}
				for _, mount := range plan.VolumeMounts {
					if !volumes[mount.Name] {
						t.Errorf("%s of %s mounts %s, which is no volume of it", task.Name, a.Name, mount.Name)
					}
				}
			}
		}
	}
	for name := range functions {
		if !used[name] {
			t.Errorf("function %s is used by no task", name)
		}
	}
}

func TestPublishedReferences(t *testing.T) {
	found, functions := shipped(t)
	for sentence, row := range map[string]struct {
		addon, task, params string
		direction           addon.Direction
		got                 func(addon.Plan) any
		want                any
	}{
		"the deployment guide": {"workload-addon", "logical-backup", `{"paths":"/source/data","exclude":"/source/data/lost+found"}`, addon.Backup,
			func(p addon.Plan) any {
				return []any{p.Paths, p.Exclude, p.Singleton, p.Function.Image, p.UnknownParams}
			},
			[]any{[]string{"/source/data"}, []string{"/source/data/lost+found"}, false, "", []string(nil)}},
		"the statefulset guide's older task name": {"workload-addon", "LogicalBackup", `{"paths":"/a,/b"}`, addon.Backup,
			func(p addon.Plan) any { return p.Paths }, []string{"/a", "/b"}},
		"a workload without paths, as four published examples": {"workload-addon", "logical-backup", `{}`, addon.Backup,
			func(p addon.Plan) any { return p.Paths }, []string(nil)},
		"the claim guide, without any params": {"pvc-addon", "logical-backup", ``, addon.Backup,
			func(p addon.Plan) any {
				return []any{p.Paths, p.Volumes[1].Source.PersistentVolumeClaim.ClaimName, p.VolumeMounts[1].MountPath, p.VolumeMounts[1].ReadOnly}
			},
			[]any{[]string{"/kubestash-data"}, "data", "/kubestash-data", true}},
		"the claim guide's restore": {"pvc-addon", "logical-backup-restore", ``, addon.Restore,
			func(p addon.Plan) any { return []any{p.VolumeMounts[1].ReadOnly, p.EnableCache} }, []any{false, true}},
		"a scratch folder that the user moved is where the volume is": {"workload-addon", "logical-backup", `{"scratchDir":"/tmp/x"}`, addon.Backup,
			func(p addon.Plan) any { return []any{p.ScratchDir, p.VolumeMounts[0].MountPath} }, []any{"/tmp/x", "/tmp/x"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			reference := corev1alpha1.TaskReference{Name: row.task}
			if row.params != "" {
				reference.Params = &runtime.RawExtension{Raw: []byte(row.params)}
			}
			plan, err := addon.Resolve(addon.Request{
				Addon: found[row.addon], Functions: functions, Direction: row.direction, Task: reference,
				Vars: map[string]string{"PVC_NAME": "data"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := row.got(plan); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %#v, want %#v", got, row.want)
			}
		})
	}
}
