// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// RetentionPolicy says which Snapshots are kept. Users create it. It has no status.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=retentionpolicies,singular=retentionpolicy,categories={kubestash,appscode}
// +kubebuilder:metadata:labels="app.kubernetes.io/name=kubestash"
// +kubebuilder:printcolumn:name="Max-Retention-Period",type="string",JSONPath=".spec.maxRetentionPeriod"
// +kubebuilder:printcolumn:name="Default",type="boolean",JSONPath=".spec.default"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type RetentionPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +required
	Spec RetentionPolicySpec `json:"spec"`
}

// RetentionPolicyList is a list of RetentionPolicies.
//
// +kubebuilder:object:root=true
type RetentionPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []RetentionPolicy `json:"items"`
}

// RetentionPolicySpec says which Snapshots are kept. Users write it. One of maxRetentionPeriod and successfulSnapshots is needed. Empty
// is refused.
//
// +kubebuilder:validation:XValidation:rule="(has(self.maxRetentionPeriod) && size(self.maxRetentionPeriod) > 0) || has(self.successfulSnapshots)",message="a RetentionPolicy must say what to keep: set maxRetentionPeriod, successfulSnapshots, or both"
type RetentionPolicySpec struct {
	// MaxRetentionPeriod is how long a Snapshot is kept at most: numbers with the units y, mo, w, d, h and m, as in "30d" or "1y6mo".
	// A year is 365 days, a month 30. Empty means without a limit.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[ ]*([0-9]+(y|mo|w|d|h|m))*[ ]*$')",message="maxRetentionPeriod must be whole numbers with the units y, mo, w, d, h or m, such as 30d or 1y6mo"
	MaxRetentionPeriod RetentionPeriod `json:"maxRetentionPeriod,omitempty"`

	// UsagePolicy says which namespaces may use this policy. Empty means the RetentionPolicy's own.
	// +optional
	// +kubebuilder:default={allowedNamespaces: {from: Same}}
	UsagePolicy *metav1alpha1.UsagePolicy `json:"usagePolicy,omitempty"`

	// SuccessfulSnapshots says how many Snapshots that succeeded are kept. Empty means all, up to maxRetentionPeriod.
	// +optional
	SuccessfulSnapshots *SuccessfulSnapshotsKeepPolicy `json:"successfulSnapshots,omitempty"`

	// FailedSnapshots says how many Snapshots that failed are kept. Empty means the last one.
	// +optional
	// +kubebuilder:default={last: 1}
	FailedSnapshots *FailedSnapshotsKeepPolicy `json:"failedSnapshots,omitempty"`

	// TimeZone is where hours, days, weeks, months and years begin, as in "Europe/Berlin". Empty means UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// Default makes this the policy of backends that name none. There is at most one in a namespace.
	// +optional
	Default bool `json:"default,omitempty"`
}

// RetentionPeriod is a length of time such as "30d" or "1y6mo"; see RetentionPolicySpec.MaxRetentionPeriod. Users write it. Empty means
// without a limit.
type RetentionPeriod string

// SuccessfulSnapshotsKeepPolicy says how many Snapshots that succeeded are kept. Users write it. A Snapshot is kept when any of the
// rules keeps it; a rule that is empty keeps none. With all of them empty, every Snapshot is kept up to maxRetentionPeriod. As with restic,
// a rule that has not kept as many as it may keeps the very oldest Snapshot too. Whatever the rules say, the newest Snapshot and the newest
// that was verified are kept.
type SuccessfulSnapshotsKeepPolicy struct {
	// Last is how many of the newest Snapshots are kept.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Last *int32 `json:"last,omitempty"`

	// Hourly is for how many hours the newest Snapshot of each is kept.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Hourly *int32 `json:"hourly,omitempty"`

	// Daily is for how many days the newest Snapshot of each is kept.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Daily *int32 `json:"daily,omitempty"`

	// Weekly is for how many weeks the newest Snapshot of each is kept.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Weekly *int32 `json:"weekly,omitempty"`

	// Monthly is for how many months the newest Snapshot of each is kept.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Monthly *int32 `json:"monthly,omitempty"`

	// Yearly is for how many years the newest Snapshot of each is kept.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Yearly *int32 `json:"yearly,omitempty"`
}

// FailedSnapshotsKeepPolicy says how many Snapshots that failed are kept. Users write it. Empty means the last one.
type FailedSnapshotsKeepPolicy struct {
	// Last is how many of the newest Snapshots are kept. Empty means one.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Last *int32 `json:"last,omitempty"`
}
