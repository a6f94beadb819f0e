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
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/kube"
)

// addons reads what the tasks of each session need, and checks the tasks as far as that is possible before a run.
// The targets are those that exist, by name.
func (r *worker) addons(
	ctx context.Context, of *invoker.Invoker, targets map[string]*kube.Target, facts *configuration.Facts,
) error {
	facts.AddonProblems = map[string][]string{}
	for _, session := range of.Sessions {
		for _, part := range session.Parts {
			problems, err := r.addon(ctx, of, session, part, targets[part.Target], facts)
			if err != nil {
				return err
			}
			for _, problem := range problems {
				if part.Target != "" {
					problem = "Target " + part.Target + ": " + problem
				}
				facts.AddonProblems[session.Name] = append(facts.AddonProblems[session.Name], problem)
			}
		}
	}
	return nil
}

// addon says what is wrong with how one target is backed up. The target is nil when it doesn't exist, or is none.
func (r *worker) addon(
	ctx context.Context, of *invoker.Invoker, session invoker.Session, part invoker.Part, target *kube.Target, facts *configuration.Facts,
) ([]string, error) {
	if part.Addon == nil || part.Addon.Name == "" {
		return nil, nil
	}
	known, found, err := kube.Get[addonsv1alpha1.Addon](ctx, r.Client, "", part.Addon.Name)
	if err != nil {
		return nil, err
	}
	depend(facts, addonsv1alpha1.KindAddon, part.Addon.Name, found)
	if !found {
		return []string{fmt.Sprintf(
			"Addon %s does not exist: install it, or correct addon.name of session %s.", part.Addon.Name, session.Name)}, nil
	}
	functions, err := r.functions(ctx, known, part.Addon.Tasks, facts)
	if err != nil {
		return nil, err
	}
	var problems []string
	if n := len(part.Addon.Tasks); n > 1 {
		problems = append(problems, fmt.Sprintf("Session %s has %d tasks: exactly one is supported by this version.", session.Name, n))
	}
	for _, task := range part.Addon.Tasks {
		request := addon.Request{Addon: known, Functions: functions, Direction: addon.Backup, Task: task}
		if err := runnable(request, of, target); err != nil {
			problems = append(problems, sentence(err.Error()))
		}
	}
	return problems, nil
}

// runnable plans a run as the session will, so that what can't be run is told before the first slot.
func runnable(request addon.Request, of *invoker.Invoker, target *kube.Target) error {
	if target == nil {
		return addon.Check(request)
	}
	request.Vars = map[string]string{
		metav1alpha1.VarNamespace: of.Namespace, metav1alpha1.VarBackupSession: of.Name,
		metav1alpha1.VarInvokerKind: of.Kind, metav1alpha1.VarInvokerName: of.Name,
	}
	_, err := desired.PlanParts(target.Application, request, nil, true)
	return err
}

func (r *worker) functions(
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
