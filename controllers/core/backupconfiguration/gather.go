// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/around"
	"kubestash.com/kubestash/internal/validate"
)

// gather reads all that the decision rests on. What isn't there is a fact.
func (r *worker) gather(ctx context.Context, of *invoker.Invoker) (configuration.Facts, error) {
	facts := configuration.Facts{Now: metav1.NewTime(r.Clock.Now()), Invoker: of}
	// Where no webhook has filled them in.
	if err := r.around().Default(ctx, of); err != nil {
		return facts, err
	}
	targets, err := r.targets(ctx, of, &facts)
	if err != nil {
		return facts, err
	}
	if err := r.addons(ctx, of, targets, &facts); err != nil {
		return facts, err
	}
	for _, read := range []func(context.Context, *invoker.Invoker, *configuration.Facts) error{
		r.surroundings, r.rivals, r.secrets, r.cronJobs,
	} {
		if err := read(ctx, of, &facts); err != nil {
			return facts, err
		}
	}
	return facts, nil
}

// around reads what validation and defaults ask for.
func (r *worker) around() around.Reader {
	return around.Cached(r.Client, r.Live)
}

// targets reads those that exist, by the names that the invoker gives them.
func (r *worker) targets(ctx context.Context, of *invoker.Invoker, facts *configuration.Facts) (map[string]*kube.Target, error) {
	targets := map[string]*kube.Target{}
	facts.Targets = map[string]configuration.Target{}
	for _, wanted := range of.Targets {
		if wanted.Ref == nil {
			facts.Targets[wanted.Name] = configuration.Target{Found: true}
			continue
		}
		target, found, err := kube.ReadTarget(ctx, r.Live, *wanted.Ref, of.Namespace)
		var unsupported *kube.UnsupportedTargetError
		switch {
		case errors.As(err, &unsupported):
			facts.Targets[wanted.Name] = configuration.Target{Problem: wanted.At + ": " + unsupported.Error() + "."}
		case err != nil:
			return nil, err
		default:
			facts.Targets[wanted.Name] = configuration.Target{Found: found}
			targets[wanted.Name] = target
		}
	}
	return targets, nil
}

// surroundings reads what backends and repositories refer to, and what validation says of it.
func (r *worker) surroundings(ctx context.Context, of *invoker.Invoker, facts *configuration.Facts) error {
	around, err := r.around().Invoker(ctx, of)
	if err != nil {
		return err
	}
	facts.Repositories = map[string]storagev1alpha1.Repository{}
	for _, repository := range around.Repositories {
		if repository.Namespace == of.Namespace && isNamed(of, repository.Name) {
			facts.Repositories[repository.Name] = repository
		}
	}
	facts.Storages, facts.Policies = map[metav1alpha1.ObjectReference]configuration.Storage{}, map[metav1alpha1.ObjectReference]configuration.Policy{}
	for at, storage := range around.Storages {
		state := configuration.Storage{Found: true, Phase: storage.Status.Phase, Reason: firstFalse(storage.Status.Conditions)}
		if allowed, reason := usage.Allowed(storage.Spec.UsagePolicy, at.Namespace, of.Namespace, around.NamespaceLabels); !allowed {
			state.Denied = reason
		}
		facts.Storages[metav1alpha1.ObjectReference{Namespace: at.Namespace, Name: at.Name}] = state
	}
	for at, policy := range around.Policies {
		state := configuration.Policy{Found: true}
		if allowed, reason := usage.Allowed(policy.Spec.UsagePolicy, at.Namespace, of.Namespace, around.NamespaceLabels); !allowed {
			state.Denied = reason
		}
		state.Problems = validate.Messages(validate.RetentionPolicy(policy))
		facts.Policies[metav1alpha1.ObjectReference{Namespace: at.Namespace, Name: at.Name}] = state
	}
	mistakes := validate.Invoker(of)
	mistakes = append(mistakes, validate.InvokerAmong(of, around)...)
	facts.Problems = validate.Messages(mistakes)
	return nil
}

func isNamed(of *invoker.Invoker, repository string) bool {
	return slices.ContainsFunc(configuration.Entries(of), func(e configuration.Entry) bool { return e.Info.Name == repository })
}

func (r *worker) rivals(ctx context.Context, of *invoker.Invoker, facts *configuration.Facts) error {
	for _, location := range configuration.Locations(of) {
		others, err := r.others(ctx, of, byLocation, location)
		if err != nil {
			return fmt.Errorf("finding who uses %s: %w", location, err)
		}
		for _, other := range others {
			for _, entry := range configuration.Entries(other) {
				if entry.Location.String() == location {
					facts.Rivals = append(facts.Rivals, configuration.Rival{
						Location: entry.Location, Kind: other.Kind, Namespace: other.Namespace, Name: other.Name,
						Repository: entry.Info.Name, Created: other.Created,
					})
				}
			}
		}
	}
	return nil
}

// others lists the objects that start backups, of either kind, beside the one that we look at, by an index.
func (r *worker) others(
	ctx context.Context, of *invoker.Invoker, by kube.Index, key string, opts ...client.ListOption,
) ([]*invoker.Invoker, error) {
	var out []*invoker.Invoker
	for _, list := range []client.ObjectList{&corev1alpha1.BackupConfigurationList{}, &corev1alpha1.BackupBatchList{}} {
		if err := by.List(ctx, r.Client, list, key, opts...); err != nil {
			return nil, err
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			if other := invoker.Of(item); other.UID != of.UID && !other.Deleting {
				out = append(out, other)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading %T: %w", list, err)
		}
	}
	return out, nil
}

// secrets looks whether each encryption Secret holds a password, and forgets the password at once.
func (r *worker) secrets(ctx context.Context, of *invoker.Invoker, facts *configuration.Facts) error {
	facts.Secrets = map[metav1alpha1.ObjectReference]configuration.Secret{}
	for _, entry := range configuration.Entries(of) {
		if entry.Info.EncryptionSecret == nil {
			continue
		}
		ref := configuration.Normalise(*entry.Info.EncryptionSecret, of.Namespace)
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

func firstFalse(conditions []metav1alpha1.Condition) string {
	for _, condition := range conditions {
		if condition.Status == metav1.ConditionFalse {
			return condition.Message
		}
	}
	return ""
}
