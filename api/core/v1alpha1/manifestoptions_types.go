// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// ManifestRestoreOptions say how the manifests of an application are restored: the field of the application's kind is read. Users write
// it. Empty means as they were.
type ManifestRestoreOptions struct {
	// Workload is for Deployments, StatefulSets and DaemonSets.
	// +optional
	Workload *WorkloadManifestOptions `json:"workload,omitempty"`

	// MongoDB is for the kind MongoDB.
	// +optional
	MongoDB *KubeDBManifestOptions `json:"mongoDB,omitempty"`

	// Postgres is for the kind Postgres.
	// +optional
	Postgres *KubeDBManifestOptions `json:"postgres,omitempty"`

	// MySQL is for the kind MySQL.
	// +optional
	MySQL *KubeDBManifestOptions `json:"mySQL,omitempty"`

	// ClickHouse is for the kind ClickHouse.
	// +optional
	ClickHouse *KubeDBManifestOptions `json:"clickhouse,omitempty"`

	// MariaDB is for the kind MariaDB.
	// +optional
	MariaDB *KubeDBManifestOptions `json:"mariaDB,omitempty"`

	// ZooKeeper is for the kind ZooKeeper.
	// +optional
	ZooKeeper *KubeDBManifestOptions `json:"zooKeeper,omitempty"`

	// Singlestore is for the kind Singlestore.
	// +optional
	Singlestore *KubeDBManifestOptions `json:"singlestore,omitempty"`

	// Redis is for the kind Redis.
	// +optional
	Redis *KubeDBManifestOptions `json:"redis,omitempty"`

	// MSSQLServer is for the kind MSSQLServer.
	// +optional
	MSSQLServer *MSSQLServerManifestOptions `json:"msSQLServer,omitempty"`

	// Druid is for the kind Druid.
	// +optional
	Druid *DruidManifestOptions `json:"druid,omitempty"`

	// RedisSentinel is for the kind RedisSentinel.
	// +optional
	RedisSentinel *RedisSentinelManifestOptions `json:"redisSentinel,omitempty"`
}

// WorkloadManifestOptions say how the manifests of a workload are restored. Users write it. Empty means as they were.
type WorkloadManifestOptions struct {
	// RestoreNamespace is where the objects are restored. Empty means where they were.
	// +optional
	RestoreNamespace string `json:"restoreNamespace,omitempty"`
}

// KubeDBManifestOptions say how the manifests of a database are restored. Users write it. Empty means the defaults of its fields.
type KubeDBManifestOptions struct {
	// RestoreNamespace is where the objects are restored. Empty means where they were.
	// +optional
	RestoreNamespace string `json:"restoreNamespace,omitempty"`

	// DB says whether the database object is restored.
	// +optional
	// +kubebuilder:default=true
	DB *bool `json:"db,omitempty"`

	// DBName is the name of the restored database object. Empty means the old name.
	// +optional
	DBName string `json:"dbName,omitempty"`

	// AuthSecret says whether the Secret with the credentials is restored.
	// +optional
	// +kubebuilder:default=true
	AuthSecret *bool `json:"authSecret,omitempty"`

	// AuthSecretName is the name of the restored Secret with the credentials. Empty means the old name.
	// +optional
	AuthSecretName string `json:"authSecretName,omitempty"`

	// ConfigSecret says whether the Secret with the configuration is restored.
	// +optional
	// +kubebuilder:default=true
	ConfigSecret *bool `json:"configSecret,omitempty"`

	// ConfigSecretName is the name of the restored Secret with the configuration. Empty means the old name.
	// +optional
	ConfigSecretName string `json:"configSecretName,omitempty"`

	// InitScript says whether the reference to the init script is restored.
	// +optional
	// +kubebuilder:default=true
	InitScript *bool `json:"initScript,omitempty"`

	// Archiver says whether the reference to the archiver is restored.
	// +optional
	// +kubebuilder:default=false
	Archiver *bool `json:"archiver,omitempty"`

	// ArchiverRef is the archiver of the restored database. Empty means the old one.
	// +optional
	ArchiverRef *metav1alpha1.ObjectReference `json:"archiverRef,omitempty"`

	// TLSIssuerRef is the issuer of the restored database's certificates. Empty means the old one.
	// +optional
	TLSIssuerRef *corev1.TypedLocalObjectReference `json:"tlsIssuerRef,omitempty"`
}

