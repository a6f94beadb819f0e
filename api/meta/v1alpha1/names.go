// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Prefixes of the names of what the operator creates.
const (
	PrefixTrigger         = "trigger"
	PrefixTriggerVerifier = "trigger-verifier"
	PrefixInit            = "init"
	PrefixUpload          = "upload"
	PrefixCleanup         = "cleanup"
	PrefixRetentionPolicy = "retentionpolicy"
	PrefixPopulate        = "populate"
	PrefixPrime           = "prime"
)

// Names of the ClusterRoles that Jobs may be bound to.
const (
	ClusterRoleBackupJob             = "kubestash-backup-job"
	ClusterRoleRestoreJob            = "kubestash-restore-job"
	ClusterRoleCronJob               = "kubestash-cron-job"
	ClusterRoleBackendJob            = "kubestash-backend-job"
	ClusterRoleStorageInitializerJob = "kubestash-storage-initializer-job"
	ClusterRolePopulatorJob          = "kubestash-populator-job"
	ClusterRoleRetentionPolicyJob    = "kubestash-retention-policy-job"
	ClusterRoleBackupVerifierJob     = "kubestash-backup-verifier-job"
)

// Names of containers.
const (
	// ContainerOperator is the operator's own container.
	ContainerOperator = "operator"
	// ContainerKubeStash is the main container of the Jobs that KubeStash makes.
	ContainerKubeStash = "kubestash"
	// ContainerPopulator is the main container of the Jobs that fill volumes.
	ContainerPopulator = "kubestash-populator"
	// NetVolAccessor names the Deployment that reads network volumes for the operator.
	NetVolAccessor = "kubestash-netvol-accessor"
)

// Volumes of the pods that KubeStash makes, and where they are mounted.
const (
	// VolumeTmp holds scratch files and restic's cache.
	VolumeTmp = "kubestash-tmp-volume"
	// MountPathTmp is where VolumeTmp is mounted.
	MountPathTmp = "/kubestash-tmp"
	// VolumeInterim holds data between a dump tool and restic.
	VolumeInterim = "kubestash-interim-volume"
	// MountPathInterim is where VolumeInterim is mounted.
	MountPathInterim = "/kubestash-interim"
	// DirInterimData is where in VolumeInterim the data lies.
	DirInterimData = "/kubestash-interim/data"
	// VolumeData is the PVC that pvc-addon backs up.
	VolumeData = "kubestash-data-volume"
	// MountPathData is where VolumeData is mounted.
	MountPathData = "/kubestash-data"
	// PrefixStorageVolume begins the name of the volume of a BackupStorage that only pods can reach.
	PrefixStorageVolume = "kubestash-storage"
)

// Names of a Snapshot's components, and of the parts that they are composed of (dump-pod-0, volumesnapshot-pod-1, dump-<node>).
const (
	ComponentPod            = "pod"
	ComponentDump           = "dump"
	ComponentWal            = "wal"
	ComponentManifest       = "manifest"
	ComponentVolumeSnapshot = "volumesnapshot"
	ComponentDashboard      = "dashboard"
	ComponentPhysical       = "physical"
)

// Tasks of the published addons.
const (
	TaskLogicalBackup         = "logical-backup"
	TaskLogicalBackupRestore  = "logical-backup-restore"
	TaskManifestBackup        = "manifest-backup"
	TaskManifestRestore       = "manifest-restore"
	TaskVolumeSnapshot        = "volume-snapshot"
	TaskVolumeSnapshotRestore = "volume-snapshot-restore"
	TaskVolumeClone           = "volume-clone"
)

// Session names that databases use.
const (
	SessionFullBackup     = "full-backup"
	SessionManifestBackup = "manifest-backup"
)

