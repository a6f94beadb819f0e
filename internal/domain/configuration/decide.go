// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
)

// missingInterval is how often something missing is looked for that nobody tells us of: targets of kinds that
// aren't watched, and Secrets, which the operator may not watch.
const missingInterval = 30 * time.Second

// Decide says what is to be done for an invoker.
func Decide(f Facts) Verdict {
	d := decision{facts: f, of: f.Invoker, verdict: Verdict{Status: f.Invoker.Seen.Clone()}}
	status := &d.verdict.Status
	status.Found = nil
	if f.Leaving {
		d.missing(d.leaving())
	}
	for _, target := range f.Invoker.Targets {
		found := f.Targets[target.Name].Found
		status.Found = append(status.Found, ptr.To(found))
		if !found {
			d.missing(d.targetMissing(target))
		}
	}
	d.backends()
	status.Dependencies = d.facts.Dependencies
	if problems := d.problems(); len(problems) > 0 {
		d.invalid(problems)
		return d.verdict
	}
	d.validation(metav1.ConditionTrue, corev1alpha1.ReasonResourceValidationPassed, "Validation has been passed successfully.")
	d.repositories()
	d.sessions()
	d.removeStale()
	d.conclude()
	return d.verdict
}

// decision is a Decide under way.
type decision struct {
	facts   Facts
	of      *invoker.Invoker
	verdict Verdict
	// lacking are the things that are missing, each with what to do about it.
	lacking []string
}

func (d *decision) missing(message string) {
	if message != "" && !slices.Contains(d.lacking, message) {
		d.lacking = append(d.lacking, message)
	}
}

// leaving tells why nothing is made.
func (d *decision) leaving() string {
	return fmt.Sprintf("Namespace %s is being deleted, so nothing more is made in it.", d.of.Namespace)
}

func (d *decision) targetMissing(target invoker.Target) string {
	ref := target.Normal(d.of.Namespace)
	if ref == nil {
		return ""
	}
	if problem := d.facts.Targets[target.Name].Problem; problem != "" {
		return problem
	}
	return fmt.Sprintf("Target %s %s/%s does not exist: create it, or correct %s.", ref.Kind, ref.Namespace, ref.Name, target.At)
}

// problems are what makes the spec Invalid: what validation refuses, and who else was first at a location.
func (d *decision) problems() []string {
	problems := slices.Clone(d.facts.Problems)
	for _, entry := range Entries(d.of) {
		for _, rival := range d.facts.Rivals {
			if rival.Location == entry.Location && d.yields(rival, entry) {
				problem := fmt.Sprintf("%s.repositories[%s].directory: %q is already used by %s %s/%s "+
					"(repository %s) in BackupStorage %s/%s; use another directory", entry.At, entry.Info.Name, entry.Info.Directory,
					rival.Kind, rival.Namespace, rival.Name, rival.Repository, entry.Location.Storage.Namespace, entry.Location.Storage.Name)
				if !slices.Contains(problems, problem) {
					problems = append(problems, problem)
				}
			}
		}
	}
	return problems
}

// yields says who gives way at a location: whoever has no Repository there yet and was made later. Two invokers of
// one namespace may share a Repository.
func (d *decision) yields(rival Rival, entry Entry) bool {
	if rival.Namespace == d.of.Namespace && rival.Repository == entry.Info.Name {
		return false
	}
	if held, exists := d.facts.Repositories[entry.Info.Name]; exists && LocationOf(&held) == entry.Location {
		return false
	}
	if !rival.Created.Equal(&d.of.Created) {
		return rival.Created.Before(&d.of.Created)
	}
	return rival.Namespace+"/"+rival.Name+"/"+rival.Kind < d.of.Namespace+"/"+d.of.Name+"/"+d.of.Kind
}

