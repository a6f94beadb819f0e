// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// restores are made of two backups: the file says "one" in the first and "two" in the second.
type restores struct {
	*world
	first metav1.Time
}

func TestRestoresElsewhereAndFromEarlier(t *testing.T) {
	t.Parallel()
	r := &restores{world: newWorld(t, "restores")}
	suite.Test(t, features.New("restores of other times, into other places").
		Setup(step(r.prepare)).
		Assess("a point in time brings back what was then", step(r.pointInTime)).
		Assess("nothing is older than the oldest", step(r.nothingThen)).
		Assess("another workload gets the files where the session says", step(r.otherWorkload)).
		Assess("another namespace needs the password, and gets the files", step(r.otherNamespace)).
		Assess("new claims are filled, stay, and are not written over", step(r.newClaims)).
		Feature())
}

func (r *restores) prepare(ctx context.Context, t *testing.T) {
	r.s3Ground(t)
	r.app(t, object.Deployment(r.Namespace, object.App, object.Claim))
	r.Sh(t, "echo one > /data/f")
	r.Apply(t, object.BackupConfiguration(r.Namespace))
	run := r.succeed(ctx, t, r.FirstRun(t), stage.Patience)
	snapshot := &storagev1alpha1.Snapshot{}
	stage.Must(t, host.Client.Get(ctx, r.Key(run.Status.Snapshots[0].Name), snapshot))
	r.first = *snapshot.Status.SnapshotTime
	r.Sh(t, "echo two > /data/f")
	r.backup(t, "second")
	r.succeed(ctx, t, "second", stage.Patience)
}

// says fails the test unless the file in a workload's pod says so.
func (r *restores) says(ctx context.Context, t *testing.T, namespace, workload, file, want string) {
	t.Helper()
	r.kubectl(ctx, t, "-n", namespace, "rollout", "status", workload, "--timeout", stage.Patience.String())
	if got := strings.TrimSpace(r.kubectl(ctx, t, "-n", namespace, "exec", workload, "--", "cat", file)); got != want {
		t.Errorf("%s in %s says %q, want %q", file, workload, got, want)
	}
}

func (r *restores) pointInTime(ctx context.Context, t *testing.T) {
	s := object.RestoreSession(r.Namespace, "then", "")
	s.Spec.DataSource.PITR = &corev1alpha1.PITR{TargetTime: &r.first}
	r.restore(t, s)
	r.says(ctx, t, r.Namespace, "deployment/"+object.App, "/data/f", "one")
	r.restore(t, object.RestoreSession(r.Namespace, "now", "latest"))
	r.says(ctx, t, r.Namespace, "deployment/"+object.App, "/data/f", "two")
}

// refused fails the test unless the session comes to nothing, with these words.
func (r *restores) refused(t *testing.T, s *corev1alpha1.RestoreSession, phase corev1alpha1.RestoreSessionPhase, words string) {
	t.Helper()
	r.Apply(t, s)
	stage.Await(t, "RestoreSession "+s.Name+" is "+string(phase), stage.Patience, func(ctx context.Context) (bool, string) {
		stage.Must(t, host.Client.Get(ctx, client.ObjectKeyFromObject(s), s))
		return s.Status.Phase == phase, fmt.Sprintf("%+v", s.Status)
	})
	if said := fmt.Sprintf("%+v", s.Status); !strings.Contains(said, words) {
		t.Errorf("%s says %s, without %q", s.Name, said, words)
	}
}

func (r *restores) nothingThen(_ context.Context, t *testing.T) {
	s := object.RestoreSession(r.Namespace, "before", "")
	s.Spec.DataSource.PITR = &corev1alpha1.PITR{TargetTime: &r.first, Exclusive: true}
	r.refused(t, s, corev1alpha1.RestoreSessionPhaseFailed, "nothing to restore; the oldest that it has is")
}

func (r *restores) otherWorkload(ctx context.Context, t *testing.T) {
	other := object.Deployment(r.Namespace, "copy", "copied")
	other.Spec.Template.Spec.Containers[0].VolumeMounts[0].MountPath = "/srv"
	r.Apply(t, object.VolumeClaim(r.Namespace, "copied"), other)
	s := object.RestoreSession(r.Namespace, "guess", "latest")
	s.Spec.Target.Name = "copy"
	r.refused(t, s.DeepCopy(), corev1alpha1.RestoreSessionPhaseFailed, "which the target mounts no volume at; it mounts: /srv")
	s.Name = "told"
	s.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
		VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: object.MountPath}},
	}
	r.restore(t, s)
	r.says(ctx, t, r.Namespace, "deployment/copy", "/srv/f", "two")
}

func (r *restores) otherNamespace(ctx context.Context, t *testing.T) {
	away := newWorld(t, "stranger")
	r.Apply(t, object.VolumeClaim(away.Namespace, object.Claim), object.Deployment(away.Namespace, object.App, object.Claim))
	s := object.RestoreSession(away.Namespace, "theirs", "latest")
	s.Spec.DataSource.Namespace = r.Namespace
	s.Spec.DataSource.EncryptionSecret = nil
	r.refused(t, s.DeepCopy(), corev1alpha1.RestoreSessionPhaseInvalid, "belongs to namespace "+r.Namespace)
	r.Apply(t, object.Password(away.Namespace, password))
	s.Name, s.Spec.DataSource.EncryptionSecret = "ours", &metav1alpha1.ObjectReference{Name: object.EncryptionSecret}
	r.restore(t, s)
	r.says(ctx, t, away.Namespace, "deployment/"+object.App, "/data/f", "two")
}

func (r *restores) newClaims(ctx context.Context, t *testing.T) {
	fill := func(name string) *corev1alpha1.RestoreSession {
		s := object.RestoreSession(r.Namespace, name, "latest")
		s.Spec.Target = nil
		s.Spec.Addon.Tasks[0].TargetVolumes = &corev1alpha1.TargetVolumeInfo{
			VolumeMounts: []corev1.VolumeMount{{Name: "fresh", MountPath: object.MountPath}},
			VolumeClaimTemplates: []metav1alpha1.PersistentVolumeClaim{{
				Metadata: metav1alpha1.PartialObjectMeta{Name: "fresh"}, Spec: object.VolumeClaim("", "").Spec,
			}},
		}
		return s
	}
	s := fill("fill")
	r.restore(t, s)
	stage.Must(t, host.Client.Delete(ctx, s, client.PropagationPolicy(metav1.DeletePropagationForeground)))
	reader := object.Deployment(r.Namespace, "reader", "fresh")
	reader.Spec.Replicas = ptr.To[int32](1)
	r.Apply(t, reader)
	r.says(ctx, t, r.Namespace, "deployment/reader", "/data/f", "two")
	r.refused(t, fill("again"), corev1alpha1.RestoreSessionPhaseFailed, "is not empty")
}
