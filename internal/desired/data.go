// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/domain/application"
)

// PartPlan is what one pod does for one part of an application.
type PartPlan struct {
	Part  application.Part
	Addon addon.Plan
	Data  TargetData
}

// PlanParts resolves a task for each part of an application and finds the part's data, to be read or, with
// readOnly false, to be written. With wanted set, only the parts with these components are planned, and each must
// be there. Its errors are for the user, and say why the task can't be run.
func PlanParts(app application.Application, request addon.Request, wanted []string, readOnly bool) ([]PartPlan, error) {
	parts, err := application.Parts(app)
	if err != nil {
		return nil, err
	}
	if wanted != nil {
		if parts, err = choose(parts, wanted); err != nil {
			return nil, err
		}
	}
	plans := make([]PartPlan, 0, len(parts))
	for _, part := range parts {
		plan, err := addon.Resolve(forPart(request, part))
		if err != nil {
			return nil, err
		}
		data, err := dataOf(part, plan, request.Task.TargetVolumes, readOnly)
		if err != nil {
			return nil, err
		}
		plans = append(plans, PartPlan{Part: part, Addon: plan, Data: data})
	}
	return plans, nil
}

func choose(parts []application.Part, wanted []string) ([]application.Part, error) {
	var chosen []application.Part
	for _, name := range wanted {
		i := slices.IndexFunc(parts, func(p application.Part) bool { return p.Component == name })
		if i < 0 {
			return nil, fmt.Errorf("component %s belongs to no pod of the target; it has pods for: %s", name, componentNames(parts))
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

func componentNames(parts []application.Part) string {
	names := ""
	for i, p := range parts {
		if i > 0 {
			names += ", "
		}
		names += p.Component
	}
	return names
}

func forPart(request addon.Request, part application.Part) addon.Request {
	vars := maps.Clone(request.Vars)
	if vars == nil {
		vars = map[string]string{}
	}
	vars[metav1alpha1.VarComponentName] = part.Component
	if part.Ordinal != "" {
		vars[metav1alpha1.VarPodOrdinal] = part.Ordinal
	}
	if part.Claim != "" {
		vars[metav1alpha1.VarPVCName] = part.Claim
	}
	request.Vars = vars
	return request
}

// dataOf finds what targetVolumes names, or the claim that the task's own volumes mount, or what the pod mounts.
func dataOf(part application.Part, plan addon.Plan, selected *corev1alpha1.TargetVolumeInfo, readOnly bool) (TargetData, error) {
	switch {
	case plan.Driver != metav1alpha1.DriverRestic:
		return TargetData{}, fmt.Errorf("task %s has the driver %s, which is not supported by this version", plan.Task, plan.Driver)
	case len(plan.Function.Command)+len(plan.Function.Args) > 0:
		return TargetData{}, fmt.Errorf("function %s runs a command of its own, which is not supported by this version", plan.Function.Name)
	case selected != nil && len(selected.VolumeClaimTemplates) > 0:
		return TargetData{}, errors.New("targetVolumes.volumeClaimTemplates is not supported by this version; create the claims first")
	case selected != nil && len(selected.VolumeMounts) > 0:
		return SelectTarget(part.Pod, selected, readOnly)
	case part.Claim != "":
		return claimData(part.Claim, plan, readOnly)
	default:
		return DiscoverTarget(part.Pod, readOnly)
	}
}

// claimData: the task's own volumes mount the claim.
func claimData(claim string, plan addon.Plan, readOnly bool) (TargetData, error) {
	data := TargetData{Claims: []string{claim}}
	for i, m := range plan.VolumeMounts {
		at := slices.IndexFunc(plan.Volumes, func(v addon.Volume) bool { return v.Name == m.Name })
		if at < 0 || plan.Volumes[at].Source.PersistentVolumeClaim == nil {
			continue
		}
		plan.VolumeMounts[i].ReadOnly = readOnly
		data.Paths = append(data.Paths, m.MountPath)
	}
	if len(data.Paths) == 0 {
		return TargetData{}, fmt.Errorf("task %s mounts no PersistentVolumeClaim; pvc-addon does", plan.Task)
	}
	return data, nil
}
