// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/blueprint"
)

func named(s string) types.NamespacedName {
	namespace, name, _ := strings.Cut(s, "/")
	return types.NamespacedName{Namespace: namespace, Name: name}
}

func session(name string) corev1alpha1.Session {
	return corev1alpha1.Session{
		SessionConfig: corev1alpha1.SessionConfig{
			Name: name, Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "${schedule:=*/5 * * * *}"},
			RetryConfig: &corev1alpha1.RetryConfig{MaxRetry: 2},
		},
		Addon: &corev1alpha1.AddonInfo{Name: "workload-addon", Tasks: []corev1alpha1.TaskReference{{
			Name: "logical-backup", Params: &runtime.RawExtension{Raw: []byte(`{"paths":"${paths}"}`)},
		}}},
		Repositories: []corev1alpha1.RepositoryInfo{{
			Name: "${repoName}", Directory: "${namespace}/${targetName}",
			EncryptionSecret: &metav1alpha1.ObjectReference{Name: "encrypt-secret", Namespace: "demo"},
		}},
	}
}

// published is the workload guide: blueprint and target of namespace demo.
func published() blueprint.Facts {
	return blueprint.Facts{
		Exists: true,
		Target: blueprint.Target{
			Group: "apps", Kind: "StatefulSet", Namespace: "demo", Name: "sample-sts", UID: "uid-1",
			Annotations: map[string]string{
				"blueprint.kubestash.com/name":      "workload-backup-blueprint",
				"blueprint.kubestash.com/namespace": "demo",
				"variables.kubestash.com/namespace": "demo", "variables.kubestash.com/targetName": "sample-sts",
				"variables.kubestash.com/repoName": "sts-repo", "variables.kubestash.com/paths": "/source/data",
			},
		},
		Blueprint: &corev1alpha1.BackupBlueprint{
			ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "workload-backup-blueprint", Labels: map[string]string{"team": "a"}},
			Spec: corev1alpha1.BackupBlueprintSpec{BackupConfigurationTemplate: &corev1alpha1.BackupConfigurationTemplate{
				Backends: []corev1alpha1.BackendReference{{
					Name: "s3-backend", StorageRef: &metav1alpha1.ObjectReference{Name: "s3-storage", Namespace: "demo"},
					RetentionPolicy: &metav1alpha1.ObjectReference{Name: "demo-retention"},
				}},
				Sessions:       []corev1alpha1.Session{session("frequent-backup"), session("weekly")},
				DeletionPolicy: corev1alpha1.BlueprintDeletionPolicyOnDelete,
			}},
		},
		Occupied: map[types.NamespacedName]string{},
	}
}

func at(t *testing.T, tree any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := tree.(map[string]any)
			tree = object[step]
		case int:
			list, _ := tree.([]any)
			if step >= len(list) {
				return nil
			}
			tree = list[step]
		}
	}
	return tree
}

func TestThePublishedGuideResolves(t *testing.T) {
	verdict := blueprint.Decide(published())
	if verdict.Problem != nil || verdict.Apply == nil {
		t.Fatalf("problem %+v", verdict.Problem)
	}
	got := verdict.Apply
	if got.NamespacedName != named("demo/statefulset-sample-sts") {
		t.Errorf("name is %s", got.NamespacedName)
	}
	wantLabels := map[string]string{
		"team": "a", "app.kubernetes.io/managed-by": "kubestash.com",
		"kubestash.com/invoker-name": "workload-backup-blueprint", "kubestash.com/invoker-namespace": "demo",
	}
	if !reflect.DeepEqual(got.Labels, wantLabels) {
		t.Errorf("labels are %v", got.Labels)
	}
	wantTarget := map[string]any{"apiGroup": "apps", "kind": "StatefulSet", "namespace": "demo", "name": "sample-sts"}
	if target := at(t, got.Spec, "target"); !reflect.DeepEqual(target, wantTarget) {
		t.Errorf("target is %v", target)
	}
	for _, row := range []struct {
		path []any
		want any
	}{
		{[]any{"sessions", 0, "repositories", 0, "name"}, "sts-repo"},
		{[]any{"sessions", 0, "repositories", 0, "directory"}, "demo/sample-sts"},
		{[]any{"sessions", 0, "scheduler", "schedule"}, "*/5 * * * *"},
		{[]any{"sessions", 0, "addon", "tasks", 0, "params", "paths"}, "/source/data"},
		{[]any{"sessions", 0, "retryConfig", "maxRetry"}, float64(2)},
		{[]any{"sessions", 1, "name"}, "weekly"},
		{[]any{"backends", 0, "retentionPolicy", "namespace"}, "demo"},
		{[]any{"paused"}, nil},
		{[]any{"deletionPolicy"}, nil},
	} {
		if value := at(t, got.Spec, row.path...); !reflect.DeepEqual(value, row.want) {
			t.Errorf("%v is %v, want %v", row.path, value, row.want)
		}
	}
	if _, err := json.Marshal(got.Spec); err != nil {
		t.Error(err)
	}
}

