// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/backend/inventory"
	"kubestash.com/kubestash/internal/backend/local"
)

func volume(t *testing.T, keys ...string) backend.Objects {
	t.Helper()
	o, err := local.Backend{}.Objects(storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderLocal, Local: &storagev1alpha1.LocalSpec{
		VolumeSource: metav1alpha1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/any"}}, MountPath: t.TempDir(),
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	for _, key := range keys {
		if err := o.Put(t.Context(), key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// read returns what lies after a key: documents, and problems with a "!" before.
func read(t *testing.T, o backend.Objects, after string) []string {
	t.Helper()
	var found []string
	err := inventory.Read(t.Context(), o, after, inventory.Visitor{
		Folder: func(string) error { return nil },
		Document: func(d inventory.Document) error {
			if d.Problem != "" {
				found = append(found, "!"+d.Key)
				return nil
			}
			if string(d.Content) != d.Key {
				t.Errorf("%s has the content %q", d.Key, d.Content)
			}
			found = append(found, d.Key)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// everything is a store with all that can lie in one; want is what a walk finds.
func everything(t *testing.T) (o backend.Objects, want []string) {
	t.Helper()
	o = volume(t,
		"metadata.yaml", "readme.txt", "junk/a/b/c",
		"apps/web/repository.yaml", "apps/web/snapshots/web-2.yaml", "apps/web/snapshots/web-1.yaml",
		"apps/web/snapshots/deeper/web-3.yaml", "apps/web/snapshots/note.txt",
		"apps/web/repository/v1/daily/dump/config", "apps/web/repository/v1/daily/dump/keys/k", "apps/web/repository/v1/daily/dump/snapshots/s",
		"apps/web/inner/repository.yaml", "apps/web/inner/snapshots/i.yaml",
		"apps/lost/repository/v1/daily/dump/config", "apps/lost/repository/v1/daily/dump/keys/k",
		"snapshots/odd/repository.yaml", "repository/odd/repository.yaml", "zoo/repository.yaml",
	)
	return o, []string{
		"!apps/lost/repository/v1/daily/dump/config",
		"apps/web/repository.yaml", "apps/web/snapshots/web-1.yaml", "apps/web/snapshots/web-2.yaml",
		"apps/web/inner/repository.yaml", "apps/web/inner/snapshots/i.yaml",
		"repository/odd/repository.yaml", "snapshots/odd/repository.yaml", "zoo/repository.yaml",
	}
}

func TestDocumentsAreFoundAndWhatResticKeepsIsNot(t *testing.T) {
	o, want := everything(t)
	if got := read(t, o, ""); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAWalkGoesOnFromEveryPlaceWhereItStopped(t *testing.T) {
	o, want := everything(t)
	for i, after := range want {
		if got := read(t, o, strings.TrimPrefix(after, "!")); !slices.Equal(got, want[i+1:]) {
			t.Errorf("after %s: got %q, want %q", after, got, want[i+1:])
		}
	}
	var folders []string
	err := inventory.Read(t.Context(), o, "", inventory.Visitor{
		Folder: func(key string) error {
			folders = append(folders, key)
			return nil
		},
		Document: func(inventory.Document) error { return nil },
	})
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		i := slices.IndexFunc(want, func(key string) bool {
			return strings.HasPrefix(strings.TrimPrefix(key, "!"), strings.TrimPrefix(folder, "/"))
		})
		if i < 0 {
			continue
		}
		if got := read(t, o, folder); !slices.Equal(got, want[i:]) {
			t.Errorf("from the folder %s: got %q, want %q", folder, got, want[i:])
		}
	}
}

func TestARepositoryAtTheRootIsFound(t *testing.T) {
	o := volume(t, "repository.yaml", "snapshots/a.yaml", "repository/v1/s/c/config", "other/repository.yaml")
	if got, want := read(t, o, ""), []string{"repository.yaml", "snapshots/a.yaml", "other/repository.yaml"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoDocumentIsLeftOutWhereThereAreMoreThanAreHeld(t *testing.T) {
	const count = 12345
	o := &numbered{Objects: volume(t, "a/repository.yaml"), count: count}
	got := read(t, o, "")
	if len(got) != count+1 || !slices.IsSorted(got[1:]) || got[count] != "a/snapshots/s-12344.yaml" {
		t.Errorf("got %d documents, the last is %s", len(got), got[len(got)-1])
	}
}

// numbered has many Snapshots' documents, listed backwards.
type numbered struct {
	backend.Objects
	count int
}

func (n *numbered) List(_ context.Context, prefix string, each func(string) error) error {
	for i := n.count - 1; i >= 0; i-- {
		if err := each(fmt.Sprintf("%ss-%05d.yaml", prefix, i)); err != nil {
			return err
		}
	}
	return nil
}

func (n *numbered) Get(ctx context.Context, key string, limit int64) ([]byte, error) {
	if strings.Contains(key, "/s-") {
		return []byte(key), nil
	}
	return n.Objects.Get(ctx, key, limit)
}

func (n *numbered) Browse(ctx context.Context, folder string, each func(backend.Entry) error) error {
	return n.Objects.(backend.Browser).Browse(ctx, folder, each)
}

func TestWhatCannotBeReadIsAProblemOfThatDocument(t *testing.T) {
	o := volume(t, "a/repository.yaml", "b/repository.yaml", strings.Repeat("d/", 40)+"repository.yaml")
	if err := o.Put(t.Context(), "a/snapshots/huge.yaml", make([]byte, 2<<20)); err != nil {
		t.Fatal(err)
	}
	want := []string{"a/repository.yaml", "!a/snapshots/huge.yaml", "b/repository.yaml", "!" + strings.Repeat("d/", 33) + "*"}
	if got := read(t, o, ""); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestACallersErrorEndsTheWalk(t *testing.T) {
	o, _ := everything(t)
	stop := errors.New("stop")
	for sentence, v := range map[string]inventory.Visitor{
		"at a document": {Folder: func(string) error { return nil }, Document: func(inventory.Document) error { return stop }},
		"at a folder":   {Folder: func(string) error { return stop }, Document: func(inventory.Document) error { return nil }},
	} {
		if err := inventory.Read(t.Context(), o, "", v); !errors.Is(err, stop) {
			t.Errorf("%s: got %v", sentence, err)
		}
	}
}
