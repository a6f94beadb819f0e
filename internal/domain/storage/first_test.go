// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/storage"
)

func TestEarlier(t *testing.T) {
	made := func(name string, minute int, repositories int) storagev1alpha1.BackupStorage {
		s := storagev1alpha1.BackupStorage{ObjectMeta: metav1.ObjectMeta{
			Namespace: "demo", Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(minute)*60, 0)),
		}}
		s.Status.Repositories = make([]storagev1alpha1.RepositoryInfo, repositories)
		return s
	}
	for sentence, row := range map[string]struct {
		s, other storagev1alpha1.BackupStorage
		earlier  bool
	}{
		"an older one was there":                            {made("s", 2, 0), made("o", 1, 0), true},
		"a younger one was not":                             {made("s", 1, 0), made("o", 2, 0), false},
		"one that holds Repositories was, whatever its age": {made("s", 1, 0), made("o", 2, 1), true},
		"one without them was not, when we hold some":       {made("s", 2, 1), made("o", 1, 0), false},
		"of the same age the name decides":                  {made("s", 1, 0), made("o", 1, 0), true},
		"and decides for us, too":                           {made("a", 1, 0), made("o", 1, 0), false},
		"nobody was there before itself":                    {made("s", 1, 0), made("s", 1, 0), false},
	} {
		if got := storage.Earlier(&row.s, []storagev1alpha1.BackupStorage{row.other}); (len(got) == 1) != row.earlier {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}

func TestTrim(t *testing.T) {
	s3 := func(bucket, endpoint, prefix string) *storagev1alpha1.Backend {
		return &storagev1alpha1.Backend{S3: &storagev1alpha1.S3Spec{Bucket: bucket, Endpoint: endpoint, Prefix: prefix}}
	}
	for sentence, row := range map[string]struct {
		spec, before, want *storagev1alpha1.Backend
	}{
		"one slash goes": {s3("b/", "https://e/", "/p/"), nil, s3("b", "https://e", "/p")},
		"only one":       {s3("b", "", "p//"), nil, s3("b", "", "p/")},
		"what was written with it stays, as it is": {s3("b/", "", "p"), s3("b/", "", "p/"), s3("b/", "", "p/")},
		"what was trimmed stays so":                {s3("b/", "", "p/"), s3("b", "", "p"), s3("b", "", "p")},
		"what changes is trimmed":                  {s3("c/", "", "p"), s3("b/", "", "p"), s3("c", "", "p")},
		"a section that comes is trimmed":          {s3("b/", "", ""), &storagev1alpha1.Backend{}, s3("b", "", "")},
		"gcs and azure, too": {
			&storagev1alpha1.Backend{GCS: &storagev1alpha1.GCSSpec{Bucket: "b/", Prefix: "p/"}, Azure: &storagev1alpha1.AzureSpec{Prefix: "p/", Container: "c/"}}, nil,
			&storagev1alpha1.Backend{GCS: &storagev1alpha1.GCSSpec{Bucket: "b", Prefix: "p"}, Azure: &storagev1alpha1.AzureSpec{Prefix: "p", Container: "c/"}}},
		"a volume has nothing to trim": {&storagev1alpha1.Backend{}, &storagev1alpha1.Backend{}, &storagev1alpha1.Backend{}},
	} {
		if storage.Trim(row.spec, row.before); !reflect.DeepEqual(row.spec, row.want) {
			t.Errorf("%s: %+v", sentence, row.spec)
		}
	}
}
