// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/backend/backendtest"
	"kubestash.com/kubestash/internal/backend/local"
	"kubestash.com/kubestash/internal/engine"
)

func on(mountPath string) storagev1alpha1.Backend {
	return storagev1alpha1.Backend{Provider: "local", Local: &storagev1alpha1.LocalSpec{
		MountPath:    mountPath,
		VolumeSource: claim("backups"),
	}}
}

func claim(name string) metav1alpha1.VolumeSource {
	return metav1alpha1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
}

func TestObjectsKeepTheContract(t *testing.T) {
	dir := t.TempDir()
	backendtest.Objects(t, func(t *testing.T) backend.Objects {
		o, err := local.Backend{}.Objects(on(dir), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = o.Close() })
		return o
	})
}

func TestOtherUsersCanWorkWithWhatIsWritten(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	dir := t.TempDir()
	o, err := local.Backend{}.Objects(on(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if err := o.Put(t.Context(), "a/b/f.yaml", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"a": 0o777, "a/b": 0o777, "a/b/f.yaml": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestALinkDoesNotLeadOutOfTheVolume(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "way-out")); err != nil {
		t.Fatal(err)
	}
	o, err := local.Backend{}.Objects(on(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if err := o.Put(t.Context(), "way-out/f", []byte("x")); err == nil {
		t.Error("a file was written outside of the volume")
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
		t.Errorf("outside: %v, %v", entries, err)
	}
}

func TestAVolumeThatIsNotMountedIsUnreachable(t *testing.T) {
	_, err := local.Backend{}.Objects(on(filepath.Join(t.TempDir(), "nothing")), nil)
	if engine.ClassOf(err) != engine.ClassUnreachable || !strings.Contains(err.Error(), "nothing is mounted") {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*storagev1alpha1.Backend)
		want   string
	}{
		"a claim with a mount path is right": {func(*storagev1alpha1.Backend) {}, ""},
		"the section is missing":             {func(b *storagev1alpha1.Backend) { b.Local = nil }, "storage.local is missing"},
		"the mount path is missing":          {func(b *storagev1alpha1.Backend) { b.Local.MountPath = "" }, "mountPath is missing"},
		"the mount path is relative":         {func(b *storagev1alpha1.Backend) { b.Local.MountPath = "safe/data" }, "absolute path"},
		"the mount path is the root":         {func(b *storagev1alpha1.Backend) { b.Local.MountPath = "//" }, "below /"},
		"the mount path climbs":              {func(b *storagev1alpha1.Backend) { b.Local.MountPath = "/safe/../../etc" }, "must not contain"},
		"the sub-path climbs":                {func(b *storagev1alpha1.Backend) { b.Local.SubPath = "a/../../b" }, "subPath"},
		"the sub-path is absolute":           {func(b *storagev1alpha1.Backend) { b.Local.SubPath = "/a" }, "subPath"},
		"there is no volume":                 {func(b *storagev1alpha1.Backend) { b.Local.PersistentVolumeClaim = nil }, "names no volume"},
		"there are two":                      {func(b *storagev1alpha1.Backend) { b.Local.NFS = &corev1.NFSVolumeSource{} }, "nfs and persistentVolumeClaim"},
		"a negative number of connections":   {func(b *storagev1alpha1.Backend) { b.Local.MaxConnections = -1 }, "maxConnections"},
		"the volume ends with the pod": {func(b *storagev1alpha1.Backend) {
			b.Local.VolumeSource = metav1alpha1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
		}, "can't keep backups"},
	} {
		t.Run(sentence, func(t *testing.T) {
			spec := on("/safe/data")
			c.change(&spec)
			got := strings.Join(local.Backend{}.Validate(spec), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want … %q", got, c.want)
			}
		})
	}
}

func TestLocationIsThePlaceAndNotTheSpelling(t *testing.T) {
	nfs := func(p, mount, sub string) storagev1alpha1.Backend {
		b := on(mount)
		b.Local.SubPath = sub
		b.Local.VolumeSource = metav1alpha1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: p}}
		return b
	}
	same := local.Backend{}.Location(nfs("/export", "/a", ""))
	if got := (local.Backend{}).Location(nfs("/export/", "/b", ".")); got != same {
		t.Errorf("one place, two locations: %s and %s", same, got)
	}
	if got := (local.Backend{}).Location(nfs("/export", "/a", "sub")); got == same {
		t.Errorf("two places, one location: %s", got)
	}
	if got := (local.Backend{}).Location(on("/a")); got == same || !strings.Contains(got, "backups") {
		t.Errorf("a claim: %s", got)
	}
}

func TestAccess(t *testing.T) {
	spec := on("/safe/data/")
	spec.Local.MaxConnections = 3
	access, err := local.Backend{}.Access(spec, nil, "/demo//repo/repository/v1/s/dump/")
	if err != nil || access.URL != "/safe/data/demo/repo/repository/v1/s/dump" || !slices.Equal(access.Args, []string{"-o", "local.connections=3"}) {
		t.Errorf("got %+v, %v", access, err)
	}
	for _, dir := range []string{"", "..", "a/../../b"} {
		if access, err := (local.Backend{}).Access(spec, nil, dir); err == nil {
			t.Errorf("%q leads to %s", dir, access.URL)
		}
	}
}
