// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/apiserver"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/object"
)

// world is one test's part of the cluster: a namespace with controllers of its own.
type world struct {
	*hand.Driver
	namespace string
	logs      *logBuffer
}

func newWorld(ctx context.Context) *world {
	GinkgoHelper()
	w := newWorldOn(ctx, server)
	DeferCleanup(w.clear)
	return w
}

func newWorldOn(ctx context.Context, server apiserver.Server) *world {
	GinkgoHelper()
	w := &world{logs: &logBuffer{}}
	logger := zap.New(zap.WriteTo(io.MultiWriter(GinkgoWriter, w.logs)), zap.UseDevMode(true))
	var err error
	// The API server writes creation times, so the controllers' clock starts with it.
	w.Driver, err = hand.New(ctx, server.Admin, server.Operator, time.Now(), logger)
	Expect(err).NotTo(HaveOccurred())
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	Expect(w.Client.Create(ctx, namespace)).To(Succeed())
	w.namespace = namespace.Name
	return w
}

// clear removes what a test has left, in all namespaces, as far as controllers look beyond their namespace: the next test would
// list it all again and again.
func (w *world) clear(ctx SpecContext) {
	for _, kind := range []schema.GroupVersionKind{
		corev1alpha1.GroupVersion.WithKind("BackupSession"), corev1alpha1.GroupVersion.WithKind("RestoreSession"),
		corev1alpha1.GroupVersion.WithKind("BackupConfiguration"), corev1alpha1.GroupVersion.WithKind("BackupBatch"),
		corev1alpha1.GroupVersion.WithKind("BackupBlueprint"), storagev1alpha1.GroupVersion.WithKind("Snapshot"),
		storagev1alpha1.GroupVersion.WithKind("Repository"), storagev1alpha1.GroupVersion.WithKind("RetentionPolicy"),
		storagev1alpha1.GroupVersion.WithKind("BackupStorage"), batchv1.SchemeGroupVersion.WithKind("CronJob"),
		batchv1.SchemeGroupVersion.WithKind("Job"), appsv1.SchemeGroupVersion.WithKind("Deployment"),
	} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind)
		Expect(w.Client.List(ctx, list)).To(Succeed())
		for i := range list.Items {
			o := &list.Items[i]
			if len(o.Finalizers) > 0 {
				released := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
				Expect(client.IgnoreNotFound(w.Client.Patch(ctx, o, released))).To(Succeed())
			}
			Expect(client.IgnoreNotFound(w.Client.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground)))).To(Succeed())
		}
	}
}

// apply creates objects.
func (w *world) apply(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		Expect(w.Client.Create(ctx, o)).To(Succeed(), "creating %T %s", o, o.GetName())
	}
}

// settle lets the controllers work until they rest.
func (w *world) settle(ctx context.Context) {
	GinkgoHelper()
	Expect(w.Settle(ctx, w.namespace)).To(Succeed())
}

// ground is all that a backup of the Deployment needs, but what asks for one.
func (w *world) ground(ctx context.Context) {
	GinkgoHelper()
	w.apply(ctx,
		object.S3Keys(w.namespace, accessKey, secretKey),
		object.Password(w.namespace, password),
		object.S3(w.namespace, store.Endpoint, bucket),
		object.KeepLast(w.namespace, 3),
		object.VolumeClaim(w.namespace, object.Claim),
		object.Deployment(w.namespace, object.App, object.Claim),
	)
}

func get[T any, P interface {
	*T
	client.Object
}](ctx context.Context, w *world, name string) P {
	GinkgoHelper()
	obj := P(new(T))
	Expect(w.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: name}, obj)).To(Succeed(), "reading %T %s", obj, name)
	return obj
}

func (w *world) configuration(ctx context.Context) *corev1alpha1.BackupConfiguration {
	GinkgoHelper()
	return get[corev1alpha1.BackupConfiguration](ctx, w, object.Configuration)
}

