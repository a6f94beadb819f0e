// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSettingACondition(t *testing.T) {
	before := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	now := metav1.NewTime(before.Add(time.Hour))
	ready := Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Well", Message: "all is well", ObservedGeneration: 1, LastTransitionTime: before}
	with := func(change func(*Condition)) Condition {
		c := ready
		c.LastTransitionTime = metav1.Time{}
		change(&c)
		return c
	}

	for name, test := range map[string]struct {
		set     Condition
		changed bool
	}{
		"that says the same keeps the time":                                 {with(func(*Condition) {}), false},
		"that says the same without a generation keeps the time":            {with(func(c *Condition) { c.ObservedGeneration = 0 }), false},
		"that says the same of another generation changes it":               {with(func(c *Condition) { c.ObservedGeneration = 2 }), true},
		"with another status changes it":                                    {with(func(c *Condition) { c.Status = metav1.ConditionFalse }), true},
		"with another reason changes it, though the status is the same":     {with(func(c *Condition) { c.Reason = "Better" }), true},
		"with another message changes it, though the status is the same":    {with(func(c *Condition) { c.Message = "all is better" }), true},
		"with another severity changes it":                                  {with(func(c *Condition) { c.Severity = ConditionSeverityInfo }), true},
		"of another type appends it, and leaves the others where they were": {with(func(c *Condition) { c.Type = "Other" }), true},
	} {
		t.Run(name, func(t *testing.T) {
			conditions := []Condition{{Type: "First", LastTransitionTime: before}, ready}
			if changed := SetCondition(&conditions, test.set, now); changed != test.changed {
				t.Errorf("changed: got %v, want %v", changed, test.changed)
			}
			want := before
			if test.changed {
				want = now
			}
			got := FindCondition(conditions, test.set.Type)
			if got == nil {
				t.Fatal("the condition is not there")
			}
			if !got.LastTransitionTime.Equal(&want) {
				t.Errorf("time: got %v, want %v", got.LastTransitionTime, want)
			}
			if got.Status != test.set.Status || got.Reason != test.set.Reason || got.Message != test.set.Message {
				t.Errorf("got %+v, want %+v", *got, test.set)
			}
			if conditions[0].Type != "First" || conditions[1].Type != "Ready" {
				t.Errorf("the order changed: %+v", conditions)
			}
		})
	}
}

func TestAskingForACondition(t *testing.T) {
	conditions := []Condition{
		{Type: "Yes", Status: metav1.ConditionTrue},
		{Type: "No", Status: metav1.ConditionFalse},
		{Type: "Perhaps", Status: metav1.ConditionUnknown},
	}
	for conditionType, want := range map[string][4]bool{
		"Yes":     {true, true, false, false},
		"No":      {true, false, true, false},
		"Perhaps": {true, false, false, true},
		"Absent":  {false, false, false, false},
	} {
		got := [4]bool{
			HasCondition(conditions, conditionType), IsConditionTrue(conditions, conditionType),
			IsConditionFalse(conditions, conditionType), IsConditionUnknown(conditions, conditionType),
		}
		if got != want {
			t.Errorf("%s: has, true, false, unknown: got %v, want %v", conditionType, got, want)
		}
	}
}

func TestRemovingAConditionLeavesTheOthersAndTheOldSlice(t *testing.T) {
	old := []Condition{{Type: "A"}, {Type: "B"}, {Type: "C"}}
	conditions := old
	if !RemoveCondition(&conditions, "B") || RemoveCondition(&conditions, "B") {
		t.Error("the first removal finds the condition, the second doesn't")
	}
	if len(conditions) != 2 || conditions[0].Type != "A" || conditions[1].Type != "C" {
		t.Errorf("left: %+v", conditions)
	}
	if old[1].Type != "B" || old[2].Type != "C" {
		t.Errorf("the slice that others may hold changed: %+v", old)
	}
}
