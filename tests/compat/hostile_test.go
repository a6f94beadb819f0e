// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat_test

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/config/crd"
	"kubestash.com/kubestash/config/crd/crdtest"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/domain/schedule"
	"kubestash.com/kubestash/internal/validate"
	"kubestash.com/kubestash/tests/compat"
	"kubestash.com/kubestash/tests/kit/object"
)

// hostile are texts that somebody would have to be careless with to be hurt by.
var hostile = map[string]string{
	"ten thousand letters": strings.Repeat("x", 10_000),
	"words of the world":   "日本語 العربية 🎈 \u202e\u0000\u00ad",
	"quotes and lines":     "'\"`\\\n\r\t\x1b[31m",
	"a variable":           "${",
	"a variable of ours":   "${namespace//a/${namespace}}",
	"YAML":                 "a: {b: [c\n---\nkind: Secret",
	"a shell":              "x; reboot #`reboot` $(reboot) && | > /etc/passwd",
	"a Go template":        "{{ .Secret }}{{ printf \"%s\" . | html }}",
	"a way out":            "../../../etc/passwd",
	"a flag":               "--password-command=reboot",
	"nothing":              "",
}

// Whatever stands in a text of an object: the API server or our own rules refuse it, naming a field, or what is made of it is
// valid and stays where it belongs. Nobody panics.
func TestNoTextHurts(t *testing.T) {
	server, err := crdtest.New(crd.Bases, "bases")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sample func() client.Object
		look   func(t *testing.T, raw []byte)
	}{
		corev1alpha1.KindBackupConfiguration: {
			func() client.Object { return object.BackupConfiguration("demo") }, lookAt(wantSoundConfiguration)},
		corev1alpha1.KindRestoreSession: {
			func() client.Object { return object.RestoreSession("demo", "back", "latest") }, lookAt(wantSoundRestore)},
		"HookTemplate": {
			func() client.Object {
				return object.HookTemplate("demo", "hook", object.ByOperator(), object.Post("h", 80, "/", ""))
			}, lookAt(wantSoundHook)},
		storagev1alpha1.KindBackupStorage: {
			func() client.Object { return object.S3("demo", "https://s3.example.com", "bucket") }, lookAt(wantSoundStorage)},
		"RetentionPolicy": {
			func() client.Object { return object.KeepLast("demo", 3) }, lookAt(func(t *testing.T, p *storagev1alpha1.RetentionPolicy) {
				wantWords(t, validate.RetentionPolicy(p))
			})},
	} {
		t.Run(name, func(t *testing.T) {
			accepted, tried := 0, 0
			for _, text := range compat.Texts(reflect.TypeOf(c.sample()).Elem()) {
				if !strings.HasPrefix(text.Path, "spec.") {
					continue
				}
				for what, value := range hostile {
					tried++
					obj := c.sample()
					text.Set(reflect.ValueOf(obj), value)
					if raw := try(t, server, obj, text.Path, what); raw != nil {
						accepted++
						c.look(t, raw)
					}
				}
			}
			if accepted == 0 || accepted == tried {
				t.Errorf("%d of %d were accepted: nothing was tried", accepted, tried)
			}
		})
	}
}

// try returns what the API server would store, or nil when it refuses the object.
func try(t *testing.T, server *crdtest.Server, obj client.Object, at, what string) []byte {
	t.Helper()
	for _, gvk := range server.Kinds() {
		if gvk.Kind == reflect.TypeOf(obj).Elem().Name() {
			obj.GetObjectKind().SetGroupVersionKind(gvk)
		}
	}
	raw, err := json.Marshal(obj)
	if err != nil {
		t.Fatalf("%s with %s: %v", at, what, err)
	}
	answer, err := server.Create(raw)
	if err != nil {
		t.Fatalf("%s with %s: %v", at, what, err)
	}
	if len(answer.Errors) > 0 {
		return nil
	}
	if raw, err = json.Marshal(answer.Object.Object); err != nil {
		t.Fatal(err)
	}
	return raw
}

func lookAt[T any](look func(*testing.T, *T)) func(*testing.T, []byte) {
	return func(t *testing.T, raw []byte) {
		t.Helper()
		obj := new(T)
		if err := json.Unmarshal(raw, obj); err != nil {
			t.Fatal(err)
		}
		look(t, obj)
	}
}

// wantWords fails for a mistake that doesn't say where it is. It reports whether there is one.
func wantWords(t *testing.T, mistakes field.ErrorList) bool {
	t.Helper()
	for _, m := range mistakes {
		if !strings.HasPrefix(m.Field, "spec") || m.Error() == "" {
			t.Errorf("a mistake without a place: %v", m)
		}
	}
	return len(mistakes) > 0
}

func wantSoundConfiguration(t *testing.T, bc *corev1alpha1.BackupConfiguration) {
	t.Helper()
	if wantWords(t, validate.Invoker(invoker.Of(bc))) {
		return
	}
	for i := range bc.Spec.Sessions {
		s := &bc.Spec.Sessions[i]
		expr, err := schedule.Resolve(s.Scheduler.Schedule, "demo/app/"+s.Name)
		if err != nil {
			t.Errorf("schedule %q was accepted: %v", s.Scheduler.Schedule, err)
			continue
		}
		cron := desired.Trigger(invoker.Of(bc), &s.SessionConfig, expr, false)
		wantName(t, cron.Name)
		for key, value := range cron.Labels {
			if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
				t.Errorf("label %s: %v", key, problems)
			}
		}
		for _, r := range s.Repositories {
			if clean := repository.CleanPath(r.Directory); path.IsAbs(clean) || strings.HasPrefix(clean, "..") || strings.Contains(clean, "/../") {
				t.Errorf("directory %q leads to %q", r.Directory, clean)
			}
		}
	}
}

func wantSoundRestore(t *testing.T, rs *corev1alpha1.RestoreSession) {
	t.Helper()
	wantWords(t, validate.RestoreSession(rs))
}

func wantSoundHook(t *testing.T, h *corev1alpha1.HookTemplate) {
	t.Helper()
	wantWords(t, validate.HookTemplate(h))
}

// wantSoundStorage also looks at what restic would be told.
func wantSoundStorage(t *testing.T, s *storagev1alpha1.BackupStorage) {
	t.Helper()
	if wantWords(t, validate.BackupStorage(s, all.Find)) {
		return
	}
	b, err := all.Find(s.Spec.Storage.Provider)
	if err != nil {
		t.Fatal(err)
	}
	secret := map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("id"), "AWS_SECRET_ACCESS_KEY": []byte("key")}
	access, err := b.Access(s.Spec.Storage, secret, "demo/app")
	if err != nil {
		return
	}
	if strings.HasPrefix(access.URL, "-") || strings.Contains(access.URL, "\x00") || strings.Contains(access.URL, "/../") {
		t.Errorf("restic would be told %q", access.URL)
	}
	for _, arg := range access.Args {
		if strings.Contains(arg, "reboot") {
			t.Errorf("restic would be given %q", arg)
		}
	}
}

func wantName(t *testing.T, name string) {
	t.Helper()
	if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 || name == "" {
		t.Errorf("%s is no name: %v", fmt.Sprintf("%.80q", name), problems)
	}
}
