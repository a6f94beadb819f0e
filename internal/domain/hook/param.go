// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// params settles what a template's parameters are: what the user gives, then the defaults. Problems name what is missing and what nobody
// has declared: a parameter that has no effect was meant to have one.
func params(declared []metav1alpha1.ParameterDefinition, raw *runtime.RawExtension) (settled map[string]string, problems []string) {
	given, problems := given(raw)
	settled = map[string]string{}
	for _, p := range declared {
		if p.Name == "" {
			continue
		}
		value, ok := given[p.Name]
		delete(given, p.Name)
		if !ok && p.Required && p.Default == "" {
			problem := fmt.Sprintf("parameter %s is needed", p.Name)
			if p.Usage != "" {
				problem += " (" + strings.TrimSuffix(p.Usage, ".") + ")"
			}
			problems = append(problems, problem)
		}
		if !ok {
			value = p.Default
		}
		settled[p.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		problems = append(problems, fmt.Sprintf("the template declares no parameter %s", name))
	}
	return settled, problems
}

func given(raw *runtime.RawExtension) (out map[string]string, problems []string) {
	out = map[string]string{}
	if raw == nil || len(raw.Raw) == 0 {
		return out, nil
	}
	var values map[string]any
	if err := json.Unmarshal(raw.Raw, &values); err != nil {
		return out, []string{"params is not an object"}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch v := values[name].(type) {
		case string:
			out[name] = v
		case bool, float64:
			text, err := json.Marshal(v)
			if err != nil {
				return out, append(problems, fmt.Sprintf("parameter %s: %v", name, err))
			}
			out[name] = string(text)
		case nil:
		default:
			problems = append(problems, fmt.Sprintf("parameter %s is a list or an object, where text is expected", name))
		}
	}
	return out, problems
}

// values are the variables that a template may use. One with another source than a value is known to the pod of a Function alone.
func values(variables []corev1.EnvVar, inPod bool) (out map[string]string, problems []string) {
	out = map[string]string{}
	for _, v := range variables {
		switch {
		case v.ValueFrom == nil:
			out[v.Name] = v.Value
		case !inPod:
			problems = append(problems, fmt.Sprintf("variable %s has valueFrom, which only a Function can read: give it a value", v.Name))
		}
	}
	return out, problems
}

// PodSelector reads a selector as published: label=value, separated by commas, with spaces where somebody likes them.
func PodSelector(text string) (map[string]string, error) {
	out := map[string]string{}
	for piece := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(piece), "=")
		value = strings.TrimPrefix(value, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			return nil, fmt.Errorf("%q is not of the form label=value", strings.TrimSpace(piece))
		}
		out[key] = value
	}
	return out, nil
}
