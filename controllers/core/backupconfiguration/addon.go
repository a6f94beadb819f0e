// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupconfiguration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/kube"
)

// addons reads what the tasks of each session need, and checks the tasks as far as that is possible before a run.
// The target is nil when there is none.
func (r *Reconciler) addons(
	ctx context.Context, bc *corev1alpha1.BackupConfiguration, target *kube.Target, facts *configuration.Facts,
) error {
	facts.AddonProblems = map[string][]string{}
	for _, session := range bc.Spec.Sessions {
		if session.Addon == nil || session.Addon.Name == "" {
			continue
		}
		known, found, err := kube.Get[addonsv1alpha1.Addon](ctx, r.Client, "", session.Addon.Name)
		if err != nil {
			return err
		}
		depend(facts, addonsv1alpha1.KindAddon, session.Addon.Name, found)
		if !found {
			facts.AddonProblems[session.Name] = []string{fmt.Sprintf(
				"Addon %s does not exist: install it, or correct addon.name of session %s.", session.Addon.Name, session.Name)}
			continue
		}
		functions, err := r.functions(ctx, known, session.Addon.Tasks, facts)
		if err != nil {
			return err
		}
		problems := unsupported(session)
		for _, task := range session.Addon.Tasks {
			request := addon.Request{Addon: known, Functions: functions, Direction: addon.Backup, Task: task}
			if err := runnable(request, bc, target); err != nil {
				problems = append(problems, sentence(err.Error()))
			}
		}
		if len(problems) > 0 {
			facts.AddonProblems[session.Name] = problems
		}
	}
	return nil
}

// unsupported refuses what a session asks for and this version would not do: nothing is ignored in silence.
func unsupported(session corev1alpha1.Session) []string {
	var problems []string
	if n := len(session.Addon.Tasks); n > 1 {
		problems = append(problems, fmt.Sprintf("Session %s has %d tasks: exactly one is supported by this version.", session.Name, n))
	}
	return problems
}

// runnable plans a run as the session will, so that what can't be run is told before the first slot.
func runnable(request addon.Request, bc *corev1alpha1.BackupConfiguration, target *kube.Target) error {
	if target == nil {
		return addon.Check(request)
	}
	request.Vars = map[string]string{
		metav1alpha1.VarNamespace: bc.Namespace, metav1alpha1.VarBackupSession: bc.Name,
		metav1alpha1.VarInvokerKind: corev1alpha1.KindBackupConfiguration, metav1alpha1.VarInvokerName: bc.Name,
	}
	_, err := desired.PlanParts(target.Application, request, nil, true)
	return err
}

func (r *Reconciler) functions(
	ctx context.Context, known *addonsv1alpha1.Addon, tasks []corev1alpha1.TaskReference, facts *configuration.Facts,
) (map[string]*addonsv1alpha1.Function, error) {
	functions := map[string]*addonsv1alpha1.Function{}
	for _, reference := range tasks {
		task, err := addon.Find(known, addon.Backup, reference.Name)
		if err != nil || task.Function == "" {
			continue
		}
		function, found, err := kube.Get[addonsv1alpha1.Function](ctx, r.Client, "", task.Function)
		if err != nil {
			return nil, err
		}
		depend(facts, addonsv1alpha1.KindFunction, task.Function, found)
		if found {
			functions[task.Function] = function
		}
	}
	return functions, nil
}

// depend notes a dependency, each once.
func depend(facts *configuration.Facts, kind, name string, found bool) {
	status := corev1alpha1.ResourceFoundStatus{
		TypedObjectReference: metav1alpha1.TypedObjectReference{APIGroup: addonsv1alpha1.GroupName, Kind: kind, Name: name},
		Found:                ptr.To(found),
	}
	if !slices.ContainsFunc(facts.Dependencies, func(s corev1alpha1.ResourceFoundStatus) bool {
		return s.TypedObjectReference == status.TypedObjectReference
	}) {
		facts.Dependencies = append(facts.Dependencies, status)
	}
}

// sentence makes one of an error's text.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