// invalid ends the decision. Slots stop until the spec is corrected: a schedule that goes on would fill the
// history with failures, or write where it must not.
func (d *decision) invalid(problems []string) {
	message := strings.Join(problems, "; ")
	d.validation(metav1.ConditionFalse, corev1alpha1.ReasonResourceValidationFailed, message)
	status := &d.verdict.Status
	status.Phase = corev1alpha1.BackupConfigurationPhaseInvalid
	d.ready(metav1.ConditionFalse, d.reasons().invalid, message)
	for i := range status.Sessions {
		status.Sessions[i].NextSchedule = ""
	}
	for _, session := range sorted(d.facts.CronJobs) {
		if cronJob := d.facts.CronJobs[session]; !cronJob.Suspended {
			d.verdict.Intents = append(d.verdict.Intents, SuspendCronJob{Session: session, Name: cronJob.Name})
		}
	}
	d.verdict.Stalled = message
}

func (d *decision) removeStale() {
	for _, session := range sorted(d.facts.CronJobs) {
		if d.of.Session(session) == nil {
			d.verdict.Intents = append(d.verdict.Intents, RemoveCronJob{Name: d.facts.CronJobs[session].Name})
		}
	}
}

// conclude computes the phase and, when all is well, starts the first runs.
func (d *decision) conclude() {
	status := &d.verdict.Status
	status.Phase = Phase(d.of, *status)
	if d.facts.Leaving {
		status.Phase = corev1alpha1.BackupConfigurationPhaseNotReady
	}
	if status.Phase != corev1alpha1.BackupConfigurationPhaseReady {
		message := strings.Join(d.lacking, " ")
		d.ready(metav1.ConditionFalse, d.reasons().notReady, message)
		d.verdict.Stalled = message
		d.wake(missingInterval)
		return
	}
	d.ready(metav1.ConditionTrue, d.reasons().ready, "Everything that the backups need is there.")
	if d.of.Paused {
		return
	}
	for _, session := range d.of.Sessions {
		state := sessionStatus(status, session.Name)
		if ptr.Deref(session.Scheduler.Suspend, false) ||
			metav1alpha1.IsConditionTrue(state.Conditions, corev1alpha1.ConditionInitialBackupTriggered) {
			continue
		}
		d.verdict.Intents = append(d.verdict.Intents, StartFirst{Session: session.Name})
		metav1alpha1.SetCondition(&state.Conditions, metav1alpha1.Condition{
			Type:    corev1alpha1.ConditionInitialBackupTriggered,
			Status:  metav1.ConditionTrue,
			Reason:  corev1alpha1.ReasonSuccessfullyTriggeredInitialBackup,
			Message: "Initial backup has been triggered successfully.",
		}, d.facts.Now)
	}
}

func (d *decision) wake(after time.Duration) {
	if d.verdict.WakeUp == 0 || after < d.verdict.WakeUp {
		d.verdict.WakeUp = after
	}
}

func (d *decision) validation(status metav1.ConditionStatus, reason, message string) {
	metav1alpha1.SetCondition(&d.verdict.Status.Conditions, metav1alpha1.Condition{
		Type: corev1alpha1.ConditionValidationPassed, Status: status, Reason: reason, Message: message,
		ObservedGeneration: d.of.Generation,
	}, d.facts.Now)
}

func (d *decision) ready(status metav1.ConditionStatus, reason, message string) {
	metav1alpha1.SetCondition(&d.verdict.Status.Conditions, metav1alpha1.Condition{
		Type: corev1alpha1.ConditionReady, Status: status, Reason: reason, Message: message,
		ObservedGeneration: d.of.Generation,
	}, d.facts.Now)
}

// reasons of the condition Ready say which kind of object it is on.
func (d *decision) reasons() readyReasons { return reasonsOf(d.of.Kind) }

type readyReasons struct{ ready, notReady, invalid string }

func reasonsOf(kind string) readyReasons {
	if kind == corev1alpha1.KindBackupBatch {
		return readyReasons{
			corev1alpha1.ReasonBackupBatchReady, corev1alpha1.ReasonBackupBatchNotReady, corev1alpha1.ReasonBackupBatchInvalid,
		}
	}
	return readyReasons{
		corev1alpha1.ReasonBackupConfigurationReady, corev1alpha1.ReasonBackupConfigurationNotReady,
		corev1alpha1.ReasonBackupConfigurationInvalid,
	}
}

func sorted[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
