// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
)

// AnnotationMadeBy, on a PersistentVolumeClaim that a restore has made, is the UID of the RestoreSession. The claim has
// no owner: what was restored stays when the session is deleted.
const AnnotationMadeBy = "kubestash.com/restore-session-uid"

// newClaims are the claims that resolved templates ask for. What would make such a claim hold other data than what is
// restored, or go away with something else, is refused.
func newClaims(templates []metav1alpha1.PersistentVolumeClaim, namespace string) ([]corev1.PersistentVolumeClaim, error) {
	var out []corev1.PersistentVolumeClaim
	for i, t := range templates {
		fail := func(format string, args ...any) ([]corev1.PersistentVolumeClaim, error) {
			return nil, fmt.Errorf("targetVolumes.volumeClaimTemplates[%d]: %w", i, fmt.Errorf(format, args...))
		}
		switch m := t.Metadata; {
		case t.APIVersion != "" && t.APIVersion != "v1" || t.Kind != "" && t.Kind != metav1alpha1.KindPersistentVolumeClaim:
			return fail("%s %s is no PersistentVolumeClaim", t.APIVersion, t.Kind)
		case m.Name == "" || m.GenerateName != "":
			return fail("a claim needs metadata.name; generateName would make another one at every try")
		case m.Namespace != "" && m.Namespace != namespace:
			return fail("claim %s would be in namespace %s; a restore makes claims in its own, %s", m.Name, m.Namespace, namespace)
		case len(m.OwnerReferences) > 0:
			return fail("claim %s has ownerReferences; what is restored belongs to nobody, so that it stays", m.Name)
		case t.Spec.DataSource != nil || t.Spec.DataSourceRef != nil:
			return fail("claim %s has a dataSource, which would fill it with something else", m.Name)
		case t.Spec.VolumeMode != nil && *t.Spec.VolumeMode == corev1.PersistentVolumeBlock:
			return fail("claim %s is a block device, and files are restored", m.Name)
		}
		out = append(out, corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: t.Metadata.Name, Labels: maps.Clone(t.Metadata.Labels), Annotations: maps.Clone(t.Metadata.Annotations),
			},
			Spec: *t.Spec.DeepCopy(),
		})
	}
	return out, nil
}

// Claim completes a claim of a restore with whose it is.
func Claim(claim corev1.PersistentVolumeClaim, session metav1.Object) *corev1.PersistentVolumeClaim {
	out := claim.DeepCopy()
	if out.Annotations == nil {
		out.Annotations = map[string]string{}
	}
	out.Annotations[AnnotationMadeBy] = string(session.GetUID())
	if out.Labels == nil {
		out.Labels = map[string]string{}
	}
	out.Labels[metav1alpha1.LabelManagedBy] = metav1alpha1.ManagedByKubeStash
	out.Labels[metav1alpha1.LabelInvokerName] = naming.LabelValue(session.GetName())
	return out
}

// MadeBy reports whether a claim was made by a RestoreSession.
func MadeBy(claim *corev1.PersistentVolumeClaim, session metav1.Object) bool {
	uid := string(session.GetUID())
	return uid != "" && claim.Annotations[AnnotationMadeBy] == uid
}

// IsStatic reports whether a claim asks for a volume that is there already, and may hold files.
func IsStatic(claim *corev1.PersistentVolumeClaim) bool {
	return claim.Spec.VolumeName != "" || claim.Spec.Selector != nil
}