func (w *world) sessions(ctx context.Context) []corev1alpha1.BackupSession {
	GinkgoHelper()
	var list corev1alpha1.BackupSessionList
	Expect(w.Client.List(ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
	return list.Items
}

func (w *world) snapshots(ctx context.Context) []storagev1alpha1.Snapshot {
	GinkgoHelper()
	var list storagev1alpha1.SnapshotList
	Expect(w.Client.List(ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
	return list.Items
}

// jobs are those that move bytes: not those of slots.
func (w *world) jobs(ctx context.Context) []batchv1.Job {
	GinkgoHelper()
	var list batchv1.JobList
	Expect(w.Client.List(ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
	var out []batchv1.Job
	for _, job := range list.Items {
		if job.Spec.ManagedBy == nil {
			out = append(out, job)
		}
	}
	return out
}

// onlyJob is the one Job that hasn't ended.
func (w *world) onlyJob(ctx context.Context) *batchv1.Job {
	GinkgoHelper()
	var open []batchv1.Job
	for _, job := range w.jobs(ctx) {
		if len(job.Status.Conditions) == 0 {
			open = append(open, job)
		}
	}
	Expect(open).To(HaveLen(1), "Jobs that have not ended")
	return &open[0]
}

// runJob plays the one open Job to a good end and returns its Task.
func (w *world) runJob(ctx context.Context) task.Task {
	GinkgoHelper()
	job := w.onlyJob(ctx)
	order, err := w.TaskOf(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	pod, err := w.StartPod(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	Expect(w.EndPod(ctx, job, pod, w.success(order))).To(Succeed())
	return order
}

// success is the Report of a pod that did all that its Task says.
func (w *world) success(order task.Task) task.Report {
	start := metav1.NewTime(w.Clock.Now())
	end := metav1.NewTime(start.Add(3 * time.Second))
	report := task.Report{
		Version: task.Version, Component: order.Component, Succeeded: true, StartTime: start, EndTime: end,
	}
	if order.Kind == task.KindInitStorage {
		report.Inventory = &task.Inventory{}
	}
	for i, repo := range order.Repositories {
		r := task.RepositoryReport{Name: repo.Name, Snapshot: repo.Snapshot, Succeeded: true, Forgotten: repo.Forget}
		if order.Backup != nil {
			for j, path := range order.Backup.Paths {
				r.Summaries = append(r.Summaries, engine.Summary{
					ID: resticID(order.Name, i, j), Path: path, Files: 12, TotalBytes: 3 << 20, AddedBytes: 1 << 20,
					StartTime: start.Time, EndTime: end.Time,
				})
			}
			r.Stats = &engine.Stats{RawBytes: 5 << 20, Snapshots: 1}
		}
		if order.Restore != nil {
			for _, s := range order.Restore.Snapshots {
				r.Restored = append(r.Restored, engine.RestoreSummary{Path: s.Path, Files: 12, TotalBytes: 3 << 20})
			}
		}
		whole := true
		if repo.Check || order.Maintain != nil && order.Maintain.Check {
			r.Integrity = &whole
		}
		if order.Maintain != nil && order.Maintain.Prune {
			freed := int64(3 << 20)
			r.Pruned = &task.Pruned{FreedBytes: &freed}
		}
		report.Repositories = append(report.Repositories, r)
	}
	return report
}

func resticID(session string, repository, path int) string {
	return fmt.Sprintf("%064x", fmt.Sprintf("%.20s-%d-%d", session[max(0, len(session)-20):], repository, path))[:64]
}

// warnings are what users were warned of about an object, as "reason: message".
func (w *world) warnings(name string) []string {
	var out []string
	for _, e := range w.Events() {
		if e.Warning && e.Name == name {
			out = append(out, e.Reason+": "+e.Message)
		}
	}
	return out
}

// haveCondition matches conditions of which one has this type, status and a message that holds the text.
func haveCondition(conditionType string, status metav1.ConditionStatus, text string) OmegaMatcher {
	return WithTransform(func(conditions []metav1alpha1.Condition) string {
		c := metav1alpha1.FindCondition(conditions, conditionType)
		if c == nil {
			return "no condition " + conditionType
		}
		return fmt.Sprintf("%s: %s", c.Status, c.Message)
	}, And(HavePrefix(string(status)+": "), ContainSubstring(text)))
}

// logBuffer holds what was logged.
type logBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return strings.Clone(b.text.String())
}
