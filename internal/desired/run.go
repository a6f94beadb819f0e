// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/task"
)

// Keys of a session's Secret, and the files that they become. A key can't hold a slash, so a directory of
// credentials is a prefix.
const (
	passwordFile  = "password"
	taskKeySuffix = ".task.json"
)

// Run is one session's work: who owns it and what its pods share.
type Run struct {
	// Name of the session: its Secret has the same, and its Jobs are named after it.
	Namespace, Name string
	Labels          map[string]string
	Owner           metav1.OwnerReference
	Mover           Mover
	// Repositories are what the Tasks work on; Directory, Forget, Check, Before and Record of a component's
	// Task are filled in by Component.
	Repositories []RunRepository
	// DeadlineSeconds ends every Job; nil means none. Deadline is when the work in it ends. Within sets both.
	DeadlineSeconds *int64
	Deadline        *metav1.Time
	// Scheduler, JobTemplate and Container are the user's settings, from weakest to strongest. Any may be nil.
	Scheduler   *corev1alpha1.JobTemplate
	JobTemplate *metav1alpha1.PodTemplateSpec
	Container   *metav1alpha1.ContainerRuntimeSettings
}

// RunRepository is one Repository with what it takes to open it.
type RunRepository struct {
	Repository *storagev1alpha1.Repository
	Storage    *storagev1alpha1.BackupStorage
	// Credentials are the storage Secret's values; empty in credential-less mode.
	Credentials map[string][]byte
	// Password is the encryption password.
	Password []byte
	// Snapshot is the name of the Snapshot that is written or read.
	Snapshot string
}

// Component is one pod's part of a Run.
type Component struct {
	// Name is the component's, JobName its Job's.
	Name, JobName string
	Task          task.Task
	Plan          addon.Plan
	Target        TargetData
	Security      Security
	NodeName      string
}

// Within bounds the work. The pod ends a little before the time is over, so that it can tell what it struggled with
// before nobody listens any more. restic has fifteen seconds to end, and needs them when the store doesn't answer.
func (r *Run) Within(timeout time.Duration, now time.Time) {
	const longest = 20 * time.Second
	r.DeadlineSeconds = ptr.To(max(int64(timeout/time.Second), 1))
	r.Deadline = ptr.To(metav1.NewTime(now.Add(timeout - min(timeout/3, longest))))
}

// Build builds everything that the work needs: the Secret, which must be there first, and a Job per component.
func (r Run) Build(components []Component) (*corev1.Secret, []*batchv1.Job, error) {
	secret, err := r.Secret(components)
	if err != nil {
		return nil, nil, err
	}
	jobs := make([]*batchv1.Job, 0, len(components))
	for _, c := range components {
		job, err := r.Job(c)
		if err != nil {
			return nil, nil, err
		}
		jobs = append(jobs, job)
	}
	return secret, jobs, nil
}

// Secret builds the short-lived Secret with the Tasks of all components and every credential that they need.
func (r Run) Secret(components []Component) (*corev1.Secret, error) {
	data := map[string][]byte{}
	for i, repo := range r.Repositories {
		data[passwordKey(i)] = repo.Password
		for key, value := range repo.Credentials {
			data[credentialKey(i, key)] = value
		}
	}
	for _, c := range components {
		raw, err := json.Marshal(r.locate(c.Task))
		if err != nil {
			return nil, fmt.Errorf("encoding task of component %s: %w", c.Name, err)
		}
		data[c.Name+taskKeySuffix] = raw
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, OwnerReferences: []metav1.OwnerReference{r.Owner},
		},
		Type: corev1.SecretTypeOpaque,
		Data: data,
	}, nil
}

// locate tells a Task which files its credentials are.
func (r Run) locate(t task.Task) task.Task {
	t.Repositories = slices.Clone(t.Repositories)
	for i := range t.Repositories {
		t.Repositories[i].PasswordFile = passwordKey(i)
		if len(r.Repositories[i].Credentials) > 0 {
			t.Repositories[i].Storage.CredentialsDir = credentialsDir(i)
		}
	}
	return t
}

// items maps the Secret's keys to one component's files: a pod doesn't see the Tasks of others.
func (r Run) items(component string) []corev1.KeyToPath {
	items := []corev1.KeyToPath{{Key: component + taskKeySuffix, Path: task.FileName}}
	for i, repo := range r.Repositories {
		items = append(items, corev1.KeyToPath{Key: passwordKey(i), Path: passwordKey(i)})
		keys := make([]string, 0, len(repo.Credentials))
		for key := range repo.Credentials {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			items = append(items, corev1.KeyToPath{Key: credentialKey(i, key), Path: path.Join(credentialsDir(i), key)})
		}
	}
	return items
}

