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
	"kubestash.com/kubestash/internal/domain/schedule"
)

// sessions brings the CronJob of each session in line and tells when it runs next.
func (d *decision) sessions() {
	old := d.verdict.Status.Clone()
	d.verdict.Status.Sessions = nil
	for _, session := range d.of.Sessions {
		state := corev1alpha1.SessionStatus{Name: session.Name, Conditions: sessionStatus(&old, session.Name).Conditions}
		problems := d.sessionProblems(session)
		// A CronJob that exists follows the spec in any case: it must stop when the session is suspended.
		if _, exists := d.facts.CronJobs[session.Name]; exists || len(problems) == 0 {
			if problem := d.schedule(session, &state); problem != "" {
				problems = append(problems, problem)
			}
		}
		condition := metav1alpha1.Condition{
			Type: corev1alpha1.ConditionSchedulerEnsured, Status: metav1.ConditionTrue,
			Reason: corev1alpha1.ReasonSchedulerEnsured, Message: "Scheduler has been ensured successfully.",
		}
		if len(problems) > 0 {
			condition.Status, condition.Reason = metav1.ConditionFalse, corev1alpha1.ReasonSchedulerNotEnsured
			condition.Message = strings.Join(problems, " ")
			for _, problem := range problems {
				d.missing(problem)
			}
		}
		metav1alpha1.SetCondition(&state.Conditions, condition, d.facts.Now)
		d.verdict.Status.Sessions = append(d.verdict.Status.Sessions, state)
	}
}

// schedule asks for the CronJob. What it returns is what is wrong with the schedule.
func (d *decision) schedule(session invoker.Session, state *corev1alpha1.SessionStatus) string {
	scheduler := session.Scheduler
	key := d.of.Namespace + "/" + d.of.Name + "/" + session.Name
	resolved, err := schedule.Resolve(scheduler.Schedule, key)
	if err != nil {
		return fmt.Sprintf("Session %s: %v.", session.Name, err)
	}
	suspend := d.of.Paused || ptr.Deref(scheduler.Suspend, false)
	d.verdict.Intents = append(d.verdict.Intents, EnsureCronJob{Session: session.Name, Schedule: resolved, Suspend: suspend})
	if suspend {
		return ""
	}
	next, err := schedule.Next(resolved, ptr.Deref(scheduler.TimeZone, ""), d.facts.Now.Time)
	if err != nil {
		return fmt.Sprintf("Session %s: %v.", session.Name, err)
	}
	if strings.HasPrefix(resolved, "@every") {
		// The interval counts from the last slot, which only the CronJob controller knows.
		return ""
	}
	state.NextSchedule = next.UTC().Format(time.RFC3339)
	d.wake(next.Sub(d.facts.Now.Time) + time.Second)
	return ""
}

// sessionProblems are what a session lacks before it makes sense to run it.
func (d *decision) sessionProblems(session invoker.Session) []string {
	problems := slices.Clone(d.facts.AddonProblems[session.Name])
	if _, exists := d.facts.CronJobs[session.Name]; d.facts.Leaving && !exists {
		problems = append(problems, d.leaving())
	}
	for _, info := range repositoriesOf(session) {
		if info.EncryptionSecret == nil {
			problems = append(problems, fmt.Sprintf("Repository %s has no encryptionSecret: name a Secret that holds %s.",
				info.Name, metav1alpha1.SecretKeyResticPassword))
			continue
		}
		ref := Normalise(*info.EncryptionSecret, d.of.Namespace)
		switch secret := d.facts.Secrets[ref]; {
		case !secret.Found:
			problems = append(problems, unavailable("Secret", ref, "encryptionSecret of repository "+info.Name))
		case !secret.HasPassword:
			problems = append(problems, fmt.Sprintf("Secret %s/%s has no %s, or an empty one: put the password of the backups there.",
				ref.Namespace, ref.Name, metav1alpha1.SecretKeyResticPassword))
		}
	}
	return problems
}

// repositoriesOf are the repositories of all targets of a session.
func repositoriesOf(session invoker.Session) []corev1alpha1.RepositoryInfo {
	var all []corev1alpha1.RepositoryInfo
	for _, part := range session.Parts {
		all = append(all, part.Repositories...)
	}
	return all
}
