// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
)

func TestTaskName(t *testing.T) {
	for name, want := range map[string]string{
		"logical-backup":        "logical-backup",
		"LogicalBackup":         "logical-backup",
		"LogicalBackupRestore":  "logical-backup-restore",
		"VolumeSnapshotRestore": "volume-snapshot-restore",
		"VolumeClone":           "volume-clone",
		"WALBackup":             "wal-backup",
		"Backup2Disk":           "backup2-disk",
		" logical-backup ":      "logical-backup",
		"":                      "",
	} {
		if got := addon.TaskName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// database is an addon with a program of its own, and a parameter without a default.
func database() addon.Request {
	return addon.Request{
		Addon: &addonsv1alpha1.Addon{
			ObjectMeta: metav1.ObjectMeta{Name: "db-addon"},
			Spec: addonsv1alpha1.AddonSpec{
				BackupTasks: []addonsv1alpha1.Task{{
					Name: "logical-backup", Function: "db-backup", Singleton: true,
					Parameters: []metav1alpha1.ParameterDefinition{
						{Name: "args", Default: "--all"},
						{Name: "user"},
						{Name: "level", Default: "1"},
						{Name: "target", Required: true, Usage: "what to dump"},
						{Name: "paths"}, {Name: "exclude"}, {Name: "enableCache"}, {Name: "scratchDir"}, {Name: "onReadError"},
					},
					VolumeTemplate: []addonsv1alpha1.VolumeTemplate{
						{Name: "${RESTIC_CACHE_VOLUME}"},
						{Name: "${INTERIM_VOLUME}", Source: &metav1alpha1.AddonVolumeSource{VolumeSource: metav1alpha1.VolumeSource{
							PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "${PVC_NAME:=none}"},
						}}},
					},
					VolumeMounts: []corev1.VolumeMount{{Name: "${RESTIC_CACHE_VOLUME}", MountPath: "${scratchDir:=/kubestash-tmp}"}},
				}},
				RestoreTasks: []addonsv1alpha1.Task{{Name: "logical-backup-restore", Function: "absent"}, {Name: "clone"}},
			},
		},
		Functions: map[string]*addonsv1alpha1.Function{"db-backup": {
			ObjectMeta: metav1.ObjectMeta{Name: "db-backup"},
			Spec: addonsv1alpha1.FunctionSpec{
				Image:   "${imageRegistry:=ghcr.io}/db:${DB_VERSION:=1}",
				Command: []string{"dump"},
				Args:    []string{"--user=${user:=postgres}", "--level=${level:=9}", "${args:=}", "${target}", "$HOME", "$(id)"},
				RuntimeSettings: &metav1alpha1.ContainerRuntimeSettings{
					Env: []corev1.EnvVar{{Name: "LANG", Value: "C"}, {Name: "MODE", Value: "slow"}},
				},
			},
		}},
		Direction: addon.Backup,
		Task: corev1alpha1.TaskReference{
			Name:   "LogicalBackup",
			Params: params(`{"target":"demo"}`),
		},
		Vars: map[string]string{"DB_VERSION": "16"},
	}
}

func params(raw string) *runtime.RawExtension { return &runtime.RawExtension{Raw: []byte(raw)} }

func resolve(t *testing.T, change func(*addon.Request)) addon.Plan {
	t.Helper()
	request := database()
	change(&request)
	plan, err := addon.Resolve(request)
	if err != nil {
		t.Fatalf("resolving: %v", err)
	}
	return plan
}

func TestResolve(t *testing.T) {
	for sentence, row := range map[string]struct {
		change func(*addon.Request)
		got    func(addon.Plan) any
		want   any
	}{
		"an alias gives the canonical task": {
			got: func(p addon.Plan) any { return p.Task }, want: "logical-backup"},
		"a task without a driver is restic's": {
			got: func(p addon.Plan) any { return p.Driver }, want: metav1alpha1.DriverRestic},
		"an image is resolved": {
			got: func(p addon.Plan) any { return p.Function.Image }, want: "ghcr.io/db:16"},
		"a default of the addon wins over that of the function, and shell text stays": {
			got:  func(p addon.Plan) any { return p.Function.Args },
			want: []string{"--user=postgres", "--level=1", "--all", "demo", "$HOME", "$(id)"}},
		"a given parameter wins over both, also an empty one": {
			change: func(r *addon.Request) { r.Task.Params = params(`{"target":"t","user":"me","args":""}`) },
			got:    func(p addon.Plan) any { return p.Function.Args },
			want:   []string{"--user=me", "--level=1", "", "t", "$HOME", "$(id)"}},
		"a parameter is data: what looks like a variable in it stays": {
			change: func(r *addon.Request) { r.Task.Params = params(`{"target":"${user}\"; rm -rf /"}`) },
			got:    func(p addon.Plan) any { return p.Function.Args[3] }, want: `${user}"; rm -rf /`},
		"numbers, booleans and lists of params are taken as texts": {
			change: func(r *addon.Request) {
				r.Task.Params = params(`{"target":7,"enableCache":false,"paths":["/a,b","/c"],"level":null}`)
			},
			got:  func(p addon.Plan) any { return []any{p.Params["target"], p.EnableCache, p.Paths, p.Params["level"]} },
			want: []any{"7", false, []string{"/a,b", "/c"}, "1"}},
		"unknown params are reported and have no effect": {
			change: func(r *addon.Request) { r.Task.Params = params(`{"target":"t","zone":"1","imageRegistry":"evil.io"}`) },
			got:    func(p addon.Plan) any { return []any{p.UnknownParams, p.Function.Image} },
			want:   []any{[]string{"imageRegistry", "zone"}, "ghcr.io/db:16"}},
		"lists are split, trimmed, cleaned and free of repetition": {
			change: func(r *addon.Request) {
				r.Task.Params = params(`{"target":"t","paths":" /a/ , /b,,/a","exclude":" *.log , lost+found,"}`)
			},
			got:  func(p addon.Plan) any { return [][]string{p.Paths, p.Exclude, p.Include} },
			want: [][]string{{"/a", "/b"}, {"*.log", "lost+found"}, nil}},
		"without params restic caches in the scratch folder and fails on what it can't read": {
			got:  func(p addon.Plan) any { return []any{p.EnableCache, p.ScratchDir, p.OnReadError} },
			want: []any{true, "/kubestash-tmp", "Fail"}},
		"args of a function with a program are not restic's": {
			got: func(p addon.Plan) any { return p.ResticArgs }, want: []string(nil)},
		"args of a function without one are": {
			change: func(r *addon.Request) {
				r.Functions["db-backup"].Spec = addonsv1alpha1.FunctionSpec{}
				r.Task.Params = params(`{"target":"t","args":"--one-file-system --exclude 'a b' \"c\\\"d\" ''"}`)
			},
			got:  func(p addon.Plan) any { return p.ResticArgs },
			want: []string{"--one-file-system", "--exclude", "a b", `c"d`, ""}},
		"a volume without a source is an empty directory": {
			got:  func(p addon.Plan) any { return []any{p.Volumes[0].Name, p.Volumes[0].Source.EmptyDir != nil} },
			want: []any{"kubestash-tmp-volume", true}},
		"a volume's source is resolved": {
			change: func(r *addon.Request) { r.Vars["PVC_NAME"] = "data" },
			got:    func(p addon.Plan) any { return p.Volumes[1].Source.PersistentVolumeClaim.ClaimName }, want: "data"},
		"a mount is resolved": {
			got:  func(p addon.Plan) any { return p.VolumeMounts },
			want: []corev1.VolumeMount{{Name: "kubestash-tmp-volume", MountPath: "/kubestash-tmp"}}},
		"an addon volume replaces the source by its resolved name": {
			change: func(r *addon.Request) {
				r.Task.AddonVolumes = []corev1alpha1.AddonVolumeInfo{{
					Name: "${RESTIC_CACHE_VOLUME}",
					Source: &metav1alpha1.AddonVolumeSource{VolumeSource: metav1alpha1.VolumeSource{
						HostPath: &corev1.HostPathVolumeSource{Path: "/cache"}}},
				}}
			},
			got: func(p addon.Plan) any {
				return []any{p.Volumes[0].Source.HostPath.Path, p.Volumes[0].Source.EmptyDir == nil, len(p.Volumes)}
			},
			want: []any{"/cache", true, 2}},
		"variables of the task win over the caller's and over the function's environment": {
			change: func(r *addon.Request) {
				r.Task.Variables = []corev1.EnvVar{{Name: "DB_VERSION", Value: "17"}, {Name: "MODE", Value: "fast"}}
			},
			got: func(p addon.Plan) any { return []any{p.Function.Image, p.Function.Env} },
			want: []any{"ghcr.io/db:17", []corev1.EnvVar{
				{Name: "LANG", Value: "C"}, {Name: "MODE", Value: "fast"}, {Name: "DB_VERSION", Value: "17"}}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			change := row.change
			if change == nil {
				change = func(*addon.Request) {}
			}
			if got := row.got(resolve(t, change)); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %#v, want %#v", got, row.want)
			}
		})
	}
}

