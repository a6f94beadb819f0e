// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ConditionSeverity says how bad it is that a condition is not as it should be. The operator writes it. Empty means Error where the
// condition is bad, and nothing where it is good.
type ConditionSeverity string

const (
	// ConditionSeverityError marks what stops a backup or a restore.
	ConditionSeverityError ConditionSeverity = "Error"
	// ConditionSeverityWarning marks what lets work go on, but should be looked at.
	ConditionSeverityWarning ConditionSeverity = "Warning"
	// ConditionSeverityInfo marks what is only worth knowing.
	ConditionSeverityInfo ConditionSeverity = "Info"
)

// Condition is one observation of an object. The operator writes it; the constants next to each kind's status name its types and
// their reasons. A type that is absent has not been observed yet.
type Condition struct {
	// Type of the condition, in CamelCase.
	Type string `json:"type"`

	// Status is True, False or Unknown.
	Status metav1.ConditionStatus `json:"status"`

	// ObservedGeneration is the metadata.generation that was looked at. Zero means that it is not recorded.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Severity is Error, Warning or Info. Empty means Error where the condition is bad.
	// +optional
	Severity ConditionSeverity `json:"severity,omitempty"`

	// LastTransitionTime is when status, reason or message last changed.
	LastTransitionTime metav1.Time `json:"lastTransitionTime"`

	// Reason is one CamelCase word for machines. Empty when there is nothing to add to type and status.
	// +optional
	Reason string `json:"reason,omitempty"`

	// Message is a sentence for humans: what is so, and what to do about it. It never holds secrets.
	// +optional
	Message string `json:"message,omitempty"`
}

// SetCondition puts c into conditions and says whether anything changed. An entry of the same type that says the same (status, reason,
// message, and generation where c has one) keeps its time; any other change, also of the message alone, sets LastTransitionTime to now.
// The time in c itself is ignored.
func SetCondition(conditions *[]Condition, c Condition, now metav1.Time) bool {
	c.LastTransitionTime = now
	old := FindCondition(*conditions, c.Type)
	if old == nil {
		*conditions = append(*conditions, c)
		return true
	}
	if old.Status == c.Status && old.Reason == c.Reason && old.Message == c.Message && old.Severity == c.Severity &&
		(c.ObservedGeneration == 0 || old.ObservedGeneration == c.ObservedGeneration) {
		return false
	}
	*old = c
	return true
}

// RemoveCondition drops the condition of this type and says whether there was one.
func RemoveCondition(conditions *[]Condition, conditionType string) bool {
	for i := range *conditions {
		if (*conditions)[i].Type == conditionType {
			*conditions = append((*conditions)[:i:i], (*conditions)[i+1:]...)
			return true
		}
	}
	return false
}

// FindCondition returns the condition of this type, inside the slice that it was given, or nil when it has not been observed.
func FindCondition(conditions []Condition, conditionType string) *Condition {
	for i := range conditions {
		if conditions[i].Type == conditionType {
			return &conditions[i]
		}
	}
	return nil
}

// HasCondition says whether the condition has been observed, with any status.
func HasCondition(conditions []Condition, conditionType string) bool {
	return FindCondition(conditions, conditionType) != nil
}

// IsConditionTrue says whether the condition has been observed as True.
func IsConditionTrue(conditions []Condition, conditionType string) bool {
	return hasStatus(conditions, conditionType, metav1.ConditionTrue)
}

// IsConditionFalse says whether the condition has been observed as False. A condition that is absent is not False.
func IsConditionFalse(conditions []Condition, conditionType string) bool {
	return hasStatus(conditions, conditionType, metav1.ConditionFalse)
}

// IsConditionUnknown says whether the condition has been observed as Unknown. A condition that is absent is not Unknown.
func IsConditionUnknown(conditions []Condition, conditionType string) bool {
	return hasStatus(conditions, conditionType, metav1.ConditionUnknown)
}

func hasStatus(conditions []Condition, conditionType string, status metav1.ConditionStatus) bool {
	c := FindCondition(conditions, conditionType)
	return c != nil && c.Status == status
}
