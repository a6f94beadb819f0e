// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package machinery answers: how is a revision applied? It isn't.
package machinery

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"pkg.package-operator.run/boxcutter/machinery/types"
)

// ActionCollision is what became of an object that is somebody else's.
const ActionCollision = "Collision"

type (
	// RevisionEngine applies revisions.
	RevisionEngine struct{}
	// RevisionTeardownResult is what became of a removal.
	RevisionTeardownResult interface{ IsComplete() bool }
	// RevisionResult is what became of a revision.
	RevisionResult interface {
		String() string
		GetValidationError() error
		GetPhases() []PhaseResult
		InTransition() bool
		IsComplete() bool
	}
	// PhaseResult is what became of a phase.
	PhaseResult interface {
		GetValidationError() error
		GetObjects() []ObjectResult
		IsComplete() bool
	}
	// ObjectResult is what became of an object.
	ObjectResult interface {
		Action() string
		String() string
		ProbeResults() map[string]types.ProbeResult
		Object() client.Object
	}
)

// Teardown would remove a revision.
func (*RevisionEngine) Teardown(context.Context, types.Revision, ...types.RevisionTeardownOption) (RevisionTeardownResult, error) {
	panic(types.Off)
}

// Reconcile would apply one.
func (*RevisionEngine) Reconcile(context.Context, types.Revision, ...types.RevisionReconcileOption) (RevisionResult, error) {
	panic(types.Off)
}

// NewRevisionEngine would make an engine of its parts.
func NewRevisionEngine(...any) *RevisionEngine { panic(types.Off) }

// NewPhaseEngine is a part of it.
func NewPhaseEngine(...any) any { panic(types.Off) }

// NewObjectEngine is a part of it.
func NewObjectEngine(...any) any { panic(types.Off) }

// NewComparator is a part of it.
func NewComparator(...any) any { panic(types.Off) }
