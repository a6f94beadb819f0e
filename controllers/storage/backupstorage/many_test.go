// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store/storetest"
	"kubestash.com/kubestash/internal/task"
)

// More than a status lists.
const manyRepositories = 1100

func manyOn() []client.Object {
	objects := []client.Object{secret(), namespaced("demo")}
	for i := range manyRepositories {
		objects = append(objects, repo(fmt.Sprintf("r-%04d", i)))
	}
	return objects
}

func wipedOut(s *storagev1alpha1.BackupStorage) {
	s.Spec.DeletionPolicy = storagev1alpha1.DeletionPolicyWipeOut
	s.Finalizers, s.DeletionTimestamp, s.Generation = []string{metav1alpha1.FinalizerCleanup}, ptr.To(metav1.NewTime(noon)), 2
}

// wipes are the paths that a Job is told to erase.
func (h *house) wipes(job string) []string {
	h.t.Helper()
	told, found, err := kube.Get[corev1.Secret](context.Background(), h.client, "demo", job)
	var order task.Task
	if err == nil && found {
		err = json.Unmarshal(told.Data[task.FileName], &order)
	}
	if err != nil || !found {
		h.t.Fatalf("reading the task of Job %s: found: %t, %v", job, found, err)
	}
	return order.Wipe
}

func TestTheStatusListsAPartOfManyRepositories(t *testing.T) {
	h := newHouse(t, &storetest.Backend{}, append(manyOn(), s3Storage())...)
	h.pass()
	s := h.storage()
	if len(s.Status.Repositories) != 1000 || s.Status.RepositoryCount != manyRepositories {
		t.Errorf("it lists %d of %d", len(s.Status.Repositories), s.Status.RepositoryCount)
	}
	if s.Status.TotalSizeBytes == nil || *s.Status.TotalSizeBytes != manyRepositories<<20 {
		t.Errorf("in all they have %v", s.Status.TotalSizeBytes)
	}
	if document := h.backend.Content("metadata.yaml"); strings.Count(document, "path: /r-") != manyRepositories {
		t.Errorf("the document lists %d", strings.Count(document, "path: /r-"))
	}
	version := s.ResourceVersion
	h.pass()
	if h.storage().ResourceVersion != version {
		t.Error("it is written again though nothing has changed")
	}
}

func TestAllOfManyRepositoriesAreErased(t *testing.T) {
	b := &storetest.Backend{}
	b.Set("holiday.jpg", "x")
	for i := range manyRepositories {
		b.Set(fmt.Sprintf("r-%04d/repository.yaml", i), "x")
		b.Set(fmt.Sprintf("r-%04d/repository/v1/full/dump/config", i), "x")
	}
	h := newHouse(t, b, append(manyOn(), s3Storage(wipedOut))...)
	for range 20 {
		if s := h.storage(); s == nil {
			break
		} else if len(s.Status.Repositories) > 1000 {
			t.Fatalf("the status lists %d", len(s.Status.Repositories))
		}
		h.pass()
	}
	if h.storage() != nil {
		t.Error("it is still there")
	}
	if left := b.Keys(); !slices.Equal(left, []string{"holiday.jpg"}) {
		t.Errorf("%d objects are left, such as %s", len(left), left[0])
	}
	h.expectEvents("Normal BackupDataWipedOut")
}

func TestAllOfManyRepositoriesOnAVolumeAreErased(t *testing.T) {
	s := localStorage()
	wipedOut(s)
	h := newHouse(t, &storetest.Backend{Volume: true}, append(manyOn(), s)...)
	var erased []string
	done := map[string]bool{}
	for range 20 {
		if h.storage() == nil {
			break
		}
		h.pass()
		var jobs batchv1.JobList
		h.do(func(ctx context.Context, c client.Client) error { return c.List(ctx, &jobs) })
		for _, job := range jobs.Items {
			if done[job.Name] {
				continue
			}
			done[job.Name] = true
			erased = append(erased, h.wipes(job.Name)...)
			h.finishJob(job.Name, task.Report{Version: task.Version, Succeeded: true})
		}
	}
	if h.storage() != nil || len(done) != 2 {
		t.Errorf("it is still there after %d Jobs", len(done))
	}
	if documents := slices.DeleteFunc(slices.Clone(erased), func(p string) bool { return !strings.HasSuffix(p, "/repository.yaml") }); len(documents) != manyRepositories {
		t.Errorf("%d Repositories were erased", len(documents))
	}
	if at := slices.Index(erased, "metadata.yaml"); at != len(erased)-1 {
		t.Errorf("metadata.yaml, by which the rest is found, was number %d of %d", at+1, len(erased))
	}
}
