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
	name      string
	addon     addon.Plan
	data      desired.TargetData
	snapshots []task.RestoreSnapshot
}

func planOf(g *gathered, object *addonsv1alpha1.Addon, functions map[string]*addonsv1alpha1.Function, component string) (componentPlan, error) {
	s := &g.facts.Session
	c := componentPlan{name: component}
	vars := map[string]string{
		metav1alpha1.VarNamespace:      s.Namespace,
		metav1alpha1.VarRestoreSession: s.Name,
		metav1alpha1.VarSnapshot:       g.snapshot.Name,
		metav1alpha1.VarComponentName:  component,
	}
	if g.target.Claim != nil {
		vars[metav1alpha1.VarPVCName] = g.target.Name
	}
	ref := s.Spec.Addon.Tasks[0]
	resolved, err := addon.Resolve(addon.Request{
		Addon: object, Functions: functions, Direction: addon.Restore, Task: ref, Vars: vars,
	})
	if err != nil {
		return c, err
	}
	c.addon = resolved
	app := desired.Application{Kind: g.target.Kind, Name: g.target.Name, Pod: g.target.Pod}
	if c.data, err = desired.Data(app, resolved, ref.TargetVolumes, false); err != nil {
		return c, err
	}
	c.snapshots, err = snapshotsOf(g.snapshot, component, c.data.Paths)
	return c, err
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
