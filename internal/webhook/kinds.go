// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/validate"
)

// The paths are the published ones. A webhook that is away must break nothing: failurePolicy Ignore, and few seconds.
//+kubebuilder:webhookconfiguration:mutating=true,name=kubestash-operator
//+kubebuilder:webhookconfiguration:mutating=false,name=kubestash-operator
//+kubebuilder:webhook:path=/mutate-storage-kubestash-com-v1alpha1-backupstorage,mutating=true,failurePolicy=ignore,sideEffects=None,groups=storage.kubestash.com,resources=backupstorages,verbs=create;update,versions=v1alpha1,name=mutate.backupstorage.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/mutate-core-kubestash-com-v1alpha1-backupconfiguration,mutating=true,failurePolicy=ignore,sideEffects=None,groups=core.kubestash.com,resources=backupconfigurations,verbs=create;update,versions=v1alpha1,name=mutate.backupconfiguration.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-storage-kubestash-com-v1alpha1-backupstorage,mutating=false,failurePolicy=ignore,sideEffects=None,groups=storage.kubestash.com,resources=backupstorages,verbs=create;update,versions=v1alpha1,name=validate.backupstorage.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-storage-kubestash-com-v1alpha1-retentionpolicy,mutating=false,failurePolicy=ignore,sideEffects=None,groups=storage.kubestash.com,resources=retentionpolicies,verbs=create;update,versions=v1alpha1,name=validate.retentionpolicy.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-core-kubestash-com-v1alpha1-backupconfiguration,mutating=false,failurePolicy=ignore,sideEffects=None,groups=core.kubestash.com,resources=backupconfigurations,verbs=create;update,versions=v1alpha1,name=validate.backupconfiguration.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-core-kubestash-com-v1alpha1-backupbatch,mutating=false,failurePolicy=ignore,sideEffects=None,groups=core.kubestash.com,resources=backupbatches,verbs=create;update,versions=v1alpha1,name=validate.backupbatch.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-core-kubestash-com-v1alpha1-backupblueprint,mutating=false,failurePolicy=ignore,sideEffects=None,groups=core.kubestash.com,resources=backupblueprints,verbs=create;update,versions=v1alpha1,name=validate.backupblueprint.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-core-kubestash-com-v1alpha1-hooktemplate,mutating=false,failurePolicy=ignore,sideEffects=None,groups=core.kubestash.com,resources=hooktemplates,verbs=create;update,versions=v1alpha1,name=validate.hooktemplate.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash
//+kubebuilder:webhook:path=/validate-core-kubestash-com-v1alpha1-restoresession,mutating=false,failurePolicy=ignore,sideEffects=None,groups=core.kubestash.com,resources=restoresessions,verbs=create;update,versions=v1alpha1,name=validate.restoresession.kubestash.com,admissionReviewVersions=v1,timeoutSeconds=5,serviceName=kubestash-operator-webhook,serviceNamespace=kubestash

// kinds are the kinds that have a webhook.
type kinds struct{ Deps }

func (k kinds) backupStorage() rules[storagev1alpha1.BackupStorage, *storagev1alpha1.BackupStorage] {
	return rules[storagev1alpha1.BackupStorage, *storagev1alpha1.BackupStorage]{
		spec: func(s *storagev1alpha1.BackupStorage) any { return s.Spec },
		look: func(ctx context.Context, s *storagev1alpha1.BackupStorage) (field.ErrorList, []string, error) {
			all, err := k.Around.Storages(ctx)
			return append(validate.BackupStorage(s, k.Backends), validate.BackupStorageAmong(s, all, k.Backends)...), nil, err
		},
	}
}

func (k kinds) trimStorage(_ context.Context, before, s *storagev1alpha1.BackupStorage) error {
	if before == nil {
		storage.Trim(&s.Spec.Storage, nil)
	} else {
		storage.Trim(&s.Spec.Storage, &before.Spec.Storage)
	}
	return nil
}

