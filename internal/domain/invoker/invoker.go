// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package invoker

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Invoker is an object that starts backups. It shares what it points to with the object that it was made of.
type Invoker struct {
	Kind, Namespace, Name string
	UID                   types.UID
	Created               metav1.Time
	Paused                bool
	Backends              []corev1alpha1.BackendReference
	Sessions              []Session
	// Seen is what its controller has written of it.
	Seen corev1alpha1.OffshootStatus
}

// Session is one schedule of an Invoker.
type Session struct {
	*corev1alpha1.SessionConfig
	Parts []Part
}

// Part is what a session does for one target.
type Part struct {
	// Target is the target's name among several; empty where there is only one.
	Target string
	// AppRef is the target, as it was written; nil when there is none.
	AppRef       *metav1alpha1.TypedObjectReference
	Addon        *corev1alpha1.AddonInfo
	Repositories []corev1alpha1.RepositoryInfo
}

// OfConfiguration reads a BackupConfiguration.
func OfConfiguration(bc *corev1alpha1.BackupConfiguration) *Invoker {
	i := &Invoker{
		Kind: corev1alpha1.KindBackupConfiguration, Namespace: bc.Namespace, Name: bc.Name, UID: bc.UID,
		Created: bc.CreationTimestamp, Paused: bc.Spec.Paused, Backends: bc.Spec.Backends, Seen: bc.Status.OffshootStatus,
	}
	for n := range bc.Spec.Sessions {
		s := &bc.Spec.Sessions[n]
		i.Sessions = append(i.Sessions, Session{
			SessionConfig: &s.SessionConfig,
			Parts:         []Part{{AppRef: bc.Spec.Target, Addon: s.Addon, Repositories: s.Repositories}},
		})
	}
	return i
}

// Owner is the reference by which what an Invoker makes goes with it.
func (i *Invoker) Owner() metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: corev1alpha1.GroupVersion.String(), Kind: i.Kind, Name: i.Name, UID: i.UID,
		Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
	}
}

// Session finds a session by its name; nil when there is none.
func (i *Invoker) Session(name string) *Session {
	n := slices.IndexFunc(i.Sessions, func(s Session) bool { return s.Name == name })
	if n < 0 {
		return nil
	}
	return &i.Sessions[n]
}

// SessionNames are the names of all sessions, sorted.
func (i *Invoker) SessionNames() []string {
	var names []string
	for _, s := range i.Sessions {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// Part finds the part of a session that is about a target.
func (s *Session) Part(target string) *Part {
	n := slices.IndexFunc(s.Parts, func(p Part) bool { return p.Target == target })
	if n < 0 {
		return nil
	}
	return &s.Parts[n]
}
