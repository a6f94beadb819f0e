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
	"kubestash.com/kubestash/internal/kube"
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
	switch {
	case resolved.Driver != metav1alpha1.DriverRestic:
		return c, fmt.Errorf("task %s of addon %s has the driver %s, which is not supported", resolved.Task, object.Name, resolved.Driver)
	case len(resolved.Function.Command)+len(resolved.Function.Args) > 0:
		return c, fmt.Errorf("function %s runs a command of its own, which is not supported", resolved.Function.Name)
	case ref.TargetVolumes != nil && len(ref.TargetVolumes.VolumeClaimTemplates) > 0:
		return c, fmt.Errorf("addon.tasks[0].targetVolumes.volumeClaimTemplates is not supported by this version; create the claims first")
	case ref.TargetVolumes != nil && len(ref.TargetVolumes.VolumeMounts) > 0:
		c.data, err = desired.SelectTarget(g.target.Pod, ref.TargetVolumes, false)
	case g.target.Claim != nil:
		c.data = claimData(g.target, resolved)
	case g.target.Kind != metav1alpha1.KindDeployment:
		return c, fmt.Errorf("restoring into a %s is not supported; restore into its PersistentVolumeClaims", g.target.Kind)
	default:
		c.data, err = desired.DiscoverTarget(g.target.Pod, false)
	}
	if err != nil {
		return c, err
	}
	c.snapshots, err = snapshotsOf(g.snapshot, component, c.data.Paths)
	return c, err
}

// claimData: the task's own volumes mount the claim.
func claimData(target *kube.Target, p addon.Plan) desired.TargetData {
	data := desired.TargetData{Claims: []string{target.Name}}
	for _, m := range p.VolumeMounts {
		i := slices.IndexFunc(p.Volumes, func(v addon.Volume) bool { return v.Name == m.Name })
		if i >= 0 && p.Volumes[i].Source.PersistentVolumeClaim != nil {
			data.Paths = append(data.Paths, m.MountPath)
		}
	}
	return data
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