func TestResolveLeavesItsInputAlone(t *testing.T) {
	request := database()
	request.Task.Variables = []corev1.EnvVar{{Name: "MODE", Value: "fast"}}
	if _, err := addon.Resolve(request); err != nil {
		t.Fatal(err)
	}
	untouched := database()
	untouched.Task.Variables = request.Task.Variables
	if !reflect.DeepEqual(request, untouched) {
		t.Error("the Function of the cache was changed")
	}
}

func TestResolveErrors(t *testing.T) {
	for sentence, row := range map[string]struct {
		change func(*addon.Request)
		want   []string
	}{
		"an unknown task lists the known ones": {
			func(r *addon.Request) { r.Task.Name = "volume-snapshot" },
			[]string{`addon db-addon has no backup task "volume-snapshot"`, "it has logical-backup"}},
		"a task of the other direction is unknown": {
			func(r *addon.Request) { r.Direction = addon.Restore },
			[]string{"no restore task", "it has logical-backup-restore, clone"}},
		"a function that is missing is named": {
			func(r *addon.Request) { r.Direction, r.Task.Name = addon.Restore, "logical-backup-restore" },
			[]string{"function absent doesn't exist", "task logical-backup-restore of addon db-addon"}},
		"a task without a function says so": {
			func(r *addon.Request) { r.Direction, r.Task.Name = addon.Restore, "clone" },
			[]string{"task clone of addon db-addon names no function"}},
		"every problem with the parameters is told at once": {
			func(r *addon.Request) {
				r.Functions["db-backup"].Spec = addonsv1alpha1.FunctionSpec{}
				r.Task.Params = params(`{"user":{"a":1},"paths":"source/data","enableCache":"often","scratchDir":"tmp","onReadError":"Maybe","args":"'open"}`)
			},
			[]string{"user must be a text", "target is required (what to dump)", `paths: "source/data" is not absolute`,
				`enableCache is "often"`, `scratchDir: "tmp" is not absolute`, `onReadError is "Maybe"`, "is not closed"}},
		"params that are no object": {
			func(r *addon.Request) { r.Task.Params = params(`["a"]`) }, []string{"not an object"}},
		"a variable without a value is named with its place": {
			func(r *addon.Request) { r.Functions["db-backup"].Spec.Image = "db:${DB_FLAVOUR}" },
			[]string{"resolving image of function db-backup", "${DB_FLAVOUR}"}},
		"an addon volume that replaces nothing lists what there is": {
			func(r *addon.Request) { r.Task.AddonVolumes = []corev1alpha1.AddonVolumeInfo{{Name: "cache"}} },
			[]string{`no volume "cache"`, "kubestash-tmp-volume", "kubestash-interim-volume"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			request := database()
			row.change(&request)
			_, err := addon.Resolve(request)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q doesn't say %q", err, want)
				}
			}
		})
	}
}

func TestErrorsCanBeTold(t *testing.T) {
	request := database()
	request.Task.Name = "x"
	_, err := addon.Resolve(request)
	var unknown *addon.UnknownTaskError
	if !errors.As(err, &unknown) || len(unknown.Known) != 1 {
		t.Errorf("got %v", err)
	}
}
