// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"encoding/json"
	"fmt"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/task"
)

// AnnotationGeneration, on the Job of a BackupStorage, is the generation that it was made for.
const AnnotationGeneration = "kubestash.com/generation"

// Annotations of the Job that reads a volume: for which round it does, and after which document.
const (
	AnnotationRound = "kubestash.com/sync-round"
	AnnotationAfter = "kubestash.com/sync-after"
)

const (
	// storageJobDeadline ends a Job whose pod can't start or hangs. Its failure is told, and it is tried again.
	storageJobDeadline int64 = 600
	// storageJobKept is how long an ended Job stays, in seconds: after a failure, that long until the next try.
	storageJobKept int32 = 300
	// readJobKept is longer: what its pod has printed may take a while to be made.
	readJobKept int32 = 3600
)

// StorageJob is a Job that works on a storage on a volume.
type StorageJob struct {
	Storage *storagev1alpha1.BackupStorage
	// Name of the Job, and of its Secret.
	Name  string
	Mover Mover
	// NamespaceLabels are those of the storage's namespace.
	NamespaceLabels map[string]string
}

// InitStorageJob builds the Job that writes files into the volume and proves that it can be written. It runs with
// the rights that backups run with.
func InitStorageJob(in StorageJob) *batchv1.Job {
	return storageJob(in, metav1alpha1.JobComponentInitializer, BackupSecurity(nil, in.NamespaceLabels).WithWriting())
}

// WipeJob builds the Job that erases data from the volume, whoever it belongs to there.
func WipeJob(in StorageJob) *batchv1.Job {
	return storageJob(in, metav1alpha1.JobComponentCleaner, RestoreSecurity(nil, in.NamespaceLabels))
}

// ReadStorageJob builds the Job that prints the documents on the volume. It stays for as long as its log may be read, and
// is removed then.
func ReadStorageJob(in StorageJob, round, after string) *batchv1.Job {
	job := storageJob(in, metav1alpha1.JobComponentInitializer, BackupSecurity(nil, in.NamespaceLabels))
	job.Annotations[AnnotationRound], job.Annotations[AnnotationAfter] = round, after
	job.Spec.TTLSecondsAfterFinished = ptr.To(readJobKept)
	return job
}

// ReadStorageTask is what such a Job is told.
func ReadStorageTask(in StorageJob, after string) task.Task {
	t := storageTask(in, task.KindReadDocuments)
	t.After = after
	return t
}

// InitStorageTask is what an init Job is told.
func InitStorageTask(in StorageJob, files []task.File) task.Task {
	t := storageTask(in, task.KindInitStorage)
	t.Files = files
	return t
}

// WipeTask is what a cleanup Job is told. Paths that end in a slash are folders.
func WipeTask(in StorageJob, paths []string) task.Task {
	t := storageTask(in, task.KindWipe)
	t.Wipe = paths
	return t
}

func storageTask(in StorageJob, kind task.Kind) task.Task {
	return task.Task{
		Version: task.Version, Kind: kind, Name: in.Storage.Name, Namespace: in.Storage.Namespace, Job: in.Name,
		Storage: &task.Storage{Backend: *in.Storage.Spec.Storage.DeepCopy()},
	}
}

// TaskSecret builds the Secret of a Job without credentials. It lives as long as the Job.
func TaskSecret(job *batchv1.Job, t task.Task) (*corev1.Secret, error) {
	content, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encoding task of job %s: %w", job.Name, err)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: job.Namespace, Name: job.Name, Labels: job.Labels,
			OwnerReferences: []metav1.OwnerReference{
				*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job")),
			},
		},
		Data: map[string][]byte{task.FileName: content},
	}, nil
}

func storageJob(in StorageJob, component string, security Security) *batchv1.Job {
	s := in.Storage
	var volumes []corev1.Volume
	var mounts []corev1.VolumeMount
	if volume, mount, ok := StorageVolume(s); ok {
		volumes, mounts = append(volumes, volume), append(mounts, mount)
	}
	job := BuildMoverJob(MoverJob{
		Namespace: s.Namespace, Name: in.Name,
		Labels:   StorageLabels(s, component),
		Owner:    *metav1.NewControllerRef(s, storagev1alpha1.GroupVersion.WithKind(storagev1alpha1.KindBackupStorage)),
		Mover:    in.Mover,
		Secret:   in.Name,
		Volumes:  volumes,
		Mounts:   mounts,
		Security: security, DeadlineSeconds: ptr.To(storageJobDeadline),
	})
	job.Annotations = map[string]string{AnnotationGeneration: strconv.FormatInt(s.Generation, 10)}
	job.Spec.TTLSecondsAfterFinished = ptr.To(storageJobKept)
	OverlayPod(job, s.Spec.RuntimeSettings.Pod)
	OverlayContainer(job, s.Spec.RuntimeSettings.Container)
	return job
}

// StorageLabels are on what is made for a BackupStorage.
func StorageLabels(s *storagev1alpha1.BackupStorage, component string) map[string]string {
	return map[string]string{
		metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
		metav1alpha1.LabelComponent:        component,
		metav1alpha1.LabelInvokerKind:      storagev1alpha1.KindBackupStorage,
		metav1alpha1.LabelInvokerName:      naming.LabelValue(s.Name),
		metav1alpha1.LabelInvokerNamespace: s.Namespace,
	}
}

// StorageVolume is the volume of a storage that only pods can reach, and where a pod mounts it; false for a storage
// on the network. The volume's name differs between storages, so that a pod can have several.
func StorageVolume(s *storagev1alpha1.BackupStorage) (corev1.Volume, corev1.VolumeMount, bool) {
	local := s.Spec.Storage.Local
	if s.Spec.Storage.Provider != storagev1alpha1.ProviderLocal || local == nil {
		return corev1.Volume{}, corev1.VolumeMount{}, false
	}
	name := naming.Disambiguate(metav1alpha1.PrefixStorageVolume, s.Namespace+"/"+s.Name)
	volume := metav1alpha1.Volume{Name: name, VolumeSource: local.VolumeSource}
	return volume.ToCore(), corev1.VolumeMount{Name: name, MountPath: local.MountPath, SubPath: local.SubPath}, true
}
