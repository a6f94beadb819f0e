// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package types answers: what do the parts of boxcutter hand each other?
package types

import "sigs.k8s.io/controller-runtime/pkg/client"

// Off is what ends the program when somebody switches the gate on.
const Off = "this operator-controller is built without boxcutter: leave the gate BoxcutterRuntime off"

// ProbeStatusTrue is a probe that is content.
const ProbeStatusTrue = "True"

type (
	// Phase is a step of a revision.
	Phase interface{ GetObjects() []client.Object }
	// Revision is what is applied.
	Revision interface{ GetPhases() []Phase }
	// RevisionReconcileOption changes how a revision is applied.
	RevisionReconcileOption any
	// RevisionTeardownOption changes how it is removed.
	RevisionTeardownOption any
	// ProbeResult is what a probe says.
	ProbeResult struct {
		Status   string
		Messages []string
	}
)
