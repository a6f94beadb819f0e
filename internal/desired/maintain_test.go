// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/task"
)

func maintenanceOf(storageNamespace, provider string) Maintenance {
	storage := &storagev1alpha1.BackupStorage{ObjectMeta: metav1.ObjectMeta{Namespace: storageNamespace, Name: "store"}}
	storage.Spec.Storage.Provider = provider
	storage.Spec.Storage.Local = &storagev1alpha1.LocalSpec{MountPath: "/backups"}
	storage.Spec.RuntimeSettings.Pod = &metav1alpha1.PodRuntimeSettings{ServiceAccountName: "bucket", NodeSelector: map[string]string{"pool": "backup"}}
	repo := &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "repo", UID: "r", CreationTimestamp: metav1.Unix(1795402800, 0),
	}}
	repo.Spec.Path, repo.Spec.StorageRef = "/demo/", metav1alpha1.ObjectReference{Namespace: storageNamespace, Name: "store"}
	return Maintenance{
		Repository: RunRepository{Repository: repo, Storage: storage, Password: []byte("secret"), Credentials: map[string][]byte{"KEY": []byte("key")}},
		Paths:      []string{"repository/v1/nightly/dump-0", "repository/v1/nightly/dump-1"},
		Work:       task.Maintain{Prune: true, Check: true, ReadDataSubset: "3/52"}, EndedJobs: []string{"web-1"}, Mover: Mover{Image: "mover:1"},
		Timeout: time.Hour, Now: time.Unix(1795406400, 0), Name: MaintenanceName(repo, nil), Request: "today",
		Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}},
	}
}

func TestOneMaintenanceJobWorksOffEveryResticRepository(t *testing.T) {
	secret, job, err := maintenanceOf("shop", storagev1alpha1.ProviderS3).Build()
	if err != nil {
		t.Fatal(err)
	}
	if job.Name != "maintain-repo-1795402800" || secret.Name != job.Name || *job.Spec.ActiveDeadlineSeconds != 3600 ||
		job.Labels[metav1alpha1.LabelRepoName] != "repo" || job.OwnerReferences[0].UID != "r" || secret.OwnerReferences[0].UID != "r" {
		t.Errorf("Job %+v, Secret %s", job.ObjectMeta, secret.Name)
	}
	var order task.Task
	if err := json.Unmarshal(secret.Data[job.Name+taskKeySuffix], &order); err != nil {
		t.Fatal(err)
	}
	if order.Kind != task.KindMaintain || order.Job != job.Name || !slices.Equal(order.EndedJobs, []string{"web-1"}) || len(order.Repositories) != 2 ||
		order.Repositories[1].Directory != "demo/repository/v1/nightly/dump-1" || order.Repositories[1].Name != "repository/v1/nightly/dump-1" {
		t.Errorf("Task %+v", order)
	}
	if prune, check, subset := MaintenanceWork(job); !prune || !check || subset != "3/52" {
		t.Errorf("the Job says prune %v, check %v, %q", prune, check, subset)
	}
	if got := job.Annotations[metav1alpha1.AnnotationMaintain]; got != "today" {
		t.Errorf("the Job was made for the request %q", got)
	}
	c := job.Spec.Template.Spec.Containers[0]
	if c.Resources.Limits.Memory().String() != "64Mi" || c.Resources.Requests.Memory().String() != "64Mi" {
		t.Errorf("resources: %+v", c.Resources)
	}
	if caps := c.SecurityContext.Capabilities.Add; !slices.Equal(caps, []corev1.Capability{"DAC_READ_SEARCH"}) {
		t.Errorf("on a network store it may %v", caps)
	}
}

func TestTheNameOfAMaintenance(t *testing.T) {
	repo := maintenanceOf("shop", storagev1alpha1.ProviderS3).Repository.Repository
	started := metav1.Unix(1795402801, 0)
	for sentence, c := range map[string]struct {
		last *metav1.Time
		want string
	}{
		"is, for the first, when the Repository was made": {nil, "maintain-repo-1795402800"},
		"is, for others, the second after the last start": {&started, "maintain-repo-1795402802"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := MaintenanceName(repo, c.last); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAMaintenanceJobRunsWhereAndAsTheSettingsSay(t *testing.T) {
	for sentence, c := range map[string]struct {
		storageNamespace, own, want string
	}{
		"with the storage's account, in its namespace":     {"shop", "", "bucket"},
		"with no account of another namespace":             {"infra", "", ""},
		"with an account of its own, which wins":           {"shop", "mine", "mine"},
		"with an account of its own where nothing is lent": {"infra", "mine", "mine"},
	} {
		in := maintenanceOf(c.storageNamespace, storagev1alpha1.ProviderS3)
		in.ServiceAccountName = c.own
		_, job, err := in.Build()
		if err != nil {
			t.Fatal(err)
		}
		spec := job.Spec.Template.Spec
		if spec.ServiceAccountName != c.want || spec.NodeSelector["pool"] != "backup" {
			t.Errorf("%s: account %q, node selector %v", sentence, spec.ServiceAccountName, spec.NodeSelector)
		}
	}
}

func TestOnAVolumeAMaintenanceMayGiveItsFilesAway(t *testing.T) {
	_, job, err := maintenanceOf("shop", storagev1alpha1.ProviderLocal).Build()
	if err != nil {
		t.Fatal(err)
	}
	spec := job.Spec.Template.Spec
	if caps := spec.Containers[0].SecurityContext.Capabilities.Add; !slices.Contains(caps, "CHOWN") || !slices.Contains(caps, "DAC_OVERRIDE") {
		t.Errorf("it may only %v", caps)
	}
	if !slices.ContainsFunc(spec.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/backups" }) {
		t.Errorf("the storage is not mounted: %+v", spec.Containers[0].VolumeMounts)
	}
}

// The Repository is as old as the API server's clock says, and starts are told by the operator's, which may be behind: a Job with the name of
// an earlier one would be taken for it, and its Report for that of a check that was never made.
func TestNoMaintenanceHasTheNameOfAnother(t *testing.T) {
	created := time.Unix(1795406400, 0)
	repo := &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Name: "repo", CreationTimestamp: metav1.NewTime(created)}}
	seen := map[string]string{MaintenanceName(repo, nil): "the first"}
	for second := -3; second <= 3; second++ {
		start := metav1.NewTime(created.Add(time.Duration(second) * time.Second))
		name, after := MaintenanceName(repo, &start), fmt.Sprintf("the one after a start %d seconds later", second)
		if of := seen[name]; of != "" {
			t.Errorf("%s has the name of %s: %s", after, of, name)
		}
		seen[name] = after
	}
}
