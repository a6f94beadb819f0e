// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

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
// readOnly false, to be written. With wanted set, the parts with these components are planned, and each must
// be there. Its errors are for the user, and say why the task can't be run.
func PlanParts(app application.Application, request addon.Request, wanted []string, readOnly bool) ([]PartPlan, error) {
	find := func() ([]application.Part, error) { return application.Parts(app) }
	if wanted != nil {
		find = func() ([]application.Part, error) { return application.Find(app, wanted) }
	}
	parts, err := find()
	if err != nil {
		return nil, err
	}
	plans := make([]PartPlan, 0, len(parts))
	made := map[string]string{}
	for _, part := range parts {
		plan, err := planPart(part, request, readOnly)
		if err != nil {
			return nil, err
		}
		for _, c := range plan.Data.NewClaims {
			if other, again := made[c.Name]; again {
				return nil, fmt.Errorf("components %s and %s would both be restored into the new PersistentVolumeClaim %s; "+
					"${%s} or ${%s} in its name makes one for each", other, part.Component, c.Name, metav1alpha1.VarPodOrdinal, metav1alpha1.VarComponentName)
			}
			made[c.Name] = part.Component
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

func planPart(part application.Part, request addon.Request, readOnly bool) (PartPlan, error) {
	request = forPart(request, part)
	selected, err := addon.TargetVolumes(request)
	if err != nil {
		return PartPlan{}, err
	}
	var claims []corev1.PersistentVolumeClaim
	if selected != nil && len(selected.VolumeClaimTemplates) > 0 {
		if readOnly {
			return PartPlan{}, errors.New("targetVolumes.volumeClaimTemplates make claims for a restore; a backup reads those that there are")
		}
		if claims, err = newClaims(selected.VolumeClaimTemplates, request.Vars[metav1alpha1.VarNamespace]); err != nil {
			return PartPlan{}, err
		}
		if part.Pod == nil && part.Claim == "" && len(claims) == 1 {
			// The claim takes the target's place, for a task that mounts ${PVC_NAME}.
			part.Claim = claims[0].Name
			request = forPart(request, part)
		}
	}
	plan, err := addon.Resolve(request)
	if err != nil {
		return PartPlan{}, err
	}
	data, err := dataOf(part, plan, selected, claims, readOnly)
	if err != nil {
		return PartPlan{}, err
	}
	data.Tolerations = tolerations(part)
	return PartPlan{Part: part, Addon: plan, Data: data}, nil
}

// tolerations let a pod go where its part's data is. The pods of a DaemonSet also run on nodes that are cordoned off.
func tolerations(part application.Part) []corev1.Toleration {
	if part.Pod == nil {
		return nil
	}
	out := slices.Clone(part.Pod.Tolerations)
	if part.Node != "" {
		out = append(out, corev1.Toleration{
			Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule,
		})
	}
	return out
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
func dataOf(part application.Part, plan addon.Plan, selected *corev1alpha1.TargetVolumeInfo, claims []corev1.PersistentVolumeClaim,
	readOnly bool) (TargetData, error) {
	switch {
	case plan.Driver != metav1alpha1.DriverRestic:
		return TargetData{}, fmt.Errorf("task %s has the driver %s, which is not supported by this version", plan.Task, plan.Driver)
	case len(plan.Function.Command)+len(plan.Function.Args) > 0:
		return TargetData{}, fmt.Errorf("function %s runs a command of its own, which is not supported by this version", plan.Function.Name)
	case plan.Function.Image != "":
		return TargetData{}, fmt.Errorf("function %s names the image %s and no command; KubeStash copies files with its own image",
			plan.Function.Name, plan.Function.Image)
	case selected != nil && len(selected.VolumeMounts) > 0:
		return chosenData(part, plan, selected, claims, readOnly)
	case selected != nil && len(selected.Volumes) > 0:
		return TargetData{}, errors.New("targetVolumes.volumes are mounted nowhere; say where under targetVolumes.volumeMounts")
	case len(claims) > 0 && (part.Pod != nil || !mountsClaim(plan)):
		return TargetData{}, errors.New("targetVolumes.volumeClaimTemplates are mounted nowhere; " +
			"say under targetVolumes.volumeMounts at which path of the backup each belongs")
	case part.Claim != "":
		data, err := claimData(part.Claim, plan, readOnly)
		data.NewClaims = claims
		return data, err
	case part.Pod == nil:
		return TargetData{}, errors.New("there is no target and no targetVolumes.volumeClaimTemplates to restore into")
	default:
		return DiscoverTarget(part.Pod, readOnly)
	}
}

// chosenData mounts what targetVolumes names: volumes of its own, claims that it makes, the claim that the task mounts,
// or volumes of the target by name.
func chosenData(part application.Part, plan addon.Plan, selected *corev1alpha1.TargetVolumeInfo, claims []corev1.PersistentVolumeClaim,
	readOnly bool) (TargetData, error) {
	var candidates []corev1.Volume
	for _, v := range selected.Volumes {
		candidates = append(candidates, v.ToCore())
	}
	for _, c := range claims {
		candidates = append(candidates, corev1.Volume{Name: c.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c.Name},
		}})
	}
	for _, v := range plan.Volumes {
		if v.Source.PersistentVolumeClaim != nil && part.Claim != "" {
			candidates = append(candidates, corev1.Volume{Name: v.Name, VolumeSource: v.Source.ToCore()})
		}
	}
	if part.Pod != nil {
		candidates = append(candidates, part.Pod.Volumes...)
	}
	data, err := selectTarget(candidates, selected.VolumeMounts, readOnly)
	if err != nil {
		return TargetData{}, err
	}
	for _, c := range claims {
		if !slices.Contains(data.Claims, c.Name) {
			return TargetData{}, fmt.Errorf("targetVolumes makes the PersistentVolumeClaim %s and mounts it nowhere; add it to volumeMounts", c.Name)
		}
	}
	data.NewClaims = claims
	return data, nil
}

// mountsClaim reports whether a task mounts a PersistentVolumeClaim by itself, as pvc-addon's do.
func mountsClaim(plan addon.Plan) bool {
	return slices.ContainsFunc(plan.VolumeMounts, func(m corev1.VolumeMount) bool { return claimOf(plan, m) })
}

// claimOf reports whether a mount of the task is a claim with data: a cache on a claim isn't.
func claimOf(plan addon.Plan, m corev1.VolumeMount) bool {
	if m.Name == metav1alpha1.VolumeTmp || m.Name == metav1alpha1.VolumeInterim {
		return false
	}
	at := slices.IndexFunc(plan.Volumes, func(v addon.Volume) bool { return v.Name == m.Name })
	return at >= 0 && plan.Volumes[at].Source.PersistentVolumeClaim != nil
}

// claimData: the task's own volumes mount the claim.
func claimData(claim string, plan addon.Plan, readOnly bool) (TargetData, error) {
	var data TargetData
	for i, m := range plan.VolumeMounts {
		if !claimOf(plan, m) {
			continue
		}
		plan.VolumeMounts[i].ReadOnly = readOnly
		data.Paths = append(data.Paths, m.MountPath)
		data.claim(claim, m.MountPath)
	}
	if len(data.Paths) == 0 {
		return TargetData{}, fmt.Errorf("task %s mounts no PersistentVolumeClaim; pvc-addon does", plan.Task)
	}
	return data, nil
}