func (k kinds) retentionPolicy() rules[storagev1alpha1.RetentionPolicy, *storagev1alpha1.RetentionPolicy] {
	return rules[storagev1alpha1.RetentionPolicy, *storagev1alpha1.RetentionPolicy]{
		spec: func(p *storagev1alpha1.RetentionPolicy) any { return p.Spec },
		look: func(ctx context.Context, p *storagev1alpha1.RetentionPolicy) (field.ErrorList, []string, error) {
			all, err := k.Around.Policies(ctx, client.InNamespace(p.Namespace))
			return append(validate.RetentionPolicy(p), validate.RetentionPolicyAmong(p, all)...), nil, err
		},
	}
}

func (k kinds) backupConfiguration() rules[corev1alpha1.BackupConfiguration, *corev1alpha1.BackupConfiguration] {
	return rules[corev1alpha1.BackupConfiguration, *corev1alpha1.BackupConfiguration]{
		spec: func(bc *corev1alpha1.BackupConfiguration) any { return bc.Spec },
		look: func(ctx context.Context, bc *corev1alpha1.BackupConfiguration) (field.ErrorList, []string, error) {
			return k.invoker(ctx, invoker.Of(bc.DeepCopy()))
		},
	}
}

func (k kinds) fillIn(ctx context.Context, _, bc *corev1alpha1.BackupConfiguration) error {
	of := invoker.Of(bc)
	err := k.Around.Default(ctx, of)
	bc.Spec.Backends = of.Backends
	return err
}

func (k kinds) backupBatch() rules[corev1alpha1.BackupBatch, *corev1alpha1.BackupBatch] {
	return rules[corev1alpha1.BackupBatch, *corev1alpha1.BackupBatch]{
		spec: func(b *corev1alpha1.BackupBatch) any { return b.Spec },
		look: func(ctx context.Context, b *corev1alpha1.BackupBatch) (field.ErrorList, []string, error) {
			return k.invoker(ctx, invoker.Of(b.DeepCopy()))
		},
	}
}

// invoker looks at an object that starts backups, as it is with its defaults.
func (k kinds) invoker(ctx context.Context, of *invoker.Invoker) (field.ErrorList, []string, error) {
	if err := k.Around.Default(ctx, of); err != nil {
		return nil, nil, err
	}
	beside, err := k.Around.Invoker(ctx, of)
	return append(validate.Invoker(of), validate.InvokerAmong(of, beside)...), validate.Missing(of, beside), err
}

func (k kinds) backupBlueprint() rules[corev1alpha1.BackupBlueprint, *corev1alpha1.BackupBlueprint] {
	return rules[corev1alpha1.BackupBlueprint, *corev1alpha1.BackupBlueprint]{
		spec: func(b *corev1alpha1.BackupBlueprint) any { return b.Spec },
		look: func(ctx context.Context, b *corev1alpha1.BackupBlueprint) (field.ErrorList, []string, error) {
			beside, err := k.Around.BackupBlueprint(ctx, b)
			return append(validate.BackupBlueprint(b), validate.BackupBlueprintAmong(b, beside)...), validate.MissingOfBackupBlueprint(b, beside), err
		},
	}
}

func (k kinds) hookTemplate() rules[corev1alpha1.HookTemplate, *corev1alpha1.HookTemplate] {
	return rules[corev1alpha1.HookTemplate, *corev1alpha1.HookTemplate]{
		spec: func(t *corev1alpha1.HookTemplate) any { return t.Spec },
		look: func(_ context.Context, t *corev1alpha1.HookTemplate) (field.ErrorList, []string, error) {
			return validate.HookTemplate(t), nil, nil
		},
	}
}

func (k kinds) restoreSession() rules[corev1alpha1.RestoreSession, *corev1alpha1.RestoreSession] {
	return rules[corev1alpha1.RestoreSession, *corev1alpha1.RestoreSession]{
		spec: func(s *corev1alpha1.RestoreSession) any { return s.Spec },
		look: func(ctx context.Context, s *corev1alpha1.RestoreSession) (field.ErrorList, []string, error) {
			beside, err := k.Around.RestoreSession(ctx, s)
			return append(validate.RestoreSession(s), validate.RestoreSessionAmong(s, beside)...), validate.MissingOfRestoreSession(s, beside), err
		},
	}
}
