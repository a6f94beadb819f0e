// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/task"
)

const canary = "canary-4b1d"

func exampleRun() (Run, Component) {
	storage := &storagev1alpha1.BackupStorage{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "s3"}}
	storage.Spec.Storage = storagev1alpha1.Backend{
		Provider: storagev1alpha1.ProviderS3, S3: &storagev1alpha1.S3Spec{Bucket: "b", SecretName: "s3-secret"},
	}
	run := Run{
		Namespace: "shop", Name: "web-nightly-1",
		Mover:  Mover{Image: "mover:1", Env: []corev1.EnvVar{{Name: "HTTPS_PROXY", Value: "http://proxy.example.com:3128"}}},
		Labels: map[string]string{metav1alpha1.LabelManagedBy: metav1alpha1.ManagedByKubeStash},
		Repositories: []RunRepository{{
			Repository:  &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "repo"}},
			Storage:     storage,
			Credentials: map[string][]byte{"AWS_ACCESS_KEY_ID": []byte(canary + "-id"), "AWS_SECRET_ACCESS_KEY": []byte(canary + "-key")},
			Password:    []byte(canary + "-password"), Snapshot: "snap",
		}},
	}
	component := Component{
		Name: "dump", JobName: "web-nightly-1",
		Task: task.Task{
			Version: task.Version, Kind: task.KindBackup, Component: "dump",
			Repositories: []task.Repository{{Name: "repo", Storage: task.Storage{Backend: storage.Spec.Storage}}},
		},
		Target: TargetData{
			Volumes: []corev1.Volume{claimVolume("data")}, Mounts: []corev1.VolumeMount{{Name: "data", MountPath: "/srv", ReadOnly: true}},
		},
		Security: BackupSecurity(nil, nil),
	}
	return run, component
}

func TestNoSecretIsInAJob(t *testing.T) {
	run, component := exampleRun()
	job, err := run.Job(component)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), canary) {
		t.Errorf("a secret value is in the Job: %s", raw)
	}
}

// Whatever the operator was told of the network, and a user's word goes before it.
func TestAPodKnowsTheWayToTheNetwork(t *testing.T) {
	run, component := exampleRun()
	for want, env := range map[string][]corev1.EnvVar{
		"http://proxy.example.com:3128": nil, "http://own:1": {{Name: "HTTPS_PROXY", Value: "http://own:1"}},
	} {
		run.Container = &metav1alpha1.ContainerRuntimeSettings{Env: env}
		job, err := run.Job(component)
		if err != nil {
			t.Fatal(err)
		}
		if got := job.Spec.Template.Spec.Containers[0].Env; len(got) != 1 || got[0].Name != "HTTPS_PROXY" || got[0].Value != want {
			t.Errorf("with %v the container has %v", env, got)
		}
	}
}

func TestATaskNamesFilesAndHoldsNoSecret(t *testing.T) {
	run, component := exampleRun()
	secret, err := run.Secret([]Component{component})
	if err != nil {
		t.Fatal(err)
	}
	raw := secret.Data["dump.task.json"]
	if strings.Contains(string(raw), canary) {
		t.Errorf("a secret value is in the Task: %s", raw)
	}
	var got task.Task
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	repo := got.Repositories[0]
	if repo.PasswordFile == "" || repo.Storage.CredentialsDir == "" {
		t.Fatalf("the Task doesn't say where its credentials are: %+v", repo)
	}
	// Every file that the Task names is mounted from a key that exists.
	files := map[string]string{}
	for _, item := range run.items("dump") {
		if _, ok := secret.Data[item.Key]; !ok {
			t.Errorf("the pod mounts key %q, which the Secret doesn't have", item.Key)
		}
		files[item.Path] = item.Key
	}
	for _, want := range []string{
		task.FileName, repo.PasswordFile,
		repo.Storage.CredentialsDir + "/AWS_ACCESS_KEY_ID", repo.Storage.CredentialsDir + "/AWS_SECRET_ACCESS_KEY",
	} {
		if files[want] == "" {
			t.Errorf("file %s is not mounted; mounted are %v", want, files)
		}
	}
	if string(secret.Data[files[repo.PasswordFile]]) != canary+"-password" {
		t.Error("the password file holds something else")
	}
}

