// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package boxcutter answers: what does operator-controller need of its second way of applying bundles, when that is switched off?
//
// operator-controller v1.11 is compiled with boxcutter, and uses it with the gate BoxcutterRuntime, which is off unless asked for. Its module isn't
// served where everything else here comes from. So this module has the names that operator-controller's source uses, written from their uses; whatever
// would apply an object ends the program instead. The one part that works whatever the gate is managedcache, which is our own, too.
package boxcutter

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"pkg.package-operator.run/boxcutter/machinery/types"
)

// ProgressProbeType is the probe that says how far a revision is.
const ProgressProbeType = "Progress"

type (
	// Phase is a step of a revision.
	Phase = types.Phase
	// RevisionBuilder is a revision.
	RevisionBuilder = types.Revision
	// RevisionReconcileOption changes how a revision is applied.
	RevisionReconcileOption = types.RevisionReconcileOption
	// WithCollisionProtection says what happens to objects of somebody else.
	WithCollisionProtection string
)

// NewPhase is the step that applies these objects.
func NewPhase(string, []client.Object) Phase { panic(types.Off) }

// NewRevisionWithOwner is a revision of these phases.
func NewRevisionWithOwner(string, int64, []Phase, client.Object, any) RevisionBuilder {
	panic(types.Off)
}

// WithSiblingOwners names the other revisions.
func WithSiblingOwners([]client.Object) RevisionReconcileOption { panic(types.Off) }

// WithProbe adds a probe.
func WithProbe(string, any) RevisionReconcileOption { panic(types.Off) }

// WithAggregatePhaseReconcileErrors collects the errors of all phases.
func WithAggregatePhaseReconcileErrors() RevisionReconcileOption { panic(types.Off) }

// WithObjectReconcileOptions is for one object.
func WithObjectReconcileOptions(client.Object, any) RevisionReconcileOption { panic(types.Off) }
