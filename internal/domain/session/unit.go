// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"strings"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Unit is what a run does for one target. The session of a BackupConfiguration has one.
type Unit struct {
	// Target is the target's name among several; empty for the only one.
	Target string
	// AppRef is the target; nil when there is none.
	AppRef *metav1alpha1.TypedObjectReference
	// Gone is set when the target doesn't exist; it names it.
	Gone string
	// Restoring names a restore into the target that has not ended; empty when there is none.
	Restoring string
	// Problems tell why this target can't be backed up, the most important first.
	Problems []Problem
	// Components are the names of what is to be backed up. Known once Problems is empty.
	Components []string
	// Repositories are in the order of the configuration.
	Repositories []Repository
	// Jobs are by component.
	Jobs map[string]Job
	// Finisher is the Job of the last step, which a unit with several components has. Its Outcomes hold what was
	// forgotten.
	Finisher Job
}

// trouble says why a unit can't be started; empty when it can.
func (u Unit) trouble() string {
	switch {
	case u.Gone != "":
		return u.says(u.Gone + " doesn't exist.")
	case u.Restoring != "":
		return u.says(u.Restoring + " and has not ended: a backup would store what is half restored.")
	case len(u.Problems) > 0:
		return u.says(u.Problems[0].Message)
	default:
		return ""
	}
}

// mayPass reports whether what is wrong with a unit often mends itself in seconds.
func (u Unit) mayPass() bool {
	return u.Gone == "" && u.Restoring == "" && len(u.Problems) > 0 && u.Problems[0].MayPass
}

// says puts a sentence about a unit down to it, where there are several.
func (u Unit) says(sentence string) string {
	if u.Target == "" {
		return sentence
	}
	return "Target " + u.Target + ": " + sentence
}

// of names one of a unit's components.
func (u Unit) of(component string) string {
	if u.Target == "" {
		return component
	}
	return component + " of target " + u.Target
}

// work says what a unit backs up, and whereto.
func (u Unit) work() string {
	what := fmt.Sprintf("%s into %s", components(u.Components), repositories(u.Repositories))
	if u.Target == "" {
		return what
	}
	return "target " + u.Target + " (" + what + ")"
}

func (f Facts) anyUnit(is func(Unit) bool) bool {
	for _, u := range f.Units {
		if is(u) {
			return true
		}
	}
	return false
}

func (f Facts) allUnits(are func(Unit) bool) bool {
	return len(f.Units) > 0 && !f.anyUnit(func(u Unit) bool { return !are(u) })
}

// troubles are what is wrong with the units that can't be started.
func (f Facts) troubles() string {
	var all []string
	for _, u := range f.Units {
		if t := u.trouble(); t != "" {
			all = append(all, t)
		}
	}
	return strings.Join(all, " ")
}