func TestDecide(t *testing.T) {
	made := func(f *blueprint.Facts, name string, change func(*blueprint.Made)) {
		m := blueprint.Made{NamespacedName: named(name), Blueprint: "demo/workload-backup-blueprint", Hash: "old"}
		if change != nil {
			change(&m)
		}
		f.Made = append(f.Made, m)
		if !strings.HasPrefix(name, "old/") {
			f.Occupied[m.NamespacedName] = f.Target.Key()
		}
	}
	annotate := func(f *blueprint.Facts, name, value string) { f.Target.Annotations[name] = value }
	drop := func(f *blueprint.Facts, names ...string) {
		for _, name := range names {
			delete(f.Target.Annotations, name)
		}
	}
	for sentence, row := range map[string]struct {
		change  func(*blueprint.Facts)
		apply   string
		value   string // of the first repository's name and directory
		deletes []string
		reason  string
		message []string
		waits   bool
	}{
		"without an annotation nothing happens": {
			change: func(f *blueprint.Facts) { f.Target.Annotations = nil }},
		"a removed annotation removes what was made": {
			change: func(f *blueprint.Facts) {
				f.Target.Annotations = nil
				made(f, "demo/statefulset-sample-sts", nil)
			},
			deletes: []string{"demo/statefulset-sample-sts"}},
		"a target that is gone removes what was made": {
			change: func(f *blueprint.Facts) {
				f.Exists = false
				made(f, "demo/statefulset-sample-sts", nil)
			},
			deletes: []string{"demo/statefulset-sample-sts"}},
		"what is being deleted isn't deleted again": {
			change: func(f *blueprint.Facts) {
				f.Exists = false
				made(f, "demo/statefulset-sample-sts", func(m *blueprint.Made) { m.Deleting = true })
			}},
		"namespace, name and repository have defaults": {
			change: func(f *blueprint.Facts) {
				drop(f, "variables.kubestash.com/namespace", "variables.kubestash.com/targetName", "variables.kubestash.com/repoName",
					"blueprint.kubestash.com/namespace")
			},
			apply: "demo/statefulset-sample-sts", value: "statefulset-sample-sts demo/sample-sts"},
		"all missing variables are told at once, as annotations to add": {
			change: func(f *blueprint.Facts) {
				drop(f, "variables.kubestash.com/paths")
				f.Blueprint.Spec.BackupConfigurationTemplate.Sessions[1].Repositories[0].Directory = "${team}"
			},
			reason:  blueprint.EventVariablesMissing,
			message: []string{"variables.kubestash.com/paths, variables.kubestash.com/team", "demo/workload-backup-blueprint"}},
		"a variable that went missing keeps what was made": {
			change: func(f *blueprint.Facts) {
				drop(f, "variables.kubestash.com/paths")
				made(f, "demo/statefulset-sample-sts", nil)
			},
			reason: blueprint.EventVariablesMissing, message: []string{"BackupConfiguration demo/statefulset-sample-sts stays as it is"}},
		"variables of sessions that aren't picked aren't needed": {
			change: func(f *blueprint.Facts) {
				annotate(f, "blueprint.kubestash.com/session-names", " frequent-backup ,")
				f.Blueprint.Spec.BackupConfigurationTemplate.Sessions[1].Repositories[0].Directory = "${team}"
			},
			apply: "demo/statefulset-sample-sts", value: "sts-repo demo/sample-sts"},
		"an unknown session lists the known ones": {
			change: func(f *blueprint.Facts) { annotate(f, "blueprint.kubestash.com/session-names", "hourly,weekly") },
			reason: blueprint.EventSessionUnknown, message: []string{"no session hourly", "it has frequent-backup, weekly"}},
		"a blueprint that doesn't exist": {
			change: func(f *blueprint.Facts) { f.Blueprint = nil },
			reason: blueprint.EventBlueprintNotFound, message: []string{"demo/workload-backup-blueprint does not exist"}},
		"a blueprint that was deleted with OnDelete takes what it made": {
			change: func(f *blueprint.Facts) {
				f.Blueprint = nil
				made(f, "demo/statefulset-sample-sts", func(m *blueprint.Made) { m.DeletedWithBlueprint = true })
			},
			deletes: []string{"demo/statefulset-sample-sts"}, reason: blueprint.EventBlueprintNotFound},
		"a blueprint that was deleted without a policy leaves it": {
			change: func(f *blueprint.Facts) {
				f.Blueprint = nil
				made(f, "demo/statefulset-sample-sts", nil)
			},
			reason: blueprint.EventBlueprintNotFound, message: []string{"stays as it is"}},
		"another blueprint that isn't there yet doesn't end the backups of the first": {
			change: func(f *blueprint.Facts) {
				f.Blueprint = nil
				annotate(f, "blueprint.kubestash.com/name", "another")
				made(f, "demo/statefulset-sample-sts", func(m *blueprint.Made) { m.DeletedWithBlueprint = true })
			},
			reason: blueprint.EventBlueprintNotFound, message: []string{"stays as it is"}},
		"a blueprint that isn't allowed is looked at again": {
			change: func(f *blueprint.Facts) { f.Denied = "its usage policy allows only its own namespace" },
			reason: blueprint.EventBlueprintNotAllowed, message: []string{"not allowed: its usage policy"}, waits: true},
		"a user's own BackupConfiguration is never touched": {
			change: func(f *blueprint.Facts) { f.Occupied[named("demo/statefulset-sample-sts")] = "" },
			reason: blueprint.EventNameTaken, message: []string{"was not made by a blueprint"}, waits: true},
		"one that was made for another target leads to another name": {
			change: func(f *blueprint.Facts) {
				f.Occupied[named("demo/statefulset-sample-sts")] = "StatefulSet/other/sample-sts"
			},
			apply: "demo/statefulset-sample-sts-", value: "sts-repo demo/sample-sts"},
		"a changed annotation is applied": {
			change: func(f *blueprint.Facts) { made(f, "demo/statefulset-sample-sts", nil) },
			apply:  "demo/statefulset-sample-sts", value: "sts-repo demo/sample-sts"},
		"what is as it should be isn't written again": {
			change: func(f *blueprint.Facts) {
				hash := blueprint.Decide(published()).Apply.Annotations[blueprint.AnnotationHash]
				made(f, "demo/statefulset-sample-sts", func(m *blueprint.Made) { m.Hash = hash })
			}},
		"one that is being deleted is waited for": {
			change: func(f *blueprint.Facts) {
				made(f, "demo/statefulset-sample-sts", func(m *blueprint.Made) { m.Deleting = true })
			}},
		"the template's namespace is where it goes, with the target's in the name": {
			change: func(f *blueprint.Facts) { f.Blueprint.Spec.BackupConfigurationTemplate.Namespace = "backups" },
			apply:  "backups/demo-statefulset-sample-sts", value: "sts-repo demo/sample-sts"},
		"what was made in another namespace before goes": {
			change:  func(f *blueprint.Facts) { made(f, "old/statefulset-sample-sts", nil) },
			apply:   "demo/statefulset-sample-sts",
			deletes: []string{"old/statefulset-sample-sts"}, value: "sts-repo demo/sample-sts"},
		"an annotation can't choose another namespace for the BackupConfiguration": {
			change: func(f *blueprint.Facts) {
				f.Blueprint.Spec.BackupConfigurationTemplate.Namespace = "${namespace}"
				annotate(f, "variables.kubestash.com/namespace", "kube-system")
			},
			reason: blueprint.EventNamespaceRefused, message: []string{`"kube-system"`}},
		"an annotation can't choose another namespace's Secret": {
			change: func(f *blueprint.Facts) {
				f.Blueprint.Spec.BackupConfigurationTemplate.Sessions[1].Repositories[0].EncryptionSecret.Namespace = "${namespace}"
				annotate(f, "variables.kubestash.com/namespace", "kube-system")
			},
			reason: blueprint.EventNamespaceRefused, message: []string{"encryptionSecret", `"kube-system"`}},
		"hostile values are text": {
			change: func(f *blueprint.Facts) {
				annotate(f, "variables.kubestash.com/repoName", `x","paused":true,"y":"${paths}`)
			},
			apply: "demo/statefulset-sample-sts", value: `x","paused":true,"y":"${paths} demo/sample-sts`},
		"a template with a syntax error": {
			change: func(f *blueprint.Facts) {
				f.Blueprint.Spec.BackupConfigurationTemplate.Sessions[0].Repositories[0].Directory = "${name"
			},
			reason: blueprint.EventBlueprintInvalid, message: []string{"sessions[0].repositories[0].directory"}},
		"no template": {
			change: func(f *blueprint.Facts) { f.Blueprint.Spec.BackupConfigurationTemplate = nil },
			reason: blueprint.EventBlueprintInvalid},
	} {
		t.Run(sentence, func(t *testing.T) {
			facts := published()
			row.change(&facts)
			verdict := blueprint.Decide(facts)
			apply, value := "", ""
			if verdict.Apply != nil {
				apply = verdict.Apply.String()
				value = fmt.Sprint(at(t, verdict.Apply.Spec, "sessions", 0, "repositories", 0, "name"), " ",
					at(t, verdict.Apply.Spec, "sessions", 0, "repositories", 0, "directory"))
			}
			if !strings.HasPrefix(apply, row.apply) || (row.apply == "") != (apply == "") || value != row.value {
				t.Errorf("applies %q with %q, want %q with %q", apply, value, row.apply, row.value)
			}
			var deletes []string
			for _, name := range verdict.Delete {
				deletes = append(deletes, name.String())
			}
			if !reflect.DeepEqual(deletes, row.deletes) {
				t.Errorf("deletes %v, want %v", deletes, row.deletes)
			}
			problem := blueprint.Problem{}
			if verdict.Problem != nil {
				problem = *verdict.Problem
			}
			if problem.Reason != row.reason || verdict.Waits != row.waits {
				t.Errorf("problem is %+v (waits %v), want %s", problem, verdict.Waits, row.reason)
			}
			for _, want := range row.message {
				if !strings.Contains(problem.Message, want) {
					t.Errorf("%q doesn't say %q", problem.Message, want)
				}
			}
		})
	}
}