// Job builds one component's Job with every setting laid over it.
func (r Run) Job(c Component) (*batchv1.Job, error) {
	in := MoverJob{
		Namespace: r.Namespace, Name: c.JobName, Labels: r.Labels, Owner: r.Owner, Mover: r.Mover,
		Secret: r.Name, Items: r.items(c.Name),
		Volumes: slices.Clone(c.Target.Volumes), Mounts: slices.Clone(c.Target.Mounts),
		Security: c.Security, NodeName: c.NodeName, DeadlineSeconds: r.DeadlineSeconds,
	}
	for _, repo := range r.Repositories {
		volume, mount, ok := StorageVolume(repo.Storage)
		if !ok || slices.ContainsFunc(in.Volumes, func(v corev1.Volume) bool { return v.Name == volume.Name }) {
			continue
		}
		if slices.ContainsFunc(in.Mounts, func(m corev1.VolumeMount) bool { return overlaps(m.MountPath, mount.MountPath) }) {
			return nil, fmt.Errorf("BackupStorage %s/%s is mounted at %s, where the target has data too; give it another mountPath",
				repo.Storage.Namespace, repo.Storage.Name, mount.MountPath)
		}
		in.Volumes, in.Mounts = append(in.Volumes, volume), append(in.Mounts, mount)
		in.Security = in.Security.WithWriting()
	}
	if err := r.apart(c); err != nil {
		return nil, err
	}
	job := BuildMoverJob(in)
	job.Spec.Template.Spec.Tolerations = slices.Clone(c.Target.Tolerations)
	addPlan(job, c.Plan)
	OverlayJobTemplate(job, r.Scheduler)
	OverlayPodTemplate(job, r.JobTemplate)
	OverlayContainer(job, r.Container)
	return job, nil
}

// apart makes sure that nothing is mounted over the target's data, or over what KubeStash mounts itself: it would be
// backed up, or restored into, in its place.
func (r Run) apart(c Component) error {
	mounts := slices.Clone(c.Plan.VolumeMounts)
	mounts = append(mounts, c.Plan.Function.VolumeMounts...)
	ours := len(mounts)
	for _, t := range []*metav1alpha1.PodTemplateSpec{schedulers(r.Scheduler), r.JobTemplate} {
		if t != nil {
			mounts = append(mounts, t.Spec.VolumeMounts...)
		}
	}
	for i, m := range mounts {
		at := path.Clean(m.MountPath)
		for _, data := range c.Target.Mounts {
			if m.Name != data.Name && overlaps(at, path.Clean(data.MountPath)) {
				return fmt.Errorf("volume %q would be mounted at %s, where the target has its data (%s)", m.Name, at, data.MountPath)
			}
		}
		if i >= ours && overlaps(at, task.Dir) {
			return fmt.Errorf("volume %q would be mounted at %s, which KubeStash uses itself", m.Name, at)
		}
	}
	return nil
}

func schedulers(t *corev1alpha1.JobTemplate) *metav1alpha1.PodTemplateSpec {
	if t == nil {
		return nil
	}
	return &t.Template
}

// addPlan mounts the task's own volumes. The scratch volume is there already; a plan that replaces its source
// replaces just that.
func addPlan(job *batchv1.Job, plan addon.Plan) {
	spec := &job.Spec.Template.Spec
	for _, v := range plan.Volumes {
		spec.Volumes = upsert(spec.Volumes, corev1.Volume{Name: v.Name, VolumeSource: v.Source.ToCore()}, func(v corev1.Volume) string { return v.Name })
	}
	c := &spec.Containers[0]
	for _, m := range plan.VolumeMounts {
		c.VolumeMounts = upsert(c.VolumeMounts, m, func(m corev1.VolumeMount) string { return m.MountPath })
	}
	f := plan.Function
	for _, m := range f.VolumeMounts {
		c.VolumeMounts = upsert(c.VolumeMounts, m, func(m corev1.VolumeMount) string { return m.MountPath })
	}
	c.VolumeDevices = append(c.VolumeDevices, f.VolumeDevices...)
	c.Ports = append(c.Ports, f.Ports...)
	setValue(&c.WorkingDir, f.WorkingDir)
	if plan.ScratchDir != "" && path.Clean(plan.ScratchDir) != task.ScratchDir {
		c.Args = append(c.Args, "--scratch", plan.ScratchDir)
	}
	OverlayContainer(job, f.RuntimeSettings)
	overlayEnv(c, plan.Function.Env)
}

func passwordKey(i int) string             { return passwordFile + "-" + strconv.Itoa(i) }
func credentialsDir(i int) string          { return "storage-" + strconv.Itoa(i) }
func credentialKey(i int, k string) string { return credentialsDir(i) + "." + k }
