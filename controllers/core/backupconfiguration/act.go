// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/kube"
)

// act carries the intents out, in order. One that fails doesn't stop the others, but no backup is started then:
// the status must have told first that everything is there.
func (r *worker) act(
	ctx context.Context, facts configuration.Facts, before, status *invoker.Status, intents []configuration.Intent,
) error {
	of := facts.Invoker
	var failures []error
	for _, intent := range intents {
		if first, ok := intent.(configuration.StartFirst); ok && len(failures) > 0 {
			configuration.Unstarted(before, status, first.Session)
			continue
		}
		if err := r.actOne(ctx, of, facts, intent); err != nil {
			configuration.Failed(of, status, intent, err.Error(), facts.Now)
			failures = append(failures, err)
		}
	}
	return outcome(failures)
}

// outcome tells what only a human can mend from what may go well next time.
func outcome(failures []error) error {
	for _, err := range failures {
		var foreign *kube.ForeignError
		if !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) && !errors.As(err, &foreign) {
			return errors.Join(failures...)
		}
	}
	if len(failures) > 0 {
		return kube.Stall("something could not be made", errors.Join(failures...))
	}
	return nil
}

func (r *worker) actOne(
	ctx context.Context, of *invoker.Invoker, facts configuration.Facts, intent configuration.Intent,
) error {
	switch intent := intent.(type) {
	case configuration.EnsureRepository:
		return r.ensureRepository(ctx, of, facts, intent)
	case configuration.EnsureCronJob:
		return r.ensureCronJob(ctx, of, facts, intent)
	case configuration.SuspendCronJob:
		return r.suspendCronJob(ctx, of, intent)
	case configuration.RemoveCronJob:
		return kube.Delete(ctx, r.Client, &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: intent.Name}})
	case configuration.StartFirst:
		return r.startFirst(ctx, of, intent)
	default:
		return fmt.Errorf("acting on %T: it is not known", intent)
	}
}

// ensureRepository applies without force: users may change the policy of a Repository by hand before they
// delete something, and their value stays.
func (r *worker) ensureRepository(
	ctx context.Context, of *invoker.Invoker, facts configuration.Facts, intent configuration.EnsureRepository,
) error {
	wanted := desired.Repository(of, intent.Info, intent.AppRef, intent.Storage)
	existing, exists := facts.Repositories[wanted.Name]
	if exists {
		// What the Repository says of itself may be another spelling of the same, and can't be changed.
		wanted.Spec.AppRef, wanted.Spec.StorageRef, wanted.Spec.Path = existing.Spec.AppRef, existing.Spec.StorageRef, existing.Spec.Path
	}
	if exists && equality.Semantic.DeepDerivative(wanted.Labels, existing.Labels) &&
		wanted.Spec.DeletionPolicy == existing.Spec.DeletionPolicy &&
		equality.Semantic.DeepEqual(wanted.Spec.Maintenance, existing.Spec.Maintenance) &&
		equality.Semantic.DeepEqual(wanted.Spec.EncryptionSecret, existing.Spec.EncryptionSecret) {
		return nil
	}
	err := kube.Apply(ctx, r.Client, wanted, false)
	if exists && apierrors.IsConflict(err) {
		log.FromContext(ctx).V(1).Info("Keeping a Repository as somebody else has changed it", "repository", wanted.Name)
		return nil
	}
	return err
}

