// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/domain/storage"
	"kubestash.com/kubestash/internal/kube/around"
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
		spec:        func(s *storagev1alpha1.BackupStorage) any { return s.Spec },
		isOneOfMany: true,
		look: func(ctx context.Context, by around.Reader, s *storagev1alpha1.BackupStorage) (findings, error) {
			all, err := by.Storages(ctx)
			return findings{alone: validate.BackupStorage(s, k.Backends), beside: validate.BackupStorageAmong(s, all, k.Backends)}, err
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
		spec:        func(p *storagev1alpha1.RetentionPolicy) any { return p.Spec },
		isOneOfMany: true,
		look: func(ctx context.Context, by around.Reader, p *storagev1alpha1.RetentionPolicy) (findings, error) {
			all, err := by.Policies(ctx, client.InNamespace(p.Namespace))
			return findings{alone: validate.RetentionPolicy(p), beside: validate.RetentionPolicyAmong(p, all)}, err
		},
	}
}

func (k kinds) backupConfiguration() rules[corev1alpha1.BackupConfiguration, *corev1alpha1.BackupConfiguration] {
	return rules[corev1alpha1.BackupConfiguration, *corev1alpha1.BackupConfiguration]{
		spec: func(bc *corev1alpha1.BackupConfiguration) any { return bc.Spec },
		look: func(ctx context.Context, by around.Reader, bc *corev1alpha1.BackupConfiguration) (findings, error) {
			return readInvoker(ctx, by, invoker.Of(bc.DeepCopy()))
		},
	}
}

func (k kinds) fillIn(ctx context.Context, _, bc *corev1alpha1.BackupConfiguration) error {
	of := invoker.Of(bc)
	err := k.Fresh.Default(ctx, of)
	bc.Spec.Backends = of.Backends
	return err
}

func (k kinds) backupBatch() rules[corev1alpha1.BackupBatch, *corev1alpha1.BackupBatch] {
	return rules[corev1alpha1.BackupBatch, *corev1alpha1.BackupBatch]{
		spec: func(b *corev1alpha1.BackupBatch) any { return b.Spec },
		look: func(ctx context.Context, by around.Reader, b *corev1alpha1.BackupBatch) (findings, error) {
			return readInvoker(ctx, by, invoker.Of(b.DeepCopy()))
		},
	}
}

// readInvoker looks at an object that starts backups, as it is with its defaults. What it lacks when there is no default depends on what
// there is.
func readInvoker(ctx context.Context, by around.Reader, of *invoker.Invoker) (findings, error) {
	if err := by.Default(ctx, of); err != nil {
		return findings{}, err
	}
	beside, err := by.Invoker(ctx, of)
	f := findings{validate.Invoker(of), validate.InvokerAmong(of, beside), validate.Missing(of, beside)}
	if configuration.NeedsDefaults(of) {
		f.alone, f.beside = nil, append(f.alone, f.beside...)
	}
	return f, err
}

func (k kinds) backupBlueprint() rules[corev1alpha1.BackupBlueprint, *corev1alpha1.BackupBlueprint] {
	return rules[corev1alpha1.BackupBlueprint, *corev1alpha1.BackupBlueprint]{
		spec: func(b *corev1alpha1.BackupBlueprint) any { return b.Spec },
		look: func(ctx context.Context, by around.Reader, b *corev1alpha1.BackupBlueprint) (findings, error) {
			beside, err := by.BackupBlueprint(ctx, b)
			return findings{validate.BackupBlueprint(b), validate.BackupBlueprintAmong(b, beside), validate.MissingOfBackupBlueprint(b, beside)}, err
		},
	}
}

func (k kinds) hookTemplate() rules[corev1alpha1.HookTemplate, *corev1alpha1.HookTemplate] {
	return rules[corev1alpha1.HookTemplate, *corev1alpha1.HookTemplate]{
		spec: func(t *corev1alpha1.HookTemplate) any { return t.Spec },
		look: func(_ context.Context, _ around.Reader, t *corev1alpha1.HookTemplate) (findings, error) {
			return findings{alone: validate.HookTemplate(t)}, nil
		},
	}
}

func (k kinds) restoreSession() rules[corev1alpha1.RestoreSession, *corev1alpha1.RestoreSession] {
	return rules[corev1alpha1.RestoreSession, *corev1alpha1.RestoreSession]{
		spec: func(s *corev1alpha1.RestoreSession) any { return s.Spec },
		look: func(ctx context.Context, by around.Reader, s *corev1alpha1.RestoreSession) (findings, error) {
			beside, err := by.RestoreSession(ctx, s)
			return findings{validate.RestoreSession(s), validate.RestoreSessionAmong(s, beside), validate.MissingOfRestoreSession(s, beside)}, err
		},
	}
}
