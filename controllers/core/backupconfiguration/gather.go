// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/validate"
)

// gather reads all that the decision rests on. What isn't there is a fact.
func (r *Reconciler) gather(ctx context.Context, bc *corev1alpha1.BackupConfiguration) (configuration.Facts, error) {
	facts := configuration.Facts{Now: metav1.NewTime(r.Clock.Now()), Configuration: *bc.DeepCopy()}
	bc = &facts.Configuration
	if err := r.defaults(ctx, bc); err != nil {
		return facts, err
	}
	target, err := r.target(ctx, bc, &facts)
	if err != nil {
		return facts, err
	}
	if err := r.addons(ctx, bc, target, &facts); err != nil {
		return facts, err
	}
	for _, read := range []func(context.Context, *corev1alpha1.BackupConfiguration, *configuration.Facts) error{
		r.surroundings, r.rivals, r.secrets, r.cronJobs,
	} {
		if err := read(ctx, bc, &facts); err != nil {
			return facts, err
		}
	}
	return facts, nil
}

// defaults fills in what the webhook would have, where there is no webhook.
func (r *Reconciler) defaults(ctx context.Context, bc *corev1alpha1.BackupConfiguration) error {
	if !configuration.NeedsDefaults(bc) {
		return nil
	}
	var storages storagev1alpha1.BackupStorageList
	if err := r.Client.List(ctx, &storages); err != nil {
		return fmt.Errorf("listing BackupStorages: %w", err)
	}
	var policies storagev1alpha1.RetentionPolicyList
	if err := r.Client.List(ctx, &policies); err != nil {
		return fmt.Errorf("listing RetentionPolicies: %w", err)
	}
	labels, err := kube.NamespaceLabels(ctx, r.Live, bc.Namespace)
	if err != nil {
		return err
	}
	configuration.Default(bc, configuration.Surroundings{
		NamespaceLabels: labels, Storages: storages.Items, Policies: policies.Items,
	})
	return nil
}

// target is nil when there is none.
func (r *Reconciler) target(ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts *configuration.Facts) (*kube.Target, error) {
	if bc.Spec.Target == nil {
		facts.Target.Found = true
		return nil, nil
	}
	target, found, err := kube.ReadTarget(ctx, r.Live, *bc.Spec.Target, bc.Namespace)
	var unsupported *kube.UnsupportedTargetError
	if errors.As(err, &unsupported) {
		facts.Target.Problem = "spec.target: " + unsupported.Error() + "."
		return nil, nil
	}
	facts.Target.Found = found
	return target, err
}

// surroundings reads what backends and repositories refer to, and what validation says of it.
func (r *Reconciler) surroundings(ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts *configuration.Facts) error {
	around := validate.Surroundings{
		Storages: map[types.NamespacedName]*storagev1alpha1.BackupStorage{},
		Policies: map[types.NamespacedName]*storagev1alpha1.RetentionPolicy{},
		Hooks:    map[types.NamespacedName]*corev1alpha1.HookTemplate{},
	}
	if err := r.hooks(ctx, bc, &around); err != nil {
		return err
	}
	if err := r.storages(ctx, bc, &around); err != nil {
		return err
	}
	if err := r.repositories(ctx, bc, facts, &around); err != nil {
		return err
	}
	facts.Storages, facts.Policies = map[metav1alpha1.ObjectReference]configuration.Storage{}, map[metav1alpha1.ObjectReference]configuration.Policy{}
	for at, storage := range around.Storages {
		state := configuration.Storage{Found: true, Phase: storage.Status.Phase, Reason: firstFalse(storage.Status.Conditions)}
		if allowed, reason := usage.Allowed(storage.Spec.UsagePolicy, at.Namespace, bc.Namespace, around.NamespaceLabels); !allowed {
			state.Denied = reason
		}
		facts.Storages[metav1alpha1.ObjectReference{Namespace: at.Namespace, Name: at.Name}] = state
	}
	for at, policy := range around.Policies {
		state := configuration.Policy{Found: true}
		if allowed, reason := usage.Allowed(policy.Spec.UsagePolicy, at.Namespace, bc.Namespace, around.NamespaceLabels); !allowed {
			state.Denied = reason
		}
		facts.Policies[metav1alpha1.ObjectReference{Namespace: at.Namespace, Name: at.Name}] = state
	}
	mistakes := validate.BackupConfiguration(bc)
	mistakes = append(mistakes, validate.BackupConfigurationAmong(bc, around)...)
	facts.Problems = validate.Messages(mistakes)
	return nil
}

