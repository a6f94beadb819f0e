// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ObjectReference points to an object of a kind that the field implies. Users write it in specs, the operator in statuses. Empty is
// refused: leave the field out instead.
type ObjectReference struct {
	// Name of the object.
	Name string `json:"name"`

	// Namespace of the object. Empty means the namespace of the object that holds this reference.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// TypedObjectReference points to an object of any kind. Users write it in specs, the operator in statuses. Empty is refused: leave the
// field out instead.
type TypedObjectReference struct {
	// APIGroup of the object, without a version. Empty means the core group; for the kinds Deployment, StatefulSet and DaemonSet
	// an empty group is read as "apps".
	// +optional
	APIGroup string `json:"apiGroup,omitempty"`

	// Kind of the object. Empty only where there is no object, as in a backup without a target.
	// +optional
	Kind string `json:"kind,omitempty"`

	// Namespace of the object. Empty means the namespace of the object that holds this reference.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Name of the object.
	Name string `json:"name"`
}
