// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/template"
)

// Reference is the blueprint that a target names; false when it names none. Without a namespace it is the
// target's own.
func Reference(t Target) (types.NamespacedName, bool) {
	name := strings.TrimSpace(t.Annotations[metav1alpha1.AnnotationBlueprintName])
	namespace := strings.TrimSpace(t.Annotations[metav1alpha1.AnnotationBlueprintNamespace])
	if namespace == "" {
		namespace = t.Namespace
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, name != ""
}

// Candidates are the names that the BackupConfiguration of a target can have, the published one first. The second
// is for the case that the first is another target's: outside the targets' namespaces names could collide.
func Candidates(t Target, blueprint *corev1alpha1.BackupBlueprint) []types.NamespacedName {
	namespace, problem := home(t, blueprint)
	if problem != nil {
		return nil
	}
	name := naming.BlueprintConfiguration(t.Kind, t.Name, t.Namespace, namespace == t.Namespace)
	return []types.NamespacedName{
		{Namespace: namespace, Name: name},
		{Namespace: namespace, Name: naming.Disambiguate(name, t.Key())},
	}
}

// Decide says what is to be done for a target.
func Decide(f Facts) Verdict {
	reference, annotated := Reference(f.Target)
	if !f.Exists || !annotated {
		return Verdict{Delete: living(f.Made)}
	}
	if f.Blueprint == nil {
		return blueprintGone(f, reference)
	}
	if f.Denied != "" {
		return Verdict{Waits: true, Problem: &Problem{EventBlueprintNotAllowed, fmt.Sprintf(
			"BackupBlueprint %s is not allowed: %s.%s", reference, f.Denied, kept(f))}}
	}
	if len(f.Refused) > 0 {
		return Verdict{Waits: true, Problem: &Problem{EventBlueprintInvalid, fmt.Sprintf(
			"BackupBlueprint %s is not valid: %s.%s", reference, strings.Join(f.Refused, "; "), kept(f))}}
	}
	configuration, problem := resolve(f, reference)
	if problem != nil {
		problem.Message += kept(f)
		return Verdict{Problem: problem, Waits: problem.Reason == EventNameTaken}
	}
	verdict := Verdict{Apply: configuration}
	for _, made := range f.Made {
		switch {
		case made.NamespacedName == configuration.NamespacedName && made.Deleting:
			// Its end is an event of its own, and starts over.
			verdict.Apply = nil
		case made.NamespacedName == configuration.NamespacedName:
			configuration.Exists = true
			if made.Hash == configuration.Annotations[AnnotationHash] {
				verdict.Apply = nil
			}
		case !made.Deleting:
			verdict.Delete = append(verdict.Delete, made.NamespacedName)
		}
	}
	return verdict
}

// blueprintGone ends what was to end with the blueprint. A target whose annotation names another blueprint now,
// one that isn't there, keeps what the earlier one made.
func blueprintGone(f Facts, reference types.NamespacedName) Verdict {
	verdict := Verdict{}
	for _, made := range f.Made {
		if made.DeletedWithBlueprint && made.Blueprint == reference.String() && !made.Deleting {
			verdict.Delete = append(verdict.Delete, made.NamespacedName)
		}
	}
	message := fmt.Sprintf("BackupBlueprint %s does not exist: create it, or correct the annotation %s.",
		reference, metav1alpha1.AnnotationBlueprintName)
	if len(verdict.Delete) == 0 {
		message += kept(f)
	}
	verdict.Problem = &Problem{EventBlueprintNotFound, message}
	return verdict
}

// kept tells the owner that backups go on as before.
func kept(f Facts) string {
	for _, made := range f.Made {
		if !made.Deleting {
			return fmt.Sprintf(" BackupConfiguration %s stays as it is.", made.NamespacedName)
		}
	}
	return ""
}

func living(all []Made) []types.NamespacedName {
	var names []types.NamespacedName
	for _, made := range all {
		if !made.Deleting {
			names = append(names, made.NamespacedName)
		}
	}
	return names
}

// resolve makes the BackupConfiguration of a target.
func resolve(f Facts, reference types.NamespacedName) (*Configuration, *Problem) {
	if f.Blueprint.Spec.BackupConfigurationTemplate == nil {
		return nil, &Problem{EventBlueprintInvalid, fmt.Sprintf("BackupBlueprint %s has no backupConfigurationTemplate.", reference)}
	}
	if _, problem := home(f.Target, f.Blueprint); problem != nil {
		return nil, problem
	}
	name, problem := pickName(f)
	if problem != nil {
		return nil, problem
	}
	sessions, problem := pickSessions(f, reference)
	if problem != nil {
		return nil, problem
	}
	tree, err := specTree(f, sessions)
	if err != nil {
		return nil, &Problem{EventBlueprintInvalid, fmt.Sprintf("BackupBlueprint %s: %v.", reference, err)}
	}
	resolved, err := template.ResolveTree(tree, variables(f.Target, name))
	if err != nil {
		return nil, unresolved(reference, err)
	}
	spec := resolved.(map[string]any)
	if problem := refuseNamespaces(f, tree, spec); problem != nil {
		return nil, problem
	}
	return finish(f, reference, name, spec), nil
}

// unresolved tells of missing variables in the words of who writes annotations.
func unresolved(reference types.NamespacedName, err error) *Problem {
	var missing *template.Unresolved
	if !errors.As(err, &missing) {
		return &Problem{EventBlueprintInvalid, fmt.Sprintf("BackupBlueprint %s can't be resolved: %v.", reference, err)}
	}
	annotations := make([]string, 0, len(missing.Names))
	for _, name := range missing.Names {
		annotations = append(annotations, metav1alpha1.AnnotationVariablePrefix+name)
	}
	return &Problem{EventVariablesMissing, fmt.Sprintf("BackupBlueprint %s needs variables that have no value: add the annotations %s.",
		reference, strings.Join(annotations, ", "))}
}

// home is the namespace of the BackupConfiguration: the template's, or the target's. A template may leave its
// namespace to a variable, and then only the target's own will do: the value comes from whoever may annotate the
// target, and must not open other namespaces to them.
func home(t Target, blueprint *corev1alpha1.BackupBlueprint) (string, *Problem) {
	if blueprint.Spec.BackupConfigurationTemplate == nil {
		return "", &Problem{EventBlueprintInvalid, "The BackupBlueprint has no backupConfigurationTemplate."}
	}
	wanted := blueprint.Spec.BackupConfigurationTemplate.Namespace
	if wanted == "" {
		return t.Namespace, nil
	}
	reference := types.NamespacedName{Namespace: blueprint.Namespace, Name: blueprint.Name}
	namespace, err := template.Resolve(wanted, variables(t, types.NamespacedName{}))
	if err != nil {
		return "", unresolved(reference, err)
	}
	if template.HasVariables(wanted) && namespace != t.Namespace {
		return "", &Problem{EventNamespaceRefused, fmt.Sprintf(
			"BackupBlueprint %s: template.namespace is %q by an annotation, and only the target's own namespace may come from one.",
			reference, namespace)}
	}
	return namespace, nil
}

// pickName takes the first candidate that is free or ours. One that a blueprint made for another target leads to
// the next; one that somebody made by hand is theirs.
func pickName(f Facts) (types.NamespacedName, *Problem) {
	candidates := Candidates(f.Target, f.Blueprint)
	// Once it has a name, it keeps it.
	for _, candidate := range candidates {
		if slices.ContainsFunc(f.Made, func(m Made) bool { return m.NamespacedName == candidate }) {
			return candidate, nil
		}
	}
	for _, candidate := range candidates {
		madeFor, taken := f.Occupied[candidate]
		switch {
		case !taken:
			return candidate, nil
		case madeFor == "":
			return candidate, &Problem{EventNameTaken, fmt.Sprintf(
				"BackupConfiguration %s exists and was not made by a blueprint: delete it, or remove the annotation %s.",
				candidate, metav1alpha1.AnnotationBlueprintName)}
		}
	}
	return candidates[0], &Problem{EventNameTaken, fmt.Sprintf(
		"BackupConfigurations %s and %s exist and were made for other targets.", candidates[0], candidates[1])}
}

func pickSessions(f Facts, reference types.NamespacedName) ([]corev1alpha1.Session, *Problem) {
	all := f.Blueprint.Spec.BackupConfigurationTemplate.Sessions
	var wanted []string
	for _, name := range strings.Split(f.Target.Annotations[metav1alpha1.AnnotationBlueprintSessionNames], ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(wanted, name) {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) == 0 {
		return all, nil
	}
	var picked []corev1alpha1.Session
	var known []string
	for _, session := range all {
		known = append(known, session.Name)
		if i := slices.Index(wanted, session.Name); i >= 0 {
			picked = append(picked, session)
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		return nil, &Problem{EventSessionUnknown, fmt.Sprintf("BackupBlueprint %s has no session %s: it has %s. Correct the annotation %s.",
			reference, strings.Join(wanted, ", "), strings.Join(known, ", "), metav1alpha1.AnnotationBlueprintSessionNames)}
	}
	return picked, nil
}
