// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
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
		return r.removeCronJob(ctx, of, intent)
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
	own, err := r.around().Repositories(ctx, of)
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
	r.forgetCronJobs(of)
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
