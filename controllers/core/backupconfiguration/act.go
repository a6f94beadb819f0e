// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
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
func (r *Reconciler) act(
	ctx context.Context, facts configuration.Facts, before, status *corev1alpha1.BackupConfigurationStatus, intents []configuration.Intent,
) error {
	bc := &facts.Configuration
	var failures []error
	for _, intent := range intents {
		if first, ok := intent.(configuration.StartFirst); ok && len(failures) > 0 {
			configuration.Unstarted(before, status, first.Session)
			continue
		}
		if err := r.actOne(ctx, bc, facts, intent); err != nil {
			configuration.Failed(bc, status, intent, err.Error(), facts.Now)
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

func (r *Reconciler) actOne(
	ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts configuration.Facts, intent configuration.Intent,
) error {
	switch intent := intent.(type) {
	case configuration.EnsureRepository:
		return r.ensureRepository(ctx, bc, facts, intent)
	case configuration.EnsureCronJob:
		return r.ensureCronJob(ctx, bc, facts, intent)
	case configuration.SuspendCronJob:
		return r.suspendCronJob(ctx, bc, intent)
	case configuration.RemoveCronJob:
		return kube.Delete(ctx, r.Client, &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: bc.Namespace, Name: intent.Name}})
	case configuration.StartFirst:
		return r.startFirst(ctx, bc, intent)
	default:
		return fmt.Errorf("acting on %T: it is not known", intent)
	}
}

// ensureRepository applies without force: users may change the policy of a Repository by hand before they
// delete something, and their value stays.
func (r *Reconciler) ensureRepository(
	ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts configuration.Facts, intent configuration.EnsureRepository,
) error {
	wanted := desired.Repository(invoker.OfConfiguration(bc), intent.Info, intent.AppRef, intent.Storage)
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

func (r *Reconciler) ensureCronJob(
	ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts configuration.Facts, intent configuration.EnsureCronJob,
) error {
	session := sessionNamed(bc, intent.Session)
	wanted := desired.Trigger(invoker.OfConfiguration(bc), &session.SessionConfig, intent.Schedule, intent.Suspend)
	if known, exists := facts.CronJobs[intent.Session]; exists {
		wanted.Name = known.Name
	}
	// At each slot nothing has changed, and the cache is enough to see that.
	cached, found, err := kube.Get[batchv1.CronJob](ctx, r.Client, bc.Namespace, wanted.Name)
	if err != nil || found && metav1.IsControlledBy(cached, bc) && isSameTrigger(cached, wanted) {
		return err
	}
	existing, found, err := kube.Get[batchv1.CronJob](ctx, r.Live, bc.Namespace, wanted.Name)
	if err != nil {
		return err
	}
	if found && !metav1.IsControlledBy(existing, bc) {
		// Long names are cut in the middle, so two configurations can want one name.
		wanted.Name = naming.DisambiguateWithin(naming.CronJobLimit, wanted.Name, bc.Namespace+"/"+bc.Name+"/"+intent.Session)
		if existing, found, err = kube.Get[batchv1.CronJob](ctx, r.Live, bc.Namespace, wanted.Name); err != nil {
			return err
		}
		if found && !metav1.IsControlledBy(existing, bc) {
			return &kube.ForeignError{Kind: "CronJob", Namespace: bc.Namespace, Name: wanted.Name}
		}
	}
	return kube.Apply(ctx, r.Client, wanted, true)
}

// isSameTrigger compares what we set: the API server fills in the rest.
func isSameTrigger(existing, wanted *batchv1.CronJob) bool {
	return equality.Semantic.DeepDerivative(wanted.Spec, existing.Spec) &&
		equality.Semantic.DeepDerivative(wanted.Labels, existing.Labels) &&
		equality.Semantic.DeepDerivative(wanted.Annotations, existing.Annotations) &&
		// A field that is wanted empty counts as well.
		ptr.Equal(existing.Spec.TimeZone, wanted.Spec.TimeZone) &&
		ptr.Equal(existing.Spec.StartingDeadlineSeconds, wanted.Spec.StartingDeadlineSeconds) &&
		ptr.Equal(existing.Spec.JobTemplate.Spec.TTLSecondsAfterFinished, wanted.Spec.JobTemplate.Spec.TTLSecondsAfterFinished)
}

func (r *Reconciler) suspendCronJob(ctx context.Context, bc *corev1alpha1.BackupConfiguration, intent configuration.SuspendCronJob) error {
	cronJob := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: bc.Namespace, Name: intent.Name}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"suspend":true}}`))
	if err := r.Client.Patch(ctx, cronJob, patch, client.FieldOwner(kube.FieldOwner)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("suspending CronJob %s: %w", intent.Name, err)
	}
	return nil
}

// startFirst makes the first run. It is named after the configuration's creation, so it can't be made twice as
// long as it is there; the condition remembers it after that.
func (r *Reconciler) startFirst(ctx context.Context, bc *corev1alpha1.BackupConfiguration, intent configuration.StartFirst) error {
	run := desired.BackupSession(invoker.OfConfiguration(bc), &sessionNamed(bc, intent.Session).SessionConfig, bc.CreationTimestamp.Time)
	isSame := func(existing *corev1alpha1.BackupSession) bool { return desired.IsSameRun(existing, run) }
	_, err := kube.Create(ctx, r.Client, r.Live, run.DeepCopy(), isSame)
	var foreign *kube.ForeignError
	if errors.As(err, &foreign) {
		_, err = kube.Create(ctx, r.Client, r.Live, desired.DisambiguateBackupSession(run), isSame)
	}
	return err
}

func sessionNamed(bc *corev1alpha1.BackupConfiguration, name string) *corev1alpha1.Session {
	for i := range bc.Spec.Sessions {
		if bc.Spec.Sessions[i].Name == name {
			return &bc.Spec.Sessions[i]
		}
	}
	return nil
}

// finalize takes along the Repositories that go with a BackupConfiguration. CronJobs and BackupSessions have it
// as their owner and go by themselves.
func (r *Reconciler) finalize(ctx context.Context, bc *corev1alpha1.BackupConfiguration) error {
	own, err := r.ownRepositories(ctx, bc)
	if err != nil {
		return err
	}
	facts := configuration.DeletionFacts{Configuration: bc, Repositories: own, SharedBy: map[string][]string{}}
	for name := range own {
		var list corev1alpha1.BackupConfigurationList
		if err := r.Client.List(ctx, &list, client.InNamespace(bc.Namespace),
			client.MatchingFields{byReference: key(storagev1alpha1.KindRepository, bc.Namespace, name)}); err != nil {
			return fmt.Errorf("listing BackupConfigurations that use Repository %s: %w", name, err)
		}
		for _, other := range list.Items {
			if other.UID != bc.UID && other.DeletionTimestamp.IsZero() {
				facts.SharedBy[name] = append(facts.SharedBy[name], other.Name)
			}
		}
	}
	for _, drop := range configuration.Delete(facts) {
		if err := r.dropRepository(ctx, bc, drop); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) dropRepository(ctx context.Context, bc *corev1alpha1.BackupConfiguration, drop configuration.DropRepository) error {
	repository := &storagev1alpha1.Repository{ObjectMeta: metav1.ObjectMeta{Namespace: bc.Namespace, Name: drop.Name}}
	if drop.WipeOut {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"deletionPolicy":"WipeOut"}}`))
		if err := r.Client.Patch(ctx, repository, patch, client.FieldOwner(kube.FieldOwner)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("changing the policy of Repository %s: %w", drop.Name, err)
		}
	}
	return kube.Delete(ctx, r.Client, repository)
}
