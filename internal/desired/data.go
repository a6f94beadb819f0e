// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/addon"
)

// Application is a target as far as its data goes.
type Application struct {
	Kind, Name string
	// Pod is the pod template's spec; nil for a PersistentVolumeClaim.
	Pod *corev1.PodSpec
}

// Data finds what a pod mounts to read an application's data, or with readOnly false to write it: what
// targetVolumes names, or the claim that the task's own volumes mount, or what the pod template mounts. Its
// errors are for the user, and say why the task can't be run.
func Data(app Application, plan addon.Plan, selected *corev1alpha1.TargetVolumeInfo, readOnly bool) (TargetData, error) {
	switch {
	case plan.Driver != metav1alpha1.DriverRestic:
		return TargetData{}, fmt.Errorf("task %s has the driver %s, which is not supported by this version", plan.Task, plan.Driver)
	case len(plan.Function.Command)+len(plan.Function.Args) > 0:
		return TargetData{}, fmt.Errorf("function %s runs a command of its own, which is not supported by this version", plan.Function.Name)
	case selected != nil && len(selected.VolumeClaimTemplates) > 0:
		return TargetData{}, fmt.Errorf("targetVolumes.volumeClaimTemplates is not supported by this version; create the claims first")
	case app.Pod != nil && app.Kind != metav1alpha1.KindDeployment:
		return TargetData{}, fmt.Errorf("targets of kind %s are not supported by this version; use pvc-addon with their PersistentVolumeClaims", app.Kind)
	case selected != nil && len(selected.VolumeMounts) > 0:
		return SelectTarget(app.Pod, selected, readOnly)
	case app.Pod == nil:
		return claimData(app.Name, plan, readOnly)
	default:
		return DiscoverTarget(app.Pod, readOnly)
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
