// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

const (
	backups = "backups"
	// restored is the claim that a restore makes.
	restored      = "restored"
	configuration = "deployment-" + object.App
)

// shop is an application that its one annotation has had backed up onto a volume.
type shop struct {
	*operator
	namespace, first string
}

// annotated backs an application up, by nothing but an annotation, and keeps so many Snapshots.
func annotated(ctx context.Context, o *operator, namespace string, keep int32) (*shop, error) {
	storage := object.Local(namespace, backups)
	storage.Spec.RuntimeSettings.Pod = &metav1alpha1.PodRuntimeSettings{NodeSelector: map[string]string{corev1.LabelHostname: o.host}}
	if err := o.make(ctx, object.Password(namespace, "of-the-scorecard"), object.VolumeClaim(namespace, backups), storage,
		object.KeepLast(namespace, keep), object.BackupBlueprint(namespace),
		object.VolumeClaim(namespace, object.Claim), o.app(namespace, object.App, object.Claim, "plant")); err != nil {
		return nil, err
	}
	if err := o.ready(ctx, namespace, object.App); err != nil {
		return nil, err
	}
	d := &appsv1.Deployment{}
	if err := o.Get(ctx, client.ObjectKey{Namespace: namespace, Name: object.App}, d); err != nil {
		return nil, err
	}
	base := d.DeepCopy()
	d.Annotations = map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint}
	if err := o.Patch(ctx, d, client.MergeFrom(base)); err != nil {
		return nil, fmt.Errorf("annotating the application: %w", err)
	}
	s := &shop{operator: o, namespace: namespace}
	if err := o.await(ctx, "there is a first run", func(ctx context.Context) (bool, string, error) {
		var list corev1alpha1.BackupSessionList
		err := o.List(ctx, &list, client.InNamespace(namespace))
		if len(list.Items) > 0 {
			s.first = list.Items[0].Name
		}
		return s.first != "", "no BackupSession", err
	}); err != nil {
		return nil, err
	}
	_, err := s.succeeded(ctx, s.first)
	return s, err
}

// succeeded waits for the end of a run, which must be a good one.
func (s *shop) succeeded(ctx context.Context, name string) (*corev1alpha1.BackupSession, error) {
	run := &corev1alpha1.BackupSession{}
	err := s.await(ctx, "BackupSession "+name+" has succeeded", func(ctx context.Context) (bool, string, error) {
		if err := s.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, run); err != nil {
			return false, "", err
		}
		if run.Status.Phase == corev1alpha1.BackupSessionPhaseFailed || run.Status.Phase == corev1alpha1.BackupSessionPhaseSkipped {
			return false, "", fmt.Errorf("it is %s: %+v", run.Status.Phase, run.Status)
		}
		return run.Status.Phase == corev1alpha1.BackupSessionPhaseSucceeded, fmt.Sprintf("%+v", run.Status), nil
	})
	return run, err
}

// autoBackup annotates an application, and brings its files back into a new claim.
func autoBackup(ctx context.Context, o *operator, say func(string, ...any)) error {
	return o.within(ctx, func(namespace string) error {
		s, err := annotated(ctx, o, namespace, 5)
		if err != nil {
			return err
		}
		say("the annotation has made the backup %s", s.first)
		session := object.RestoreSession(namespace, "bring-back", "latest")
		session.Spec.Target, session.Spec.DataSource.Repository = nil, configuration
		session.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
			VolumeMounts: []corev1.VolumeMount{{Name: restored, MountPath: object.MountPath}},
			VolumeClaimTemplates: []metav1alpha1.PersistentVolumeClaim{{
				Metadata: metav1alpha1.PartialObjectMeta{Name: restored}, Spec: object.VolumeClaim("", "").Spec,
			}},
		}
		if err := o.make(ctx, session); err != nil {
			return err
		}
		if err := o.await(ctx, "the restore has succeeded", func(ctx context.Context) (bool, string, error) {
			err := o.Get(ctx, client.ObjectKeyFromObject(session), session)
			if err == nil && (session.Status.Phase == corev1alpha1.RestoreSessionPhaseFailed || session.Status.Phase == corev1alpha1.RestoreSessionPhaseInvalid) {
				err = fmt.Errorf("it is %s: %+v", session.Status.Phase, session.Status)
			}
			return session.Status.Phase == corev1alpha1.RestoreSessionPhaseSucceeded, fmt.Sprintf("%+v", session.Status), err
		}); err != nil {
			return err
		}
		// It plants nothing: what it has is what was restored.
		if err := o.make(ctx, o.app(namespace, "reader", restored, "stay")); err != nil {
			return err
		}
		if err := o.ready(ctx, namespace, "reader"); err != nil {
			return err
		}
		say("all %d files came back, with every byte", len(files))
		return nil
	})
}

// retention keeps one Snapshot, and makes two.
func retention(ctx context.Context, o *operator, say func(string, ...any)) error {
	return o.within(ctx, func(namespace string) error {
		s, err := annotated(ctx, o, namespace, 1)
		if err != nil {
			return err
		}
		const second = "second"
		if err := o.make(ctx, object.BackupSession(namespace, second, configuration)); err != nil {
			return err
		}
		run, err := s.succeeded(ctx, second)
		if err != nil {
			return err
		}
		var left []string
		if err := o.await(ctx, "one Snapshot is left, the newer", func(ctx context.Context) (bool, string, error) {
			var list storagev1alpha1.SnapshotList
			err := o.List(ctx, &list, client.InNamespace(namespace))
			left = nil
			for _, snapshot := range list.Items {
				left = append(left, snapshot.Name+" of "+snapshot.Spec.BackupSession)
			}
			return len(list.Items) == 1 && list.Items[0].Spec.BackupSession == second, strings.Join(left, ", "), err
		}); err != nil {
			return err
		}
		say("kept: %s", strings.Join(left, ", "))
		for _, policy := range run.Status.RetentionPolicies {
			for _, snapshot := range policy.Dropped {
				say("dropped: %s: %s", snapshot.Name, snapshot.Reason)
			}
		}
		return nil
	})
}

// unreachableStorage names a store that nobody serves. Whoever made it has to be told, in the place where they look.
func unreachableStorage(ctx context.Context, o *operator, say func(string, ...any)) error {
	return o.within(ctx, func(namespace string) error {
		const nowhere = "http://127.0.0.1:9"
		if err := o.make(ctx, object.S3Keys(namespace, "nobody", "nothing"), object.S3(namespace, nowhere, "bucket")); err != nil {
			return err
		}
		return o.await(ctx, "a condition says what is wrong", func(ctx context.Context) (bool, string, error) {
			storage := &storagev1alpha1.BackupStorage{}
			if err := o.Get(ctx, client.ObjectKey{Namespace: namespace, Name: object.Storage}, storage); err != nil {
				return false, "", err
			}
			c := metav1alpha1.FindCondition(storage.Status.Conditions, storagev1alpha1.ConditionBackendInitialized)
			if c == nil || c.Status != "False" || storage.Status.Phase != storagev1alpha1.BackupStoragePhaseNotReady {
				return false, fmt.Sprintf("%+v", storage.Status), nil
			}
			if c.Reason == "" || !strings.Contains(c.Message, "127.0.0.1:9") {
				return false, "", fmt.Errorf("the condition doesn't say which store can't be reached: %s: %s", c.Reason, c.Message)
			}
			say("%s: %s", c.Reason, c.Message)
			return true, "", nil
		})
	})
}
