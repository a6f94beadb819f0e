// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ParameterDefinition declares a parameter that an addon's task or a hook template understands. Addon and hook authors write it. Empty
// declares nothing.
type ParameterDefinition struct {
	// Name by which users set the parameter.
	// +optional
	Name string `json:"name,omitempty"`

	// Usage tells users what the parameter does.
	// +optional
	Usage string `json:"usage,omitempty"`

	// Required says that there is no sensible default.
	// +optional
	Required bool `json:"required,omitempty"`

	// Default is the value when the user sets none. Empty means the empty string.
	// +optional
	Default string `json:"default,omitempty"`
}

// Driver is what moves the data of a component. Addon authors write it in tasks, the operator in Snapshots. Empty means Restic.
//
// +kubebuilder:validation:Enum=Restic;WalG;VolumeSnapshotter;Solr;Medusa;ClickHouseBackup;Neo4jAdmin
type Driver string

const (
	// DriverRestic keeps data in a restic repository.
	DriverRestic Driver = "Restic"
	// DriverWalG archives write-ahead logs with wal-g.
	DriverWalG Driver = "WalG"
	// DriverVolumeSnapshotter takes CSI VolumeSnapshots.
	DriverVolumeSnapshotter Driver = "VolumeSnapshotter"
	// DriverSolr uses the backup API of Solr.
	DriverSolr Driver = "Solr"
	// DriverMedusa uses Medusa, for Cassandra.
	DriverMedusa Driver = "Medusa"
	// DriverClickHouseBackup uses clickhouse-backup.
	DriverClickHouseBackup Driver = "ClickHouseBackup"
	// DriverNeo4jAdmin uses neo4j-admin.
	DriverNeo4jAdmin Driver = "Neo4jAdmin"
)
