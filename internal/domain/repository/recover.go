// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	snapshotrule "kubestash.com/kubestash/internal/domain/snapshot"
)

// A document may have been written by anybody who can write to the backend. What is made from one is only what this
// package knows to be harmless; the API server looks at the rest.

// ParseKey says what the document at a key is: the directory of its Repository, and the Snapshot's name; the latter is
// empty for the Repository's own document. It is false for another key.
func ParseKey(key string) (directory, snapshotName string, ok bool) {
	dir, file := path.Split(key)
	dir = strings.TrimSuffix(dir, "/")
	if file == metav1alpha1.FileRepository {
		return dir, "", true
	}
	name, isYAML := strings.CutSuffix(file, ".yaml")
	if !isYAML || name == "" || path.Base(dir) != metav1alpha1.DirSnapshots {
		return "", "", false
	}
	return strings.TrimSuffix(strings.TrimSuffix(dir, metav1alpha1.DirSnapshots), "/"), name, true
}

// Recover makes a Repository from the document that was found in a directory of a storage. It never takes data along
// when it is deleted: the cluster that wrote the document may still be there. Whoever wants that says so again.
func Recover(content []byte, directory string, storage metav1alpha1.ObjectReference) (*storagev1alpha1.Repository, error) {
	var found storagev1alpha1.Repository
	if err := read(content, &found, storagev1alpha1.KindRepository, func() metav1.TypeMeta { return found.TypeMeta }); err != nil {
		return nil, err
	}
	if err := checkNames(found.ObjectMeta); err != nil {
		return nil, err
	}
	if climbs(found.Spec.Path) || CleanPath(found.Spec.Path) != directory {
		return nil, fmt.Errorf("its spec.path is %q, which is another directory than the one it lies in", found.Spec.Path)
	}
	secret := found.Spec.EncryptionSecret.DeepCopy()
	if secret != nil {
		secret.Namespace = cmp.Or(secret.Namespace, found.Namespace)
		if len(validation.IsDNS1123Subdomain(secret.Name)) > 0 || len(validation.IsDNS1123Label(secret.Namespace)) > 0 {
			return nil, fmt.Errorf("its spec.encryptionSecret is not the name of a Secret")
		}
		// The operator can read every Secret, and who writes to a bucket must not choose among those of the cluster. A
		// BackupConfiguration or a RestoreSession names it again.
		if secret.Namespace != found.Namespace && secret.Namespace != storage.Namespace {
			secret = nil
		}
	}
	return &storagev1alpha1.Repository{
		TypeMeta:   typeMeta(storagev1alpha1.KindRepository),
		ObjectMeta: recovered(found.ObjectMeta, storage, nil),
		Spec: storagev1alpha1.RepositorySpec{
			AppRef: found.Spec.AppRef, StorageRef: storage, Path: found.Spec.Path,
			DeletionPolicy: storagev1alpha1.DeletionPolicyDelete, EncryptionSecret: secret,
			Maintenance: found.Spec.Maintenance.DeepCopy(),
		},
	}, nil
}

// Interrupted is what a Snapshot says whose document was written before its end was known.
const Interrupted = "The cluster that took this backup has not recorded its end: it was still under way, or that cluster is gone."

// RecoverSnapshot makes a Snapshot of a Repository from its document. One whose backup was under way has failed: in
// this cluster nobody is at work on it.
func RecoverSnapshot(content []byte, name string, of *storagev1alpha1.Repository, now metav1.Time) (*storagev1alpha1.Snapshot, error) {
	var found storagev1alpha1.Snapshot
	if err := read(content, &found, storagev1alpha1.KindSnapshot, func() metav1.TypeMeta { return found.TypeMeta }); err != nil {
		return nil, err
	}
	if err := checkNames(found.ObjectMeta); err != nil {
		return nil, err
	}
	switch {
	case found.Name != name:
		return nil, fmt.Errorf("it is the document of Snapshot %q", found.Name)
	case found.Namespace != of.Namespace || found.Spec.Repository != of.Name:
		return nil, fmt.Errorf("it is a Snapshot of Repository %s/%s", found.Namespace, found.Spec.Repository)
	case cmp.Or(found.Spec.Version, metav1alpha1.LayoutVersion) != metav1alpha1.LayoutVersion:
		return nil, fmt.Errorf("the layout of its data has version %q, and this operator knows %q", found.Spec.Version, metav1alpha1.LayoutVersion)
	}
	if err := checkComponents(found.Status.Components); err != nil {
		return nil, err
	}
	storage := of.Spec.StorageRef
	storage.Namespace = cmp.Or(storage.Namespace, of.Namespace)
	out := &storagev1alpha1.Snapshot{
		TypeMeta:   typeMeta(storagev1alpha1.KindSnapshot),
		ObjectMeta: recovered(found.ObjectMeta, storage, SnapshotLabels(of)),
		Spec:       found.Spec,
		Status:     found.Status,
	}
	out.Finalizers = []string{metav1alpha1.FinalizerCleanup}
	out.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(of, storagev1alpha1.GroupVersion.WithKind(storagev1alpha1.KindRepository))}
	out.Spec.DeletionPolicy, out.Spec.Paused = storagev1alpha1.DeletionPolicyDelete, false
	interrupt(&out.Status, now)
	return out, nil
}

