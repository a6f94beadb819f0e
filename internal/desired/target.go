// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
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
}

// DiscoverTarget finds the data of a workload in its pod template: the PersistentVolumeClaims and host paths
// that its containers mount. Two containers may mount one path; the first one counts.
func DiscoverTarget(pod *corev1.PodSpec, readOnly bool) (TargetData, error) {
	var data TargetData
	for _, c := range slices.Concat(pod.Containers, pod.InitContainers) {
		for _, m := range c.VolumeMounts {
			volume, ok := volumeNamed(pod.Volumes, m.Name)
			if !ok || !holdsData(volume) || mountsPath(data.Mounts, m.MountPath) {
				continue
			}
			if err := data.add(volume, m, readOnly); err != nil {
				return TargetData{}, err
			}
			data.Paths = append(data.Paths, path.Clean(m.MountPath))
		}
	}
	if len(data.Mounts) == 0 {
		return TargetData{}, fmt.Errorf("the target mounts no PersistentVolumeClaim or host path, so there is nothing to back up; " +
			"name volumes under addon.tasks[].targetVolumes if it keeps its data elsewhere")
	}
	slices.Sort(data.Paths)
	return data, nil
}

// SelectTarget mounts just what targetVolumes names: volumes of its own, or of the target by name.
func SelectTarget(pod *corev1.PodSpec, selected *corev1alpha1.TargetVolumeInfo, readOnly bool) (TargetData, error) {
	var own []corev1.Volume
	for _, v := range selected.Volumes {
		own = append(own, v.ToCore())
	}
	candidates := own
	if pod != nil {
		candidates = slices.Concat(own, pod.Volumes)
	}
	var data TargetData
	for _, m := range selected.VolumeMounts {
		volume, ok := volumeNamed(candidates, m.Name)
		if !ok {
			return TargetData{}, fmt.Errorf("targetVolumes mounts volume %q, which the target doesn't have; it has: %s",
				m.Name, volumeNames(candidates))
		}
		if err := data.add(volume, m, readOnly); err != nil {
			return TargetData{}, err
		}
		data.Paths = append(data.Paths, path.Clean(m.MountPath))
	}
	slices.Sort(data.Paths)
	return data, nil
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
	mount.ReadOnly = readOnly
	// Mounts of other pods must not come and go under a backup.
	mount.MountPropagation = nil
	d.Mounts = append(d.Mounts, mount)
	if _, there := volumeNamed(d.Volumes, volume.Name); there {
		return nil
	}
	if pvc := volume.PersistentVolumeClaim; pvc != nil {
		d.Claims = append(d.Claims, pvc.ClaimName)
		volume.PersistentVolumeClaim = pvc.DeepCopy()
	}
	d.Volumes = append(d.Volumes, volume)
	return nil
}

// overlaps reports whether one of two clean paths is the other or lies in it.
func overlaps(a, b string) bool {
	return a == b || strings.HasPrefix(a+"/", strings.TrimSuffix(b, "/")+"/") ||
		strings.HasPrefix(b+"/", strings.TrimSuffix(a, "/")+"/")
}

func holdsData(v corev1.Volume) bool {
	return v.PersistentVolumeClaim != nil || v.HostPath != nil || v.NFS != nil
}

func volumeNamed(list []corev1.Volume, name string) (corev1.Volume, bool) {
	i := slices.IndexFunc(list, func(v corev1.Volume) bool { return v.Name == name })
	if i < 0 {
		return corev1.Volume{}, false
	}
	return list[i], true
}

func mountsPath(list []corev1.VolumeMount, p string) bool {
	return slices.ContainsFunc(list, func(m corev1.VolumeMount) bool { return path.Clean(m.MountPath) == path.Clean(p) })
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