func TestSettingsOfUsersWinAndTheRestStays(t *testing.T) {
	run, component := exampleRun()
	run.Scheduler = &corev1alpha1.JobTemplate{BackoffLimit: ptr.To[int32](4)}
	run.JobTemplate = &metav1alpha1.PodTemplateSpec{
		Metadata: metav1alpha1.TemplateMeta{Labels: map[string]string{"team": "shop", metav1alpha1.LabelManagedBy: "me"}},
		Spec: metav1alpha1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](1000)},
			Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
				corev1.ResourceMemory: resource.MustParse("64Mi"),
			}},
			ServiceAccountName: "backup",
		},
	}
	run.Container = &metav1alpha1.ContainerRuntimeSettings{Env: []corev1.EnvVar{{Name: "A", Value: "1"}}}
	job, err := run.Job(component)
	if err != nil {
		t.Fatal(err)
	}
	pod := job.Spec.Template
	c := pod.Spec.Containers[0]
	for name, ok := range map[string]bool{
		"backoffLimit is the user's":                        *job.Spec.BackoffLimit == 4,
		"the user's label is there":                         pod.Labels["team"] == "shop",
		"our label can't be replaced":                       pod.Labels[metav1alpha1.LabelManagedBy] == metav1alpha1.ManagedByKubeStash,
		"runAsUser is the user's":                           *pod.Spec.SecurityContext.RunAsUser == 1000,
		"the seccomp profile stays":                         pod.Spec.SecurityContext.SeccompProfile != nil,
		"a request above the user's limit comes down to it": c.Resources.Requests.Memory().Cmp(*c.Resources.Limits.Memory()) <= 0,
		"a ServiceAccount that is named has its token":      pod.Spec.AutomountServiceAccountToken == nil,
		"the environment is the user's":                     len(c.Env) == 2 && c.Env[1].Name == "A",
		"the capabilities stay dropped":                     len(c.SecurityContext.Capabilities.Drop) == 1,
	} {
		if !ok {
			t.Errorf("not so: %s", name)
		}
	}
}

func TestAPodHasNoAPITokenUnlessAskedFor(t *testing.T) {
	run, component := exampleRun()
	job, err := run.Job(component)
	if err != nil {
		t.Fatal(err)
	}
	if ptr.Deref(job.Spec.Template.Spec.AutomountServiceAccountToken, true) {
		t.Error("the pod gets an API token")
	}
	if *job.Spec.PodReplacementPolicy != batchv1.Failed {
		t.Error("a second mover may start while the first one still ends")
	}
}

func TestAPlanReplacesTheScratchVolume(t *testing.T) {
	run, component := exampleRun()
	component.Plan = addon.Plan{Volumes: []addon.Volume{{Name: metav1alpha1.VolumeTmp, Source: metav1alpha1.AddonVolumeSource{
		VolumeSource: metav1alpha1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "cache"}},
	}}}}
	job, err := run.Job(component)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := volumeNamed(job.Spec.Template.Spec.Volumes, metav1alpha1.VolumeTmp)
	if !ok || v.PersistentVolumeClaim == nil || v.EmptyDir != nil {
		t.Errorf("got %+v, want the claim alone", v)
	}
}

func TestStorageAndDataAtOnePlaceAreRefused(t *testing.T) {
	run, component := exampleRun()
	run.Repositories[0].Storage.Spec.Storage = storagev1alpha1.Backend{
		Provider: storagev1alpha1.ProviderLocal,
		Local:    &storagev1alpha1.LocalSpec{MountPath: "/srv/backup", VolumeSource: metav1alpha1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}},
	}
	if _, err := run.Job(component); err == nil || !strings.Contains(err.Error(), "mountPath") {
		t.Errorf("got error %v, want one that says to change mountPath", err)
	}
}

func TestAPodEndsBeforeNobodyListens(t *testing.T) {
	now := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	for timeout, want := range map[time.Duration]time.Duration{
		time.Hour: time.Hour - 20*time.Second, 30 * time.Second: 20 * time.Second, 0: 0,
	} {
		var run Run
		run.Within(timeout, now)
		if got := run.Deadline.Sub(now); got != want {
			t.Errorf("of %s a pod has %s, want %s", timeout, got, want)
		}
		if seconds := *run.DeadlineSeconds; seconds != max(int64(timeout/time.Second), 1) {
			t.Errorf("of %s a Job has %d s", timeout, seconds)
		}
	}
}