func (r *Reconciler) storages(ctx context.Context, bc *corev1alpha1.BackupConfiguration, around *validate.Surroundings) error {
	needsLabels := false
	for _, t := range around.Hooks {
		needsLabels = needsLabels || usage.NeedsLabels(t.Spec.UsagePolicy)
	}
	for _, backend := range bc.Spec.Backends {
		if backend.StorageRef != nil {
			ref := configuration.Normalise(*backend.StorageRef, bc.Namespace)
			storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, ref.Namespace, ref.Name)
			if err != nil {
				return err
			}
			if found {
				around.Storages[client.ObjectKeyFromObject(storage)] = storage
				needsLabels = needsLabels || usage.NeedsLabels(storage.Spec.UsagePolicy)
			}
		}
		if backend.RetentionPolicy != nil {
			ref := configuration.Normalise(*backend.RetentionPolicy, bc.Namespace)
			policy, found, err := kube.Get[storagev1alpha1.RetentionPolicy](ctx, r.Client, ref.Namespace, ref.Name)
			if err != nil {
				return err
			}
			if found {
				around.Policies[client.ObjectKeyFromObject(policy)] = policy
				needsLabels = needsLabels || usage.NeedsLabels(policy.Spec.UsagePolicy)
			}
		}
	}
	if !needsLabels {
		return nil
	}
	labels, err := kube.NamespaceLabels(ctx, r.Live, bc.Namespace)
	around.NamespaceLabels = labels
	return err
}

// repositories reads our own by name and those of others by location, never all that there are.
func (r *Reconciler) repositories(
	ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts *configuration.Facts, around *validate.Surroundings,
) error {
	own, err := r.ownRepositories(ctx, bc)
	if err != nil {
		return err
	}
	facts.Repositories = own
	for _, repository := range own {
		around.Repositories = append(around.Repositories, repository)
	}
	for _, location := range configuration.Locations(bc) {
		var list storagev1alpha1.RepositoryList
		if err := r.Client.List(ctx, &list, client.MatchingFields{byLocation: location}); err != nil {
			return fmt.Errorf("listing Repositories at %s: %w", location, err)
		}
		for _, repository := range list.Items {
			if _, known := own[repository.Name]; !known || repository.Namespace != bc.Namespace {
				around.Repositories = append(around.Repositories, repository)
			}
		}
	}
	return nil
}

func (r *Reconciler) ownRepositories(ctx context.Context, bc *corev1alpha1.BackupConfiguration) (map[string]storagev1alpha1.Repository, error) {
	own := map[string]storagev1alpha1.Repository{}
	for _, entry := range configuration.Entries(bc) {
		if entry.Info.Name == "" {
			continue
		}
		repository, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, bc.Namespace, entry.Info.Name)
		if err != nil {
			return nil, err
		}
		if found {
			own[repository.Name] = *repository
		}
	}
	return own, nil
}

func (r *Reconciler) rivals(ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts *configuration.Facts) error {
	for _, location := range configuration.Locations(bc) {
		var list corev1alpha1.BackupConfigurationList
		if err := r.Client.List(ctx, &list, client.MatchingFields{byLocation: location}); err != nil {
			return fmt.Errorf("listing BackupConfigurations at %s: %w", location, err)
		}
		for i := range list.Items {
			other := &list.Items[i]
			if other.UID == bc.UID || !other.DeletionTimestamp.IsZero() {
				continue
			}
			for _, entry := range configuration.Entries(other) {
				if entry.Location.String() == location {
					facts.Rivals = append(facts.Rivals, configuration.Rival{
						Location: entry.Location, Namespace: other.Namespace, Name: other.Name,
						Repository: entry.Info.Name, Created: other.CreationTimestamp,
					})
				}
			}
		}
	}
	return nil
}

// secrets looks whether each encryption Secret holds a password, and forgets the password at once.
func (r *Reconciler) secrets(ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts *configuration.Facts) error {
	facts.Secrets = map[metav1alpha1.ObjectReference]configuration.Secret{}
	for _, entry := range configuration.Entries(bc) {
		if entry.Info.EncryptionSecret == nil {
			continue
		}
		ref := configuration.Normalise(*entry.Info.EncryptionSecret, bc.Namespace)
		if _, known := facts.Secrets[ref]; known || ref.Name == "" {
			continue
		}
		data, found, err := kube.SecretData(ctx, r.Live, ref.Namespace, ref.Name)
		if err != nil {
			return err
		}
		facts.Secrets[ref] = configuration.Secret{
			Found: found, HasPassword: len(data[metav1alpha1.SecretKeyResticPassword]) > 0,
		}
	}
	return nil
}

func (r *Reconciler) cronJobs(ctx context.Context, bc *corev1alpha1.BackupConfiguration, facts *configuration.Facts) error {
	var list batchv1.CronJobList
	if err := r.Client.List(ctx, &list, client.InNamespace(bc.Namespace),
		client.MatchingLabels{metav1alpha1.LabelInvokerName: naming.LabelValue(bc.Name)}); err != nil {
		return fmt.Errorf("listing CronJobs of %s: %w", bc.Name, err)
	}
	facts.CronJobs = map[string]configuration.CronJob{}
	for i := range list.Items {
		cronJob := &list.Items[i]
		if metav1.IsControlledBy(cronJob, bc) {
			facts.CronJobs[cronJob.Annotations[desired.AnnotationSession]] = configuration.CronJob{
				Name: cronJob.Name, Suspended: ptr.Deref(cronJob.Spec.Suspend, false),
			}
		}
	}
	return nil
}

func firstFalse(conditions []metav1alpha1.Condition) string {
	for _, condition := range conditions {
		if condition.Status == metav1.ConditionFalse {
			return condition.Message
		}
	}
	return ""
}
