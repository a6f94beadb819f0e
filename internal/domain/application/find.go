// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// podPrefix begins the component of a StatefulSet's pod.
const podPrefix = metav1alpha1.ComponentDump + "-" + metav1alpha1.ComponentPod + "-"

// Find returns the parts that components are restored into, in their order. Its errors are for the user.
//
// A StatefulSet's pod need not be there: its claims stay when the set is scaled down, and scaling it to zero is how
// one restores without a writer. Whether they are there is for the caller to see.
func Find(a Application, components []string) ([]Part, error) {
	find := a.existing
	switch {
	case a.Kind == "":
		find = anew
	case a.Kind == metav1alpha1.KindStatefulSet && len(a.ClaimTemplates) > 0:
		find = a.ofOrdinals
	}
	return find(components)
}

// ofOrdinals makes the parts from the ordinals in the components' names.
func (a Application) ofOrdinals(components []string) ([]Part, error) {
	parts := make([]Part, 0, len(components))
	for _, c := range components {
		ordinal, ok := ordinalOf(c)
		if !ok {
			return nil, fmt.Errorf("component %s belongs to no pod of a StatefulSet; those are named %s0 and so on", c, podPrefix)
		}
		parts = append(parts, Part{Component: c, Pod: withClaims(a, ordinal), Ordinal: ordinal})
	}
	return parts, nil
}

// anew are the parts of an application that isn't there yet.
func anew(components []string) ([]Part, error) {
	parts := make([]Part, 0, len(components))
	for _, c := range components {
		ordinal, _ := ordinalOf(c)
		parts = append(parts, Part{Component: c, Ordinal: ordinal})
	}
	return parts, nil
}

// existing finds components among the parts that there are.
func (a Application) existing(components []string) ([]Part, error) {
	all, err := Parts(a)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, c := range components {
		i := slices.IndexFunc(all, func(p Part) bool { return p.Component == c })
		if i < 0 {
			return nil, errors.New(a.without(c, all))
		}
		parts = append(parts, all[i])
	}
	return parts, nil
}

func (a Application) without(component string, all []Part) string {
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, p.Component)
	}
	have := strings.Join(names, ", ")
	if a.Kind == metav1alpha1.KindDaemonSet {
		return fmt.Sprintf("component %s has no place to go: no pod of the DaemonSet runs on that node; there are: %s. "+
			"Name the components to restore in dataSource.components, or use targetVolumes.volumeClaimTemplates", component, have)
	}
	return fmt.Sprintf("component %s has no place to go in %s %s, which has: %s; "+
		"name the components to restore in dataSource.components", component, a.Kind, a.Name, have)
}

func ordinalOf(component string) (string, bool) {
	digits, ok := strings.CutPrefix(component, podPrefix)
	n, err := strconv.ParseUint(digits, 10, 31)
	if !ok || err != nil || strconv.FormatUint(n, 10) != digits {
		return "", false
	}
	return digits, true
}