// SnapshotLabels are those of a Repository's Snapshots.
func SnapshotLabels(of *storagev1alpha1.Repository) map[string]string {
	app := of.Spec.AppRef
	return map[string]string{
		metav1alpha1.LabelManagedBy:        metav1alpha1.ManagedByKubeStash,
		metav1alpha1.LabelRepoName:         naming.LabelValue(of.Name),
		metav1alpha1.LabelAppRefKind:       naming.LabelValue(app.Kind),
		metav1alpha1.LabelAppRefNamespace:  naming.LabelValue(app.Namespace),
		metav1alpha1.LabelAppRefName:       naming.LabelValue(app.Name),
		metav1alpha1.LabelInvokerKind:      storagev1alpha1.KindRepository,
		metav1alpha1.LabelInvokerName:      naming.LabelValue(of.Name),
		metav1alpha1.LabelInvokerNamespace: of.Namespace,
	}
}

// interrupt makes a failure of what has no end.
func interrupt(s *storagev1alpha1.SnapshotStatus, now metav1.Time) {
	if s.Phase == storagev1alpha1.SnapshotPhaseSucceeded || s.Phase == storagev1alpha1.SnapshotPhaseFailed {
		return
	}
	for name, c := range s.Components {
		if c.Phase != storagev1alpha1.ComponentPhaseSucceeded && c.Phase != storagev1alpha1.ComponentPhaseFailed {
			c.Phase, c.Error = storagev1alpha1.ComponentPhaseFailed, Interrupted
			s.Components[name] = c
		}
	}
	metav1alpha1.SetCondition(&s.Conditions, metav1alpha1.Condition{
		Type: storagev1alpha1.ConditionBackupIncomplete, Status: metav1.ConditionTrue,
		Reason: storagev1alpha1.ReasonBackupExecutorTerminatedBeforeCompletion, Message: Interrupted,
	}, now)
	snapshotrule.Summarize(s, now)
}

func read(content []byte, into any, kind string, typeOf func() metav1.TypeMeta) error {
	if err := yaml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("it is not the YAML of a %s: %w", kind, err)
	}
	if t, want := typeOf(), typeMeta(kind); t != want {
		return fmt.Errorf("it is a %q of %q, and this operator knows a %q of %q here", t.Kind, t.APIVersion, want.Kind, want.APIVersion)
	}
	return nil
}

func checkNames(m metav1.ObjectMeta) error {
	if len(validation.IsDNS1123Subdomain(m.Name)) > 0 {
		return fmt.Errorf("its name %q is not one that Kubernetes knows", m.Name)
	}
	if len(validation.IsDNS1123Label(m.Namespace)) > 0 {
		return fmt.Errorf("its namespace %q is not one that Kubernetes knows", m.Namespace)
	}
	return nil
}

// resticID is what restic calls its snapshots. It becomes an argument of a command.
var resticID = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

func checkComponents(components map[string]storagev1alpha1.Component) error {
	for name, c := range components {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			return fmt.Errorf("the name of its component %q is not a name", name)
		}
		if c.Path != "" && (climbs(c.Path) || !strings.HasPrefix(CleanPath(c.Path)+"/", metav1alpha1.DirRepository+"/")) {
			return fmt.Errorf("component %s has the path %q, which is outside of its Repository's data", name, c.Path)
		}
		for _, stats := range c.ResticStats {
			if stats.Summary != nil && stats.Summary.ID != "" && !resticID.MatchString(stats.Summary.ID) {
				return fmt.Errorf("component %s has the id %q, which restic gives to no snapshot", name, stats.Summary.ID)
			}
		}
	}
	return nil
}

// climbs finds paths that mean another place than they seem to.
func climbs(p string) bool {
	for element := range strings.SplitSeq(p, "/") {
		if element == ".." {
			return true
		}
	}
	return strings.ContainsRune(p, 0)
}

// recovered is what of an object's metadata means something here: its owners, finalizers and versions are another
// cluster's.
func recovered(m metav1.ObjectMeta, storage metav1alpha1.ObjectReference, labels map[string]string) metav1.ObjectMeta {
	out := portable(m)
	if out.Annotations == nil {
		out.Annotations = map[string]string{}
	}
	out.Annotations[metav1alpha1.AnnotationReadFrom] = storage.Namespace + "/" + storage.Name
	if out.Labels == nil {
		out.Labels = map[string]string{}
	}
	maps.Copy(out.Labels, labels)
	out.Labels[metav1alpha1.LabelManagedBy] = metav1alpha1.ManagedByKubeStash
	return out
}
