// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/config/crd"
)

// read is the schema of a definition of this version.
func read(t *testing.T, file string) (kind schema.GroupVersionKind, out map[string]any) {
	t.Helper()
	raw, err := crd.Bases.ReadFile(path.Join("bases", file))
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema map[string]any
				}
			}
		}
	}
	if err := yaml.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	v := o.Spec.Versions[0]
	return schema.GroupVersionKind{Group: o.Spec.Group, Version: v.Name, Kind: o.Spec.Names.Kind}, v.Schema.OpenAPIV3Schema
}

// The definitions of this version know all of this version. So nothing that is trimmed from them is missed.
func TestTheDefinitionsOfThisVersionKnowEveryField(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1alpha1.AddToScheme, storagev1alpha1.AddToScheme, addonsv1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := crd.Bases.ReadDir("bases")
	if err != nil || len(entries) < 12 {
		t.Fatal(len(entries), err)
	}
	for _, entry := range entries {
		kind, schema := read(t, entry.Name())
		o, err := scheme.New(kind)
		if err != nil {
			t.Fatal(err)
		}
		if missing := Missing(reflect.TypeOf(o), schema); len(missing) > 0 {
			t.Errorf("%s doesn't know %q", kind.Kind, missing)
		}
	}
}

func TestAFieldThatIsTakenAwayIsMissed(t *testing.T) {
	for sentence, c := range map[string]struct{ file, at, want string }{
		"of spec":                  {"core.kubestash.com_backupconfigurations.yaml", "spec.properties.paused", "spec.paused"},
		"all of status":            {"core.kubestash.com_backupsessions.yaml", "status", "status"},
		"in a list, of a struct":   {"core.kubestash.com_backupconfigurations.yaml", "spec.properties.sessions.items.properties.scheduler.properties.timeZone", "spec.sessions[].scheduler.timeZone"},
		"in a map":                 {"storage.kubestash.com_snapshots.yaml", "status.properties.components.additionalProperties.properties.error", "status.components{}.error"},
		"inlined from another one": {"core.kubestash.com_backupconfigurations.yaml", "spec.properties.sessions.items.properties.name", "spec.sessions[].name"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, schema := read(t, c.file)
			keys := strings.Split("properties."+c.at, ".")
			at := schema
			for _, key := range keys[:len(keys)-1] {
				at = at[key].(map[string]any)
			}
			if _, found := at[keys[len(keys)-1]]; !found {
				t.Fatalf("%s has no %s", c.file, c.at)
			}
			delete(at, keys[len(keys)-1])
			kind := map[bool]any{true: corev1alpha1.BackupConfiguration{}, false: corev1alpha1.BackupSession{}}[strings.Contains(c.file, "configurations")]
			if strings.Contains(c.file, "snapshots") {
				kind = storagev1alpha1.Snapshot{}
			}
			if missing := Missing(reflect.TypeOf(kind), schema); !slices.Equal(missing, []string{c.want}) {
				t.Errorf("missing are %q, want %q", missing, c.want)
			}
		})
	}
}

func TestAFieldOfAnotherTypeIsMissed(t *testing.T) {
	type kind struct {
		Flag    bool               `json:"flag"`
		Count   *int32             `json:"count"`
		Part    float64            `json:"part"`
		Words   []string           `json:"words"`
		Raw     []byte             `json:"raw"`
		Labels  map[string]string  `json:"labels"`
		Inner   struct{}           `json:"inner"`
		At      metav1.Time        `json:"at"`
		Port    intstr.IntOrString `json:"port"`
		Percent *resource.Quantity `json:"percent"`
	}
	good := map[string]string{"flag": "boolean", "count": "integer", "part": "number", "words": "array", "raw": "string", "labels": "object",
		"inner": "object", "at": "string", "port": "", "percent": ""}
	for sentence, c := range map[string]struct{ field, as, want string }{
		"a boolean":                      {"flag", "string", "flag as boolean (it is string)"},
		"a number behind a pointer":      {"count", "string", "count as integer (it is string)"},
		"a number that isn't whole":      {"count", "number", "count as integer (it is number)"},
		"a whole number is a number":     {"part", "integer", ""},
		"a list":                         {"words", "object", "words as array (it is object)"},
		"bytes are a string":             {"raw", "string", ""},
		"a map":                          {"labels", "array", "labels as object (it is array)"},
		"a struct":                       {"inner", "string", "inner as object (it is string)"},
		"who writes itself isn't judged": {"at", "integer", ""},
		"neither is what may be both":    {"port", "integer", ""},
		"neither behind a pointer":       {"percent", "string", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			properties := map[string]any{}
			for name, as := range good {
				properties[name] = map[string]any{}
				if as != "" {
					properties[name] = map[string]any{"type": as}
				}
			}
			properties[c.field] = map[string]any{"type": c.as}
			w := &walk{found: map[string]bool{}}
			w.fields(reflect.TypeFor[kind](), map[string]any{"properties": properties}, "")
			if got := strings.Join(slices.Sorted(maps.Keys(w.found)), ", "); got != c.want {
				t.Errorf("missing are %q, want %q", got, c.want)
			}
		})
	}
}

// A definition may say that it keeps whatever it doesn't know.
func TestADefinitionThatKeepsEverythingMissesNothing(t *testing.T) {
	if missing := Missing(reflect.TypeFor[corev1alpha1.BackupSession](), map[string]any{"x-kubernetes-preserve-unknown-fields": true}); len(missing) > 0 {
		t.Errorf("missing are %q", missing)
	}
}