// MSSQLServerManifestOptions say how the manifests of a Microsoft SQL Server are restored. Users write it. Empty means the defaults of its fields.
type MSSQLServerManifestOptions struct {
	// RestoreNamespace is where the objects are restored. Empty means where they were.
	// +optional
	RestoreNamespace string `json:"restoreNamespace,omitempty"`

	// DB says whether the database object is restored.
	// +optional
	// +kubebuilder:default=true
	DB *bool `json:"db,omitempty"`

	// DBName is the name of the restored database object. Empty means the old name.
	// +optional
	DBName string `json:"dbName,omitempty"`

	// AuthSecret says whether the Secret with the credentials is restored.
	// +optional
	// +kubebuilder:default=true
	AuthSecret *bool `json:"authSecret,omitempty"`

	// AuthSecretName is the name of the restored Secret with the credentials. Empty means the old name.
	// +optional
	AuthSecretName string `json:"authSecretName,omitempty"`

	// InitScript says whether the reference to the init script is restored.
	// +optional
	// +kubebuilder:default=true
	InitScript *bool `json:"initScript,omitempty"`

	// Archiver says whether the reference to the archiver is restored.
	// +optional
	// +kubebuilder:default=false
	Archiver *bool `json:"archiver,omitempty"`

	// ArchiverRef is the archiver of the restored database. Empty means the old one.
	// +optional
	ArchiverRef *metav1alpha1.ObjectReference `json:"archiverRef,omitempty"`

	// TLSIssuerRef is the issuer of the restored database's certificates. Empty means the old one.
	// +optional
	TLSIssuerRef *corev1.TypedLocalObjectReference `json:"tlsIssuerRef,omitempty"`
}

// DruidManifestOptions say how the manifests of a Druid are restored. Users write it. Empty means the defaults of its fields.
type DruidManifestOptions struct {
	// RestoreNamespace is where the objects are restored. Empty means where they were.
	// +optional
	RestoreNamespace string `json:"restoreNamespace,omitempty"`

	// DB says whether the database object is restored.
	// +optional
	// +kubebuilder:default=true
	DB *bool `json:"db,omitempty"`

	// DBName is the name of the restored database object. Empty means the old name.
	// +optional
	DBName string `json:"dbName,omitempty"`

	// AuthSecret says whether the Secret with the credentials is restored.
	// +optional
	// +kubebuilder:default=true
	AuthSecret *bool `json:"authSecret,omitempty"`

	// AuthSecretName is the name of the restored Secret with the credentials. Empty means the old name.
	// +optional
	AuthSecretName string `json:"authSecretName,omitempty"`

	// ConfigSecret says whether the Secret with the configuration is restored.
	// +optional
	// +kubebuilder:default=true
	ConfigSecret *bool `json:"configSecret,omitempty"`

	// ConfigSecretName is the name of the restored Secret with the configuration. Empty means the old name.
	// +optional
	ConfigSecretName string `json:"configSecretName,omitempty"`

	// DeepStorageSecret says whether the Secret of the deep storage is restored.
	// +optional
	// +kubebuilder:default=true
	DeepStorageSecret *bool `json:"deepStorageSecret,omitempty"`
}

// RedisSentinelManifestOptions say how the manifests of a Redis Sentinel are restored. Users write it. Empty means the defaults of its fields.
type RedisSentinelManifestOptions struct {
	// RestoreNamespace is where the objects are restored. Empty means where they were.
	// +optional
	RestoreNamespace string `json:"restoreNamespace,omitempty"`

	// Sentinel says whether the sentinel object is restored.
	// +optional
	// +kubebuilder:default=true
	Sentinel *bool `json:"sentinel,omitempty"`

	// SentinelName is the name of the restored sentinel object. Empty means the old name.
	// +optional
	SentinelName string `json:"SentinelName,omitempty"`

	// AuthSecret says whether the Secret with the credentials is restored.
	// +optional
	// +kubebuilder:default=true
	AuthSecret *bool `json:"authSecret,omitempty"`

	// AuthSecretName is the name of the restored Secret with the credentials. Empty means the old name.
	// +optional
	AuthSecretName string `json:"authSecretName,omitempty"`

	// TLSIssuerRef is the issuer of the restored database's certificates. Empty means the old one.
	// +optional
	TLSIssuerRef *corev1.TypedLocalObjectReference `json:"tlsIssuerRef,omitempty"`
}
