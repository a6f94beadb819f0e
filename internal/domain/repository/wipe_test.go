// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

func TestOverlap(t *testing.T) {
	for sentence, c := range map[string]struct {
		a, b string
		want bool
	}{
		"one place, written in two ways":                 {"demo/app", "/demo/./app/", true},
		"two places":                                     {"demo/app", "demo/web", false},
		"a name that only begins alike":                  {"demo/app", "demo/app2", false},
		"one beside the folders of the other":            {"demo", "demo/app", false},
		"one inside the restic repositories":             {"demo", "demo/repository/v1/nightly", true},
		"one inside the documents":                       {"demo", "demo/snapshots", true},
		"the root, and one below":                        {"", "demo", false},
		"the root, and one inside what belongs to it":    {"", "repository/app", true},
		"a folder that is named like one of the other's": {"demo", "demo/repository-of-old", false},
	} {
		if Overlap(c.a, c.b) != c.want || Overlap(c.b, c.a) != c.want {
			t.Errorf("%s: %q and %q: want %v", sentence, c.a, c.b, c.want)
		}
	}
}

func TestPlace(t *testing.T) {
	s3 := func(name, endpoint, prefix string) *storagev1alpha1.BackupStorage {
		return &storagev1alpha1.BackupStorage{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name}, Spec: storagev1alpha1.BackupStorageSpec{
			Storage: storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderS3, S3: &storagev1alpha1.S3Spec{Endpoint: endpoint, Bucket: "b", Prefix: prefix}},
		}}
	}
	volume := func(name string) *storagev1alpha1.BackupStorage {
		return &storagev1alpha1.BackupStorage{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name}, Spec: storagev1alpha1.BackupStorageSpec{
			Storage: storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderLocal, Local: &storagev1alpha1.LocalSpec{}},
		}}
	}
	for sentence, c := range map[string]struct {
		a, b   *storagev1alpha1.BackupStorage
		pa, pb string
		want   bool
	}{
		"two storages that are one bucket":          {s3("one", "https://s3", "/pre/"), s3("two", "https://S3/", "pre"), "app", "/app", true},
		"a prefix that does for a part of the path": {s3("one", "https://s3", ""), s3("two", "https://s3", "demo"), "demo/app", "app", true},
		"the same bucket of two servers":            {s3("one", "https://s3", ""), s3("two", "https://minio", ""), "app", "app", false},
		"two volumes":                               {volume("one"), volume("two"), "app", "app", false},
		"one volume":                                {volume("one"), volume("one"), "app", "app", true},
	} {
		if got := Overlap(Place(c.a, c.pa), Place(c.b, c.pb)); got != c.want {
			t.Errorf("%s: %q and %q: got %v", sentence, Place(c.a, c.pa), Place(c.b, c.pb), got)
		}
	}
}

func TestLetGo(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for sentence, c := range map[string]struct {
		deleted time.Time
		forGood bool
		want    bool
	}{
		"a namespace that stays":                        {time.Time{}, true, false},
		"the Secret is gone with its namespace":         {now.Add(-time.Second), true, true},
		"the store doesn't answer, and may do so again": {now.Add(-time.Minute), false, false},
		"the store hasn't answered for long":            {now.Add(-namespaceGrace), false, true},
	} {
		if got := LetGo(c.deleted, now, c.forGood); got != c.want {
			t.Errorf("%s: got %v", sentence, got)
		}
	}
}
