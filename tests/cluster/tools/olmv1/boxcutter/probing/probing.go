// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package probing answers: is an object as it should be? Its words are kept, and nobody asks.
package probing

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

type (
	// Prober is a probe.
	Prober any
	// And is all of them.
	And []Prober
	// ConditionProbe is about a condition.
	ConditionProbe struct{ Type, Status string }
	// FieldsEqualProbe is about two fields.
	FieldsEqualProbe struct{ FieldA, FieldB string }
	// FieldValueProbe is about one field.
	FieldValueProbe struct{ FieldPath, Value string }
	// GroupKindSelector is a probe of one kind.
	GroupKindSelector struct {
		GroupKind schema.GroupKind
		Prober    Prober
	}
	// LabelSelector is a probe of labelled objects.
	LabelSelector struct {
		Selector labels.Selector
		Prober   Prober
	}
	// ObservedGenerationProbe is a probe of what its controller has seen.
	ObservedGenerationProbe struct{ Prober Prober }
)
