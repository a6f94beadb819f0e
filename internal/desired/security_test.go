// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestSecurity(t *testing.T) {
	restricted := map[string]string{podSecurityLabel: "restricted"}
	baseline := map[string]string{podSecurityLabel: "baseline"}
	for name, tc := range map[string]struct {
		build    func(*corev1.PodSecurityContext, map[string]string) Security
		target   *corev1.PodSecurityContext
		labels   map[string]string
		wantUser int64
		wantCaps []corev1.Capability
		wantNote bool
	}{
		"a backup reads as root with one capability": {
			build: BackupSecurity, wantUser: 0, wantCaps: []corev1.Capability{"DAC_READ_SEARCH"},
		},
		"the baseline level allows another one": {
			build: BackupSecurity, labels: baseline, wantUser: 0, wantCaps: []corev1.Capability{"DAC_OVERRIDE"},
		},
		"the restricted level allows no root, and that is noted": {
			build: BackupSecurity, labels: restricted, wantUser: 65534, wantNote: true,
		},
		"a target that says who it is is read as that user": {
			build: BackupSecurity, target: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](999), FSGroup: ptr.To[int64](999)}, wantUser: 999,
		},
		"a target that is root says nothing": {
			build: BackupSecurity, target: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](0)}, wantUser: 0,
			wantCaps: []corev1.Capability{"DAC_READ_SEARCH"},
		},
		"a restore gives owners and modes back, whoever the target is": {
			build: RestoreSecurity, target: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](999)}, wantUser: 0,
			wantCaps: []corev1.Capability{"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"},
		},
		"a restore at the restricted level is the target's own user": {
			build: RestoreSecurity, labels: restricted, target: &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](999)}, wantUser: 999,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.build(tc.target, tc.labels)
			if *got.Pod.RunAsUser != tc.wantUser {
				t.Errorf("got user %d, want %d", *got.Pod.RunAsUser, tc.wantUser)
			}
			if !slices.Equal(got.Container.Capabilities.Add, tc.wantCaps) {
				t.Errorf("got capabilities %v, want %v", got.Container.Capabilities.Add, tc.wantCaps)
			}
			if !slices.Equal(got.Container.Capabilities.Drop, []corev1.Capability{"ALL"}) {
				t.Errorf("got dropped %v, want ALL", got.Container.Capabilities.Drop)
			}
			if got.NonRoot != tc.wantNote {
				t.Errorf("got note %t, want %t", got.NonRoot, tc.wantNote)
			}
			if *got.Container.AllowPrivilegeEscalation || !*got.Container.ReadOnlyRootFilesystem ||
				got.Pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Error("the container may escalate, write its root or make any system call")
			}
			if nonRoot := ptr.Deref(got.Container.RunAsNonRoot, false); nonRoot != (tc.wantUser != 0) {
				t.Errorf("got runAsNonRoot %t for user %d", nonRoot, tc.wantUser)
			}
		})
	}
}

func TestWithWriting(t *testing.T) {
	root := BackupSecurity(nil, nil)
	writing := root.WithWriting()
	if want := []corev1.Capability{"DAC_READ_SEARCH", "DAC_OVERRIDE"}; !slices.Equal(writing.Container.Capabilities.Add, want) {
		t.Errorf("got capabilities %v, want %v", writing.Container.Capabilities.Add, want)
	}
	if len(root.Container.Capabilities.Add) != 1 {
		t.Error("the security context that it was made from changed too")
	}
	user := BackupSecurity(&corev1.PodSecurityContext{RunAsUser: ptr.To[int64](999)}, nil)
	if got := user.WithWriting().Container.Capabilities.Add; len(got) != 0 {
		t.Errorf("a pod that isn't root got capabilities %v", got)
	}
}