func TestANameIsKept(t *testing.T) {
	facts := published()
	facts.Occupied[named("demo/statefulset-sample-sts")] = "StatefulSet/other/sample-sts"
	first := blueprint.Decide(facts).Apply
	facts.Occupied = map[types.NamespacedName]string{first.NamespacedName: facts.Target.Key()}
	facts.Made = []blueprint.Made{{NamespacedName: first.NamespacedName, Hash: "old"}}
	if second := blueprint.Decide(facts); second.Apply == nil || second.Apply.NamespacedName != first.NamespacedName || len(second.Delete) > 0 {
		t.Errorf("got %+v, want the name %s again", second, first.NamespacedName)
	}
}

func TestChanges(t *testing.T) {
	tree := func(s string) map[string]any {
		var m map[string]any
		if err := json.Unmarshal([]byte(s), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for sentence, row := range map[string]struct {
		before, after string
		want          []string
	}{
		"nothing":                  {`{"a":1}`, `{"a":1}`, nil},
		"a value in a named item":  {`{"s":[{"name":"d","x":{"y":"1"}}]}`, `{"s":[{"name":"d","x":{"y":"2"}}]}`, []string{"s[d].x.y"}},
		"an item that moved":       {`{"s":[{"name":"a"},{"name":"b"}]}`, `{"s":[{"name":"b"},{"name":"a"}]}`, nil},
		"items that came and went": {`{"s":[{"name":"a"}]}`, `{"s":[{"name":"b"}]}`, []string{"s[a]", "s[b]"}},
		"a list of values":         {`{"s":["a"]}`, `{"s":["b"]}`, []string{"s"}},
		"a field that came":        {`{}`, `{"p":true}`, []string{"p"}},
	} {
		if got := blueprint.Changes(tree(row.before), tree(row.after)); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, want %v", sentence, got, row.want)
		}
	}
}
