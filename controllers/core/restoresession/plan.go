// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restoresession

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/addon"
	"kubestash.com/kubestash/internal/domain/repository"
	"kubestash.com/kubestash/internal/task"
)

// componentPlan is what one pod does.
type componentPlan struct {
	desired.PartPlan
	snapshots []task.RestoreSnapshot
	directory string
	// emptyPaths are where volumes are mounted that must not hold files yet.
	emptyPaths []string
}

// plan matches the components of the Snapshot with the parts of the target, by name.
func plan(g *gathered, object *addonsv1alpha1.Addon, functions map[string]*addonsv1alpha1.Function) ([]componentPlan, error) {
	s := &g.facts.Session
	if len(g.facts.Components) == 0 {
		return nil, errors.New("no component is to be restored")
	}
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
		held := g.held[part.Part.Component]
		snapshots, err := snapshotsOf(g.snapshot, held, part.Data.Paths)
		if err != nil {
			return nil, err
		}
		dir, err := directoryOf(g.repository.Repository, g.snapshot, held)
		if err != nil {
			return nil, err
		}
		plans = append(plans, componentPlan{PartPlan: part, snapshots: snapshots, directory: dir})
	}
	return plans, nil
}

// snapshotsOf are the restic snapshots of a component. Each must lie in a volume of the target: a path that is
// mounted nowhere would be written into the pod and be gone with it. Where else it might belong is not guessed.
func snapshotsOf(snapshot *storagev1alpha1.Snapshot, component string, mounted []string) ([]task.RestoreSnapshot, error) {
	var out []task.RestoreSnapshot
	held := snapshot.Status.Components[component]
	if held.Driver != "" && held.Driver != metav1alpha1.DriverRestic {
		return nil, fmt.Errorf("component %s of Snapshot %s was made by the driver %s, and this task restores what restic has stored",
			component, snapshot.Name, held.Driver)
	}
	for _, stats := range held.ResticStats {
		if stats.Summary == nil || stats.Summary.ID == "" {
			return nil, fmt.Errorf("component %s of Snapshot %s has an entry without the id of what was stored, so it is not whole",
				component, snapshot.Name)
		}
		from := path.Clean(stats.Summary.HostPath)
		if !slices.ContainsFunc(mounted, func(m string) bool { return within(from, m) }) {
			return nil, fmt.Errorf("component %s of Snapshot %s holds %s, which the target mounts no volume at; it mounts: %s. "+
				"If a volume of the target is to have these files, say so: name it under spec.addon.tasks[].targetVolumes.volumeMounts, with mountPath %s",
				component, snapshot.Name, from, strings.Join(mounted, ", "), from)
		}
		out = append(out, task.RestoreSnapshot{ID: stats.Summary.ID, Path: from})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("component %s of Snapshot %s holds no data, so there is nothing to restore", component, snapshot.Name)
	}
	return out, nil
}

// directoryOf is where a component's restic repository lies: what the Snapshot says, and what is usual where it says
// nothing. A Snapshot can't lead out of its Repository's directory, which may be another's.
func directoryOf(repo *storagev1alpha1.Repository, snapshot *storagev1alpha1.Snapshot, component string) (string, error) {
	below := cmp.Or(snapshot.Status.Components[component].Path, repository.ComponentPath(snapshot.Spec.Session, component))
	dir := path.Join(repository.CleanPath(repo.Spec.Path), below)
	if prefix := repository.OwnedPrefixes(repo.Spec.Path)[0]; !strings.HasPrefix(dir, prefix) {
		return "", fmt.Errorf("component %s of Snapshot %s says that its data is at %s, outside of Repository %s", component, snapshot.Name, below, repo.Name)
	}
	return dir, nil
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
