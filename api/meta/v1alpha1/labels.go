// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Labels that the operator puts on what it creates. Users select by them.
const (
	// LabelManagedBy is on every object that the operator creates; its value is ManagedByKubeStash.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedByKubeStash is the value of LabelManagedBy.
	ManagedByKubeStash = "kubestash.com"
	// LabelComponent says what a Job is for; its values are the JobComponent constants.
	LabelComponent = "app.kubernetes.io/component"
	// LabelInvokerName is the name of the object on whose behalf this one was created.
	LabelInvokerName = "kubestash.com/invoker-name"
	// LabelInvokerNamespace is the namespace of the object on whose behalf this one was created.
	LabelInvokerNamespace = "kubestash.com/invoker-namespace"
	// LabelInvokerKind is the kind of the object on whose behalf this one was created.
	LabelInvokerKind = "kubestash.com/invoker-kind"
	// LabelSessionName is the session, of a BackupConfiguration, that a BackupSession and its Jobs belong to.
	LabelSessionName = "kubestash.com/session-name"
	// LabelRepoName is the Repository of a Snapshot.
	LabelRepoName = "kubestash.com/repo-name"
	// LabelAppRefKind is the kind of what a Snapshot holds.
	LabelAppRefKind = "kubestash.com/app-ref-kind"
	// LabelAppRefNamespace is the namespace of what a Snapshot holds.
	LabelAppRefNamespace = "kubestash.com/app-ref-namespace"
	// LabelAppRefName is the name of what a Snapshot holds.
	LabelAppRefName = "kubestash.com/app-ref-name"
	// LabelApp is reserved.
	LabelApp = "kubestash.com/app"
	// LabelAzureWorkloadIdentity, with the value "true", lets a pod use an Azure workload identity.
	LabelAzureWorkloadIdentity = "azure.workload.identity/use"
)

// Annotations that users put on targets, to have them backed up.
const (
	// AnnotationBlueprintName is the name of the BackupBlueprint to use.
	AnnotationBlueprintName = "blueprint.kubestash.com/name"
	// AnnotationBlueprintNamespace is the namespace of the BackupBlueprint. Absent means the target's namespace.
	AnnotationBlueprintNamespace = "blueprint.kubestash.com/namespace"
	// AnnotationBlueprintSessionNames picks sessions of the BackupBlueprint, separated by commas. Absent means all.
	AnnotationBlueprintSessionNames = "blueprint.kubestash.com/session-names"
	// AnnotationVariablePrefix, followed by a name, gives a variable of the BackupBlueprint its value.
	AnnotationVariablePrefix = "variables.kubestash.com/"
)

// AnnotationForgotten, with the value "true", is on a Snapshot whose restic snapshots are gone already: only its copy in the
// backend is left to be removed when it is deleted. The operator writes it, before it deletes what retention has dropped.
const AnnotationForgotten = "kubestash.com/forgotten"

// AnnotationTarget, on a Snapshot, is the name that the target which it holds has in its BackupBatch. KubeStash writes it; the
// Jobs of its run, and the locks that they may have left, are known by it.
const AnnotationTarget = "kubestash.com/target"

// AnnotationKeep, on a Snapshot, keeps it whatever the RetentionPolicy says, and it doesn't count there. Its value is a reason, for
// humans. Users write it.
const AnnotationKeep = "kubestash.com/keep"

// AnnotationMaintain, on a Repository, asks for a prune and a check now, each time its value changes: the time of day will do. Users
// write it.
const AnnotationMaintain = "kubestash.com/maintain"

// LabelStorage is the BackupStorage that a maintenance Job works on: a hash of its namespace and name.
const LabelStorage = "kubestash.com/storage"

// Annotations of a BackupStorage and of what is made from what it holds.
const (
	// AnnotationSync, on a BackupStorage, asks for its backend to be read back once more, each time it has another value. Users write it.
	AnnotationSync = "storage.kubestash.com/sync"
	// AnnotationReadFrom, on a Repository or a Snapshot, is the BackupStorage whose backend it was made from, as "namespace/name".
	// The operator writes it.
	AnnotationReadFrom = "storage.kubestash.com/read-from"
)

// Annotations on what is restored.
const (
	// AnnotationPopulatorAppName names, on a PVC that is populated from a Snapshot, the workload that will mount it. Users write it.
	AnnotationPopulatorAppName = "populator.kubestash.com/app-name"
	// AnnotationPopulatedFrom names, on a PVC, the Snapshot that it was populated from. The operator writes it.
	AnnotationPopulatedFrom = "populator.kubestash.com/populated-from"
	// AnnotationRestoreBeneficiary names the object that a RestoreSession was made for.
	AnnotationRestoreBeneficiary = "restoresession.kubestash.com/beneficiary"
	// AnnotationDBVersion is the version of the database that a Snapshot holds. It is a label too.
	AnnotationDBVersion = "kubedb.com/db-version"
)

// Annotations of ServiceAccounts that give pods a cloud identity. Users write them; the operator copies them.
const (
	AnnotationEKSRoleARN              = "eks.amazonaws.com/role-arn"
	AnnotationSeedRoleName            = "go.klusters.dev/seed-role-name"
	AnnotationBucketNames             = "go.klusters.dev/bucket-names"
	AnnotationGKEWorkloadIdentity     = "go.klusters.dev/iam-gke-io-workloadIdentity"
	AnnotationGKEClusterName          = "go.klusters.dev/iam-gke-cluster-name"
	AnnotationGKEClusterRegion        = "go.klusters.dev/iam-gke-cluster-region"
	AnnotationGKEProjectID            = "go.klusters.dev/iam-gke-project-id"
	AnnotationGKEProjectNumber        = "go.klusters.dev/iam-gke-project-number"
	AnnotationGKERoles                = "go.klusters.dev/iam-gke-roles"
	AnnotationAzureMIName             = "klusters.dev/azure-mi-name"
	AnnotationAzureRGName             = "klusters.dev/azure-rg-name"
	AnnotationAzureSubscriptionID     = "klusters.dev/azure-subscription-id"
	AnnotationAzureClientID           = "azure.workload.identity/client-id"
	AnnotationAzureTenantID           = "azure.workload.identity/tenant-id"
	AnnotationAzureUseIdentityBinding = "azure.workload.identity/use-identity-binding"
)

// FinalizerCleanup holds an object until the operator has removed what belongs to it.
const FinalizerCleanup = "kubestash.com/cleanup"

// JobManagedBy is spec.managedBy of the Jobs that CronJobs create at each slot: Kubernetes starts no pod for them, the operator
// answers each with a BackupSession and completes it.
const JobManagedBy = "kubestash.com/trigger"

// JobComponent values are the values of LabelComponent.
const (
	JobComponentBackup          = "kubestash-backup"
	JobComponentRestore         = "kubestash-restore"
	JobComponentInitializer     = "kubestash-initializer"
	JobComponentUploader        = "kubestash-uploader"
	JobComponentCleaner         = "kubestash-cleaner"
	JobComponentRetentionPolicy = "kubestash-retention-policy"
	JobComponentHook            = "kubestash-hook"
	JobComponentPopulator       = "kubestash-populator"
	JobComponentBackupVerifier  = "kubestash-backup-verifier"
	JobComponentMaintenance     = "kubestash-maintenance"
)
