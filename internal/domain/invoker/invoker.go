// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package invoker

import (
	"fmt"
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
	Generation            int64
	Annotations           map[string]string
	Deleting              bool
	Paused                bool
	Backends              []corev1alpha1.BackendReference
	Targets               []Target
	Sessions              []Session
	// Seen is what its controller has written of it.
	Seen Status
}

// Target is something that is backed up.
type Target struct {
	// Name is the target's name among several; empty where there is only one.
	Name string
	// Ref is the target, as it was written; nil when there is none.
	Ref *metav1alpha1.TypedObjectReference
	// At is where it was written, for users.
	At string
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

// Of reads an object that starts backups; it is nil for any other.
func Of(obj any) *Invoker {
	switch o := obj.(type) {
	case *corev1alpha1.BackupConfiguration:
		return ofConfiguration(o)
	case *corev1alpha1.BackupBatch:
		return ofBatch(o)
	default:
		return nil
	}
}

func ofMeta(kind string, meta *metav1.ObjectMeta) *Invoker {
	return &Invoker{
		Kind: kind, Namespace: meta.Namespace, Name: meta.Name, UID: meta.UID, Created: meta.CreationTimestamp,
		Generation: meta.Generation, Annotations: meta.Annotations, Deleting: !meta.DeletionTimestamp.IsZero(),
	}
}

func ofConfiguration(bc *corev1alpha1.BackupConfiguration) *Invoker {
	i := ofMeta(corev1alpha1.KindBackupConfiguration, &bc.ObjectMeta)
	i.Paused, i.Backends = bc.Spec.Paused, bc.Spec.Backends
	i.Targets = []Target{{Ref: bc.Spec.Target, At: "spec.target"}}
	i.Seen = Status{OffshootStatus: bc.Status.OffshootStatus, Phase: bc.Status.Phase, Conditions: bc.Status.Conditions}
	if bc.Status.TargetFound != nil {
		i.Seen.Found = []*bool{bc.Status.TargetFound}
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

func ofBatch(b *corev1alpha1.BackupBatch) *Invoker {
	i := ofMeta(corev1alpha1.KindBackupBatch, &b.ObjectMeta)
	i.Paused, i.Backends = b.Spec.Paused, b.Spec.Backends
	i.Seen = Status{
		OffshootStatus: b.Status.OffshootStatus, Phase: b.Status.Phase, Conditions: b.Status.Conditions, Found: foundIn(b.Status.Targets),
	}
	refs := map[string]*metav1alpha1.TypedObjectReference{}
	for _, t := range b.Spec.Targets {
		// A name without a target finds nothing, where no target at all would mean the whole cluster.
		refs[t.Name] = ptr.To(ptr.Deref(t.AppRef, metav1alpha1.TypedObjectReference{}))
		i.Targets = append(i.Targets, Target{Name: t.Name, Ref: refs[t.Name], At: fmt.Sprintf("spec.targets[%s].appRef", t.Name)})
	}
	for n := range b.Spec.Sessions {
		s := &b.Spec.Sessions[n]
		session := Session{SessionConfig: &s.SessionConfig}
		for _, t := range s.Targets {
			ref := refs[t.Name]
			if ref == nil {
				ref = &metav1alpha1.TypedObjectReference{}
			}
			session.Parts = append(session.Parts, Part{Target: t.Name, AppRef: ref, Addon: t.Addon, Repositories: t.Repositories})
		}
		i.Sessions = append(i.Sessions, session)
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

// Owns reports whether an object was made by this Invoker.
func (i *Invoker) Owns(obj metav1.Object) bool {
	owner := metav1.GetControllerOf(obj)
	return owner != nil && owner.UID == i.UID
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

// At is where a part was written, for users.
func (s *Session) At(p Part) string {
	if p.Target == "" {
		return fmt.Sprintf("spec.sessions[%s]", s.Name)
	}
	return fmt.Sprintf("spec.sessions[%s].targets[%s]", s.Name, p.Target)
}