func (r *worker) ensureCronJob(
	ctx context.Context, of *invoker.Invoker, facts configuration.Facts, intent configuration.EnsureCronJob,
) error {
	wanted := desired.Trigger(of, of.Session(intent.Session).SessionConfig, intent.Schedule, intent.Suspend)
	if known, exists := facts.CronJobs[intent.Session]; exists {
		wanted.Name = known.Name
	}
	// At each slot nothing has changed, and the cache is enough to see that.
	cached, found, err := kube.Get[batchv1.CronJob](ctx, r.Client, of.Namespace, wanted.Name)
	if err != nil || found && of.Owns(cached) && isSameTrigger(cached, wanted) {
		return err
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
	return kube.Apply(ctx, r.Client, wanted, true)
}

// isSameTrigger compares what we set: the API server fills in the rest. The pod's template isn't looked at: the cache doesn't have it, as
// no pod is made of it.
func isSameTrigger(existing, wanted *batchv1.CronJob) bool {
	spec := wanted.Spec
	spec.JobTemplate.Spec.Template = corev1.PodTemplateSpec{}
	return equality.Semantic.DeepDerivative(spec, existing.Spec) &&
		equality.Semantic.DeepDerivative(wanted.Labels, existing.Labels) &&
		equality.Semantic.DeepDerivative(wanted.Annotations, existing.Annotations) &&
		// A field that is wanted empty counts as well.
		ptr.Equal(existing.Spec.TimeZone, wanted.Spec.TimeZone) &&
		ptr.Equal(existing.Spec.StartingDeadlineSeconds, wanted.Spec.StartingDeadlineSeconds) &&
		ptr.Equal(existing.Spec.JobTemplate.Spec.TTLSecondsAfterFinished, wanted.Spec.JobTemplate.Spec.TTLSecondsAfterFinished)
}

func (r *worker) suspendCronJob(ctx context.Context, of *invoker.Invoker, intent configuration.SuspendCronJob) error {
	cronJob := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: intent.Name}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"suspend":true}}`))
	if err := r.Client.Patch(ctx, cronJob, patch, client.FieldOwner(kube.FieldOwner)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("suspending CronJob %s: %w", intent.Name, err)
	}
	return nil
}

// startFirst makes the first run. It is named after the invoker's creation, so it can't be made twice as
// long as it is there; the condition remembers it after that.
func (r *worker) startFirst(ctx context.Context, of *invoker.Invoker, intent configuration.StartFirst) error {
	run := desired.BackupSession(of, of.Session(intent.Session).SessionConfig, of.Created.Time)
	isSame := func(existing *corev1alpha1.BackupSession) bool { return desired.IsSameRun(existing, run) }
	_, err := kube.Create(ctx, r.Client, r.Live, run.DeepCopy(), isSame)
	var foreign *kube.ForeignError
	if errors.As(err, &foreign) {
		_, err = kube.Create(ctx, r.Client, r.Live, desired.DisambiguateBackupSession(run), isSame)
	}
	return err
}

// finalize takes along the Repositories that go with an invoker. CronJobs and BackupSessions have it
// as their owner and go by themselves.
func (r *worker) finalize(ctx context.Context, of *invoker.Invoker) error {
	own, err := r.ownRepositories(ctx, of)
	if err != nil {
		return err
	}
	facts := configuration.DeletionFacts{Invoker: of, Repositories: own, SharedBy: map[string][]string{}}
	for name := range own {
		others, err := r.others(ctx, of, byReference, key(storagev1alpha1.KindRepository, of.Namespace, name), client.InNamespace(of.Namespace))
		if err != nil {
			return fmt.Errorf("finding who uses Repository %s: %w", name, err)
		}
		for _, other := range others {
			facts.SharedBy[name] = append(facts.SharedBy[name], other.Name)
		}
	}
	for _, drop := range configuration.Delete(facts) {
		if err := r.dropRepository(ctx, of, drop); err != nil {
			return err
		}
	}
	return nil
}

func (r *worker) dropRepository(ctx context.Context, of *invoker.Invoker, drop configuration.DropRepository) error {
	repository := &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: drop.Name}}
	if drop.WipeOut {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"deletionPolicy":"WipeOut"}}`))
		if err := r.Client.Patch(ctx, repository, patch, client.FieldOwner(kube.FieldOwner)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("changing the policy of Repository %s: %w", drop.Name, err)
		}
	}
	return kube.Delete(ctx, r.Client, repository)
}
