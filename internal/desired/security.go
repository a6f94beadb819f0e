// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// podSecurityLabel is the namespace label by which Pod Security Admission knows what to enforce.
const podSecurityLabel = "pod-security.kubernetes.io/enforce"

// unprivileged is the user of a mover in a namespace that forbids root.
const unprivileged int64 = 65534

// Security is the security context of a pod and of its container.
type Security struct {
	Pod       *corev1.PodSecurityContext
	Container *corev1.SecurityContext
	// NonRoot is set when the pod can't be root although nobody asked for another user, so that files of
	// others can't be read.
	NonRoot bool
}

// BackupSecurity reads as the target does. A target that names no user is read as uid 0 with just the
// capability that reads everything; the namespace's Pod Security level may take that away.
func BackupSecurity(target *corev1.PodSecurityContext, namespaceLabels map[string]string) Security {
	if target != nil && target.RunAsUser != nil && *target.RunAsUser != 0 {
		return asTarget(target)
	}
	switch namespaceLabels[podSecurityLabel] {
	case "restricted":
		return asUnprivileged(target)
	case "baseline":
		// The baseline level allows no DAC_READ_SEARCH. DAC_OVERRIDE reads too, and the mounts are read-only.
		return asRoot(target, "DAC_OVERRIDE")
	default:
		return asRoot(target, "DAC_READ_SEARCH")
	}
}

// WithWriting lets a pod that is root also write where the files are another user's: a storage on a volume that
// several pods share. The target's own mounts stay read-only.
func (s Security) WithWriting() Security {
	const override = corev1.Capability("DAC_OVERRIDE")
	if s.Pod == nil || s.Pod.RunAsUser == nil || *s.Pod.RunAsUser != 0 || slices.Contains(s.Container.Capabilities.Add, override) {
		return s
	}
	s.Container = s.Container.DeepCopy()
	s.Container.Capabilities.Add = append(s.Container.Capabilities.Add, override)
	return s
}

// RestoreSecurity writes files with their owners and modes back, which takes uid 0 and the capabilities for
// just that. FSETID keeps set-group-id bits that chmod would drop.
func RestoreSecurity(target *corev1.PodSecurityContext, namespaceLabels map[string]string) Security {
	if namespaceLabels[podSecurityLabel] == "restricted" {
		if target != nil && target.RunAsUser != nil && *target.RunAsUser != 0 {
			return asTarget(target)
		}
		return asUnprivileged(target)
	}
	return asRoot(target, "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
}

func asTarget(target *corev1.PodSecurityContext) Security {
	pod := target.DeepCopy()
	pod.Sysctls, pod.WindowsOptions = nil, nil
	pod.SeccompProfile = runtimeDefault()
	return Security{Pod: pod, Container: container(*target.RunAsUser != 0)}
}

func asRoot(target *corev1.PodSecurityContext, capabilities ...corev1.Capability) Security {
	pod := &corev1.PodSecurityContext{
		RunAsUser: ptr.To[int64](0), RunAsGroup: ptr.To[int64](0), SeccompProfile: runtimeDefault(),
	}
	inheritLabels(pod, target)
	c := container(false)
	c.Capabilities.Add = capabilities
	return Security{Pod: pod, Container: c}
}

func asUnprivileged(target *corev1.PodSecurityContext) Security {
	pod := &corev1.PodSecurityContext{
		RunAsUser: ptr.To(unprivileged), RunAsGroup: ptr.To(unprivileged), RunAsNonRoot: ptr.To(true),
		SeccompProfile: runtimeDefault(),
	}
	inheritLabels(pod, target)
	if target != nil {
		pod.FSGroup, pod.SupplementalGroups = target.FSGroup, target.SupplementalGroups
	}
	return Security{Pod: pod, Container: container(true), NonRoot: true}
}

// inheritLabels keeps the SELinux label of the target: without it the volume's files are out of reach.
func inheritLabels(pod, target *corev1.PodSecurityContext) {
	if target != nil {
		pod.SELinuxOptions = target.SELinuxOptions.DeepCopy()
	}
}

func container(nonRoot bool) *corev1.SecurityContext {
	c := &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr.To(false),
		ReadOnlyRootFilesystem:   ptr.To(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	if nonRoot {
		c.RunAsNonRoot = ptr.To(true)
	}
	return c
}

func runtimeDefault() *corev1.SeccompProfile {
	return &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
}