// Layout of a backend, below its prefix and a Repository's path.
const (
	// DirRepository holds the restic repositories: <DirRepository>/<LayoutVersion>/<session>/<component>.
	DirRepository = "repository"
	// DirSnapshots holds a YAML copy of each Snapshot.
	DirSnapshots = "snapshots"
	// LayoutVersion is the version of the layout, and spec.version of a Snapshot.
	LayoutVersion = "v1"
	// FileMetadata, below the prefix, lists the Repositories.
	FileMetadata = "metadata.yaml"
	// FileRepository, below a Repository's path, is its YAML copy.
	FileRepository = "repository.yaml"
	// DirCluster holds the cluster-scoped objects of a manifest dump.
	DirCluster = "cluster"
	// DirNamespaces holds the namespaced objects of a manifest dump.
	DirNamespaces = "namespaces"
)

// Kinds of targets. KindNone is the target of a backup that has none.
const (
	KindStatefulSet           = "StatefulSet"
	KindDaemonSet             = "DaemonSet"
	KindDeployment            = "Deployment"
	KindReplicaSet            = "ReplicaSet"
	KindReplicationController = "ReplicationController"
	KindPersistentVolumeClaim = "PersistentVolumeClaim"
	KindJob                   = "Job"
	KindVolumeSnapshot        = "VolumeSnapshot"
	KindNamespace             = "Namespace"
	KindClusterRole           = "ClusterRole"
	KindRole                  = "Role"
	KindNone                  = ""
)

// TargetNotApplicable is apiGroup and name of the appRef of a backup without a target.
const TargetNotApplicable = "na"

// SnapshotLatest, as the snapshot of a RestoreSession's data source, means the newest that succeeded.
const SnapshotLatest = "latest"

// Keys of the Secrets that users write.
const (
	// SecretKeyResticPassword is the one key of an encryption Secret.
	SecretKeyResticPassword = "RESTIC_PASSWORD"
	// SecretKeyAWSAccessKeyID and SecretKeyAWSSecretAccessKey are those of an s3 backend. Both absent means a cloud identity.
	SecretKeyAWSAccessKeyID     = "AWS_ACCESS_KEY_ID"
	SecretKeyAWSSecretAccessKey = "AWS_SECRET_ACCESS_KEY"
	// SecretKeyCACertData is a PEM bundle to trust, for any backend.
	SecretKeyCACertData = "CA_CERT_DATA"
	// SecretKeyGoogleServiceAccountJSONKey is that of a gcs backend.
	SecretKeyGoogleServiceAccountJSONKey = "GOOGLE_SERVICE_ACCOUNT_JSON_KEY"
	// SecretKeyGoogleProjectID is accepted, and not needed.
	SecretKeyGoogleProjectID = "GOOGLE_PROJECT_ID"
	// SecretKeyAzureAccountKey is that of an azure backend.
	SecretKeyAzureAccountKey = "AZURE_ACCOUNT_KEY"
)

// Variables that Functions and Addons may use as ${name}.
const (
	VarNamespace                 = "namespace"
	VarBackupSession             = "backupSession"
	VarRestoreSession            = "restoreSession"
	VarBackupVerificationSession = "backupVerificationSession"
	VarSnapshot                  = "snapshot"
	VarInvokerKind               = "invokerKind"
	VarInvokerName               = "invokerName"
	VarEnableCache               = "enableCache"
	VarInterimDataDir            = "interimDataDir"
	VarTaskName                  = "taskName"
	VarLicenseAPIService         = "licenseApiService"
	VarImageRegistry             = "imageRegistry"
	VarImageRepo                 = "imageRepo"
	VarImageTag                  = "imageTag"
	VarComponentName             = "COMPONENT_NAME"
	VarPodOrdinal                = "POD_ORDINAL"
	VarPVCName                   = "PVC_NAME"
	VarDBVersion                 = "DB_VERSION"
	VarInterimVolume             = "INTERIM_VOLUME"
	VarResticCacheVolume         = "RESTIC_CACHE_VOLUME"
)

// Environment variables of containers, from their runtime settings.
const (
	EnvNiceAdjustment  = "NICE_ADJUSTMENT"
	EnvIONiceClass     = "IONICE_CLASS"
	EnvIONiceClassData = "IONICE_CLASS_DATA"
)
