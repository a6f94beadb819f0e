// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/task"
)

// Annotations on a maintenance Job: what it was told, for the one who finds it.
const (
	annotationWork   = "kubestash.com/maintenance"
	annotationSubset = "kubestash.com/read-data-subset"

	workCheck, workPrune = "check", "prune"
)

// maintenanceJobKept is how long, in seconds, an ended maintenance Job stays to be looked at.
const maintenanceJobKept int32 = 86400

// Maintenance is the Job that checks and prunes the restic repositories of one Repository.
type Maintenance struct {
	// Repository has the keys that open it.
	Repository RunRepository
	// Paths are its restic repositories, relative to its path.
	Paths           []string
	Work            task.Maintain
	EndedJobs       []string
	Mover           Mover
	NamespaceLabels map[string]string
	Timeout         time.Duration
	Now             time.Time
	// Name is that of the Job.
	Name string
	// Request is the value of the annotation that asks for maintenance.
	Request string
	// Resources and ServiceAccountName win over the storage's runtimeSettings.
	Resources          corev1.ResourceRequirements
	ServiceAccountName string
}

// Build builds the Job and its Secret. Both belong to the Repository: the Secret goes as soon as the Job has ended.
func (m Maintenance) Build() (*corev1.Secret, *batchv1.Job, error) {
	repo, storage := m.Repository.Repository, m.Repository.Storage
	name := m.Name
	run := Run{
		Namespace: repo.Namespace, Name: name, Labels: MaintenanceLabels(repo), Mover: m.Mover,
		Owner: *metav1.NewControllerRef(repo, storagev1alpha1.GroupVersion.WithKind(storagev1alpha1.KindRepository)),
	}
	run.Within(m.Timeout, m.Now)
	work := m.Work
	order := task.Task{
		Version: task.Version, Kind: task.KindMaintain, Name: name, Namespace: repo.Namespace, Job: name, EndedJobs: m.EndedJobs,
		Maintain: &work, EnableCache: true, Deadline: run.Deadline,
	}
	for _, path := range m.Paths {
		run.Repositories = append(run.Repositories, m.Repository)
		order.Repositories = append(order.Repositories, task.Repository{
			Name: path, Storage: task.Storage{Backend: *storage.Spec.Storage.DeepCopy()},
			Directory: repository.InnerDir(repo.Spec.Path, path),
		})
	}
	security := BackupSecurity(nil, m.NamespaceLabels)
	if storage.Spec.Storage.Provider == storagev1alpha1.ProviderLocal {
		// What a prune writes has to belong to whom the rest belongs.
		security = RestoreSecurity(nil, m.NamespaceLabels)
	}
	secret, jobs, err := run.Build([]Component{{Name: name, JobName: name, Task: order, Security: security}})
	if err != nil {
		return nil, nil, err
	}
	job := jobs[0]
	job.Annotations = map[string]string{
		annotationWork: words(work), annotationSubset: work.ReadDataSubset, metav1alpha1.AnnotationMaintain: m.Request,
	}
	job.Spec.TTLSecondsAfterFinished = ptr.To(maintenanceJobKept)
	m.overlay(job)
	return secret, job, nil
}

// MaintenanceName is that of the Job that comes after the maintenance which was started last; nil when there was none. No start leads to the
// second in which the Repository was created, which the first Job is named after: the operator's clock may be behind the API server's.
func MaintenanceName(repo *storagev1alpha1.Repository, last *metav1.Time) string {
	created := repo.CreationTimestamp.Unix()
	if last == nil {
		return naming.MaintenanceJob(repo.Name, created)
	}
	number := last.Unix()
	if number >= created {
		number++
	}
	return naming.MaintenanceJob(repo.Name, number)
}

// overlay lays the settings over the Job. The storage's ServiceAccount is in its own namespace.
func (m Maintenance) overlay(job *batchv1.Job) {
	storage := m.Repository.Storage
	if pod := storage.Spec.RuntimeSettings.Pod; pod != nil {
		pod = pod.DeepCopy()
		if storage.Namespace != job.Namespace {
			pod.ServiceAccountName = ""
		}
		OverlayPod(job, pod)
	}
	OverlayContainer(job, storage.Spec.RuntimeSettings.Container)
	spec := &job.Spec.Template.Spec
	setServiceAccount(spec, m.ServiceAccountName)
	overlayResources(&spec.Containers[0], m.Resources)
}

// MaintenanceLabels are on a maintenance Job and its pod.
func MaintenanceLabels(repo *storagev1alpha1.Repository) map[string]string {
	return map[string]string{
		metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
		metav1alpha1.LabelComponent:        metav1alpha1.JobComponentMaintenance,
		metav1alpha1.LabelInvokerKind:      storagev1alpha1.KindRepository,
		metav1alpha1.LabelInvokerName:      naming.LabelValue(repo.Name),
		metav1alpha1.LabelInvokerNamespace: repo.Namespace,
		metav1alpha1.LabelRepoName:         naming.LabelValue(repo.Name),
		metav1alpha1.LabelStorage:          StorageLabel(repo),
	}
}

// StorageLabel tells the maintenance Jobs of a Repository's storage from others.
func StorageLabel(repo *storagev1alpha1.Repository) string {
	namespace := repo.Spec.StorageRef.Namespace
	if namespace == "" {
		namespace = repo.Namespace
	}
	return naming.LabelValue(namespace + "/" + repo.Spec.StorageRef.Name)
}

// MaintenanceWork reads from a Job what it was told to do.
func MaintenanceWork(job *batchv1.Job) (prune, check bool, subset string) {
	for word := range strings.SplitSeq(job.Annotations[annotationWork], ",") {
		prune, check = prune || word == workPrune, check || word == workCheck
	}
	return prune, check, job.Annotations[annotationSubset]
}

func words(work task.Maintain) string {
	var all []string
	if work.Check {
		all = append(all, workCheck)
	}
	if work.Prune {
		all = append(all, workPrune)
	}
	return strings.Join(all, ",")
}
