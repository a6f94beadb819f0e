// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/task"
)

// componentPlan is what one pod does.
type componentPlan struct {
	desired.PartPlan
	snapshots []task.RestoreSnapshot
}

// plan matches the components of the Snapshot with the parts of the target, by name.
func plan(g *gathered, object *addonsv1alpha1.Addon, functions map[string]*addonsv1alpha1.Function) ([]componentPlan, error) {
	s := &g.facts.Session
	parts, err := desired.PlanParts(g.target.Application, addon.Request{
		Addon: object, Functions: functions, Direction: addon.Restore, Task: s.Spec.Addon.Tasks[0], Vars: map[string]string{
			metav1alpha1.VarNamespace:      s.Namespace,
			metav1alpha1.VarRestoreSession: s.Name,
			metav1alpha1.VarSnapshot:       g.snapshot.Name,
		},
	}, g.facts.Components, false)
	if err != nil {
		return nil, err
	}
	var plans []componentPlan
	for _, part := range parts {
		snapshots, err := snapshotsOf(g.snapshot, part.Part.Component, part.Data.Paths)
		if err != nil {
			return nil, err
		}
		plans = append(plans, componentPlan{PartPlan: part, snapshots: snapshots})
	}
	return plans, nil
}

// snapshotsOf are the restic snapshots of a component. Each must lie in a volume of the target: a path that is
// mounted nowhere would be written into the pod and be gone with it.
func snapshotsOf(snapshot *storagev1alpha1.Snapshot, component string, mounted []string) ([]task.RestoreSnapshot, error) {
	var out []task.RestoreSnapshot
	for _, stats := range snapshot.Status.Components[component].ResticStats {
		if stats.Summary == nil || stats.Summary.ID == "" {
			continue
		}
		held := path.Clean(stats.Summary.HostPath)
		if !slices.ContainsFunc(mounted, func(m string) bool { return within(held, m) }) {
			return nil, fmt.Errorf("component %s of Snapshot %s holds %s, which the target mounts no volume at; it mounts: %s",
				component, snapshot.Name, held, strings.Join(mounted, ", "))
		}
		out = append(out, task.RestoreSnapshot{ID: stats.Summary.ID, Path: held})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("component %s of Snapshot %s holds no data, so there is nothing to restore", component, snapshot.Name)
	}
	return out, nil
}

func within(p, dir string) bool {
	dir = path.Clean(dir)
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

func (g *gathered) security() desired.Security {
	var of *corev1.PodSecurityContext
	if g.target.Pod != nil {
		of = g.target.Pod.SecurityContext
	}
	return desired.RestoreSecurity(of, g.namespace)
}

func timeOf(s *storagev1alpha1.Snapshot) time.Time {
	if s.Status.SnapshotTime != nil {
		return s.Status.SnapshotTime.Time
	}
	return s.CreationTimestamp.Time
}
