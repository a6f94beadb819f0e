// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

const (
	// annotationProvisioner is set on a claim by Kubernetes once its class names an external provisioner.
	annotationProvisioner = "volume.kubernetes.io/storage-provisioner"
	// annotationNode is set on a claim by the scheduler.
	annotationNode = "volume.kubernetes.io/selected-node"
	// annotationProvisionedBy tells Kubernetes that deleting the volume is an external provisioner's business.
	annotationProvisionedBy = "pv.kubernetes.io/provisioned-by"
)

// wants says whether a claim waits for us now.
func wants(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) bool {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Annotations[annotationProvisioner] != plan.Provisioner {
		return false
	}
	if class == nil || class.Provisioner != plan.Provisioner {
		return false
	}
	return claim.Annotations[annotationNode] != "" || isImmediate(class)
}

func isImmediate(class *storagev1.StorageClass) bool {
	return class.VolumeBindingMode == nil || *class.VolumeBindingMode == storagev1.VolumeBindingImmediate
}

// check refuses what a folder on one node can't be.
func check(claim *corev1.PersistentVolumeClaim) error {
	if claim.Spec.VolumeMode != nil && *claim.Spec.VolumeMode == corev1.PersistentVolumeBlock {
		return errors.New("block volumes aren't available: a local volume here is a folder")
	}
	if claim.Spec.Selector != nil {
		return errors.New("a claim with a selector takes existing volumes only")
	}
	for _, mode := range claim.Spec.AccessModes {
		if mode != corev1.ReadWriteOnce && mode != corev1.ReadWriteOncePod {
			return fmt.Errorf("access mode %s isn't available: a local volume belongs to one node", mode)
		}
	}
	return nil
}

// name is the volume's name: from the claim's identity, so a second attempt finds the first one's volume.
func name(claim *corev1.PersistentVolumeClaim) string { return "pvc-" + string(claim.UID) }

// folder is where a claim's bytes are, below the node's folder of volumes.
func folder(state, node string, claim *corev1.PersistentVolumeClaim) string {
	return filepath.Join(state, node, "pv", strings.Join([]string{name(claim), claim.Namespace, claim.Name}, "_"))
}

// build is the volume for a claim on a node.
func build(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, node, path string) *corev1.PersistentVolume {
	policy := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	mode := corev1.PersistentVolumeFilesystem
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name(claim), Annotations: map[string]string{annotationProvisionedBy: plan.Provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   slices.Clone(claim.Spec.AccessModes),
			PersistentVolumeReclaimPolicy: policy,
			StorageClassName:              class.Name,
			MountOptions:                  slices.Clone(class.MountOptions),
			VolumeMode:                    &mode,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
				}},
			}}}},
		},
	}
}

// isFinished says whether a volume of ours has lost its claim and is to be deleted with what is in it.
func isFinished(pv *corev1.PersistentVolume) bool {
	return pv.Annotations[annotationProvisionedBy] == plan.Provisioner && pv.Status.Phase == corev1.VolumeReleased &&
		pv.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete && pv.Spec.Local != nil
}

// owned checks that a path is a volume's folder below the state folder, before anything in it is deleted: the object that names it can be
// edited by anyone in the cluster.
func owned(state, path string) error {
	rel, err := filepath.Rel(state, filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("deleting %s: %w", path, err)
	}
	parts := strings.Split(rel, string(filepath.Separator))
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "node") || parts[1] != "pv" || !strings.HasPrefix(parts[2], "pvc-") {
		return fmt.Errorf("deleting %s: not a volume's folder", path)
	}
	return nil
}
