// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"kubestash.com/kubestash/internal/task"
)

// reserved are the directories where KubeStash mounts its own volumes.
var reserved = []string{task.Dir, task.ScratchDir}

// TargetData is what a pod mounts of a target.
type TargetData struct {
	Volumes []corev1.Volume
	Mounts  []corev1.VolumeMount
	// Paths are the mounts that hold data: what is backed up when nothing else is asked for.
	Paths []string
	// Claims are the names of the PersistentVolumeClaims among Volumes.
	Claims []string
	// ClaimPaths tells for each of Claims where it is mounted.
	ClaimPaths map[string][]string
	// NewClaims are those of Claims that the restore makes.
	NewClaims []corev1.PersistentVolumeClaim
	// Tolerations are the target's: its data may be where nothing else may run.
	Tolerations []corev1.Toleration
}

// DiscoverTarget finds the data of a workload in its pod template: the PersistentVolumeClaims, host paths and disks
// that its containers mount. What it can't reach is an error: data that is left out must have been left out by somebody.
func DiscoverTarget(pod *corev1.PodSpec, readOnly bool) (TargetData, error) {
	var data TargetData
	for _, c := range slices.Concat(pod.Containers, pod.InitContainers) {
		if len(c.VolumeDevices) > 0 {
			return TargetData{}, fmt.Errorf("volume %q is a block device of container %q, and only files are read; "+
				"name the volumes with files under addon.tasks[].targetVolumes", c.VolumeDevices[0].Name, c.Name)
		}
		for _, m := range c.VolumeMounts {
			volume, ok := volumeNamed(pod.Volumes, m.Name)
			if !ok || !holdsData(volume) {
				continue
			}
			if other, taken := mountAt(data.Mounts, m.MountPath); taken {
				if other.Name == m.Name && other.SubPath == m.SubPath {
					continue
				}
				return TargetData{}, fmt.Errorf("containers of the target mount different volumes at %s (%q and %q); "+
					"choose with addon.tasks[].targetVolumes, each at a path of its own", path.Clean(m.MountPath), other.Name, m.Name)
			}
			if err := data.add(volume, m, readOnly); err != nil {
				return TargetData{}, err
			}
		}
	}
	if len(data.Mounts) == 0 {
		return TargetData{}, fmt.Errorf("the target mounts no PersistentVolumeClaim or host path, so there is nothing to back up; " +
			"name volumes under addon.tasks[].targetVolumes if it keeps its data elsewhere")
	}
	slices.Sort(data.Paths)
	return data, nil
}

// selectTarget mounts just what targetVolumes names, out of the volumes that there are.
func selectTarget(candidates []corev1.Volume, mounts []corev1.VolumeMount, readOnly bool) (TargetData, error) {
	var data TargetData
	for _, m := range mounts {
		volume, ok := volumeNamed(candidates, m.Name)
		if !ok {
			return TargetData{}, fmt.Errorf("targetVolumes mounts volume %q, which the target doesn't have; it has: %s",
				m.Name, volumeNames(candidates))
		}
		if why := unreachable(volume, readOnly); why != "" {
			return TargetData{}, fmt.Errorf("targetVolumes mounts volume %q, %s", m.Name, why)
		}
		if _, taken := mountAt(data.Mounts, m.MountPath); taken {
			return TargetData{}, fmt.Errorf("targetVolumes mounts two volumes at %s", path.Clean(m.MountPath))
		}
		if err := data.add(volume, m, readOnly); err != nil {
			return TargetData{}, err
		}
	}
	slices.Sort(data.Paths)
	return data, nil
}

// unreachable says why a volume of a target holds other files in our pod, or none that could be written.
func unreachable(v corev1.Volume, readOnly bool) string {
	switch {
	case v.EmptyDir != nil || v.VolumeSource == (corev1.VolumeSource{}):
		return "an emptyDir: its files are in the target's own pods, where no other pod can reach them"
	case v.Ephemeral != nil:
		return "an ephemeral volume: each pod has its own, and it goes with the pod"
	case !readOnly && (v.ConfigMap != nil || v.Secret != nil || v.Projected != nil || v.DownwardAPI != nil):
		return "which Kubernetes writes itself: nothing can be restored into it"
	default:
		return ""
	}
}

func (d *TargetData) add(volume corev1.Volume, mount corev1.VolumeMount, readOnly bool) error {
	clean := path.Clean(mount.MountPath)
	if slices.ContainsFunc(reserved, func(dir string) bool { return overlaps(clean, dir) }) {
		return fmt.Errorf("volume %q is mounted at %s, which KubeStash uses itself; mount it elsewhere with targetVolumes",
			mount.Name, clean)
	}
	if mount.SubPathExpr != "" {
		// It is made of the target's own environment, which our pod doesn't have.
		return fmt.Errorf("volume %q is mounted with subPathExpr, which is not supported by this version; name the path with targetVolumes",
			mount.Name)
	}
	mount.ReadOnly, mount.RecursiveReadOnly = readOnly, nil
	// Mounts of other pods must not come and go under a backup.
	mount.MountPropagation = nil
	d.Mounts = append(d.Mounts, mount)
	d.Paths = append(d.Paths, clean)
	if pvc := volume.PersistentVolumeClaim; pvc != nil {
		d.claim(pvc.ClaimName, clean)
		volume.PersistentVolumeClaim = pvc.DeepCopy()
		// A restore writes also into what its target only reads.
		volume.PersistentVolumeClaim.ReadOnly = pvc.ReadOnly && readOnly
	}
	if _, there := volumeNamed(d.Volumes, volume.Name); !there {
		d.Volumes = append(d.Volumes, volume)
	}
	return nil
}

// claim notes where a claim is mounted.
func (d *TargetData) claim(name, at string) {
	if !slices.Contains(d.Claims, name) {
		d.Claims = append(d.Claims, name)
	}
	if d.ClaimPaths == nil {
		d.ClaimPaths = map[string][]string{}
	}
	d.ClaimPaths[name] = append(d.ClaimPaths[name], at)
}

// overlaps reports whether one of two clean paths is the other or lies in it.
func overlaps(a, b string) bool {
	return a == b || strings.HasPrefix(a+"/", strings.TrimSuffix(b, "/")+"/") ||
		strings.HasPrefix(b+"/", strings.TrimSuffix(a, "/")+"/")
}

// holdsData leaves out what Kubernetes writes, what goes with its pod, and inline CSI volumes, which mostly hold secrets
// and certificates.
func holdsData(v corev1.Volume) bool {
	v.ConfigMap, v.Secret, v.Projected, v.DownwardAPI = nil, nil, nil, nil
	v.EmptyDir, v.Ephemeral, v.CSI, v.Image, v.GitRepo = nil, nil, nil, nil, nil
	return v.VolumeSource != (corev1.VolumeSource{})
}

func volumeNamed(list []corev1.Volume, name string) (corev1.Volume, bool) {
	i := slices.IndexFunc(list, func(v corev1.Volume) bool { return v.Name == name })
	if i < 0 {
		return corev1.Volume{}, false
	}
	return list[i], true
}

func mountAt(list []corev1.VolumeMount, p string) (corev1.VolumeMount, bool) {
	i := slices.IndexFunc(list, func(m corev1.VolumeMount) bool { return path.Clean(m.MountPath) == path.Clean(p) })
	if i < 0 {
		return corev1.VolumeMount{}, false
	}
	return list[i], true
}

func volumeNames(list []corev1.Volume) string {
	if len(list) == 0 {
		return "none"
	}
	names := make([]string, 0, len(list))
	for _, v := range list {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
