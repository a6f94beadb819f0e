// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/kube"
)

// triggers remembers what the CronJobs say. The cache holds their metadata alone, because most of a CronJob is a pod's template that is never
// used; their generation tells whether one still says what it said. What isn't remembered, as after a restart, is read.
type triggers struct {
	mutex sync.Mutex
	known map[client.ObjectKey]trigger
}

// trigger is what one generation of a CronJob says.
type trigger struct {
	uid        types.UID
	generation int64
	suspended  bool
	content    uint64
}

func (t *triggers) recall(cronJob metav1.Object) (trigger, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	known, found := t.known[client.ObjectKey{Namespace: cronJob.GetNamespace(), Name: cronJob.GetName()}]
	return known, found && known.uid == cronJob.GetUID() && known.generation == cronJob.GetGeneration()
}

func (t *triggers) remember(cronJob *batchv1.CronJob) trigger {
	is := trigger{
		uid: cronJob.UID, generation: cronJob.Generation, suspended: ptr.Deref(cronJob.Spec.Suspend, false), content: contentOf(cronJob),
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.known == nil {
		t.known = map[client.ObjectKey]trigger{}
	}
	t.known[client.ObjectKeyFromObject(cronJob)] = is
	return is
}

func (t *triggers) forget(namespace, name string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.known, client.ObjectKey{Namespace: namespace, Name: name})
}

// contentOf stands for all that desired.Trigger sets but the pod's template. What the API server and others have added isn't in it.
func contentOf(cronJob *batchv1.CronJob) uint64 {
	spec, job := cronJob.Spec, cronJob.Spec.JobTemplate
	return hash([]any{
		spec.Schedule, spec.TimeZone, spec.StartingDeadlineSeconds, spec.ConcurrencyPolicy, spec.Suspend, spec.SuccessfulJobsHistoryLimit,
		spec.FailedJobsHistoryLimit, job.Spec.ManagedBy, job.Spec.TTLSecondsAfterFinished, marks(job.Labels, job.Annotations),
	})
}

// withMarks adds the CronJob's own labels and annotations, which change without a new generation.
func withMarks(content uint64, cronJob metav1.Object) uint64 {
	return hash([]any{content, marks(cronJob.GetLabels(), cronJob.GetAnnotations())})
}

func marks(labels, annotations map[string]string) []string {
	var out []string
	for _, key := range []string{
		metav1alpha1.LabelManagedBy, metav1alpha1.LabelInvokerKind, metav1alpha1.LabelInvokerName, metav1alpha1.LabelInvokerNamespace,
		metav1alpha1.LabelSessionName,
	} {
		out = append(out, labels[key])
	}
	return append(out, annotations[desired.AnnotationSession], annotations[desired.AnnotationInvoker])
}

func hash(of []any) uint64 {
	// Texts, numbers, and pointers to them: they can always be written.
	content, _ := json.Marshal(of)
	h := fnv.New64a()
	_, _ = h.Write(content)
	return h.Sum64()
}

// cronJobs finds those of an invoker.
func (r *worker) cronJobs(ctx context.Context, of *invoker.Invoker, facts *configuration.Facts) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(batchv1.SchemeGroupVersion.WithKind("CronJobList"))
	if err := r.Client.List(ctx, list, client.InNamespace(of.Namespace),
		client.MatchingLabels{metav1alpha1.LabelInvokerName: naming.LabelValue(of.Name)}); err != nil {
		return fmt.Errorf("listing CronJobs of %s: %w", of.Name, err)
	}
	facts.CronJobs = map[string]configuration.CronJob{}
	for i := range list.Items {
		cronJob := &list.Items[i]
		if !of.Owns(cronJob) {
			continue
		}
		is, known := r.triggers.recall(cronJob)
		if !known {
			live, found, err := kube.Get[batchv1.CronJob](ctx, r.Live, cronJob.Namespace, cronJob.Name)
			if err != nil {
				return err
			}
			if !found || !of.Owns(live) {
				continue // the cache is behind
			}
			is = r.triggers.remember(live)
		}
		facts.CronJobs[cronJob.Annotations[desired.AnnotationSession]] = configuration.CronJob{
			Name: cronJob.Name, Suspended: is.suspended, Content: withMarks(is.content, cronJob),
		}
	}
	return nil
}

func (r *worker) ensureCronJob(
	ctx context.Context, of *invoker.Invoker, facts configuration.Facts, intent configuration.EnsureCronJob,
) error {
	wanted := desired.Trigger(of, of.Session(intent.Session).SessionConfig, intent.Schedule, intent.Suspend)
	content := withMarks(contentOf(wanted), wanted)
	if known, exists := facts.CronJobs[intent.Session]; exists {
		if known.Content == content {
			return nil
		}
		wanted.Name = known.Name
	}
	existing, found, err := kube.Get[batchv1.CronJob](ctx, r.Live, of.Namespace, wanted.Name)
	if err != nil {
		return err
	}
	if found && !of.Owns(existing) {
		// Long names are cut in the middle, so two configurations can want one name.
		wanted.Name = naming.DisambiguateWithin(naming.CronJobLimit, wanted.Name, of.Namespace+"/"+of.Name+"/"+intent.Session)
		if existing, found, err = kube.Get[batchv1.CronJob](ctx, r.Live, of.Namespace, wanted.Name); err != nil {
			return err
		}
		if found && !of.Owns(existing) {
			return &kube.ForeignError{Kind: "CronJob", Namespace: of.Namespace, Name: wanted.Name}
		}
	}
	if found && withMarks(contentOf(existing), existing) == content {
		r.triggers.remember(existing)
		return nil // the cache was behind
	}
	r.triggers.forget(of.Namespace, wanted.Name)
	return kube.Apply(ctx, r.Client, wanted, true)
}

func (r *worker) suspendCronJob(ctx context.Context, of *invoker.Invoker, intent configuration.SuspendCronJob) error {
	r.triggers.forget(of.Namespace, intent.Name)
	cronJob := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: intent.Name}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"suspend":true}}`))
	if err := r.Client.Patch(ctx, cronJob, patch, client.FieldOwner(kube.FieldOwner)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("suspending CronJob %s: %w", intent.Name, err)
	}
	return nil
}

func (r *worker) removeCronJob(ctx context.Context, of *invoker.Invoker, intent configuration.RemoveCronJob) error {
	r.triggers.forget(of.Namespace, intent.Name)
	return kube.Delete(ctx, r.Client, &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: intent.Name}})
}

// forgetCronJobs is for an invoker that goes: its CronJobs go with it.
func (r *worker) forgetCronJobs(of *invoker.Invoker) {
	for _, session := range of.Sessions {
		r.triggers.forget(of.Namespace, naming.CronJob(of.Name, session.Name))
	}
}
