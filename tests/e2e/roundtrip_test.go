// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

func TestAnnotatedDeploymentOnS3(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "deployment-s3")
	r := &roundTrip{world: w, target: client.Object(&appsv1.Deployment{}), targetName: object.App,
		ref: object.DeploymentRef(w.Namespace), addon: object.WorkloadAddon, repository: "deployment-" + object.App}
	suite.Test(t, r.feature("an annotated Deployment, backed up to S3 and restored").
		Assess("a plain restic lists and restores it", step(func(ctx context.Context, t *testing.T) { w.plainRestic(ctx, t, r.repository) })).
		Assess("kubectl get prints the published columns", step(w.columns)).
		Assess("no secret is to be seen", step(w.noSecrets)).
		Feature())
}

func TestAnnotatedClaimOnS3(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "claim-s3")
	r := &roundTrip{world: w, target: &corev1.PersistentVolumeClaim{}, targetName: object.Claim,
		ref: object.ClaimRef(w.Namespace), addon: object.ClaimAddon, repository: "persistentvolumeclaim-" + object.Claim}
	suite.Test(t, r.feature("an annotated PersistentVolumeClaim, backed up to S3 and restored").Feature())
}

func TestAnnotatedDeploymentOnVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "deployment-local")
	r := &roundTrip{world: w, target: &appsv1.Deployment{}, targetName: object.App, local: true,
		ref: object.DeploymentRef(w.Namespace), addon: object.WorkloadAddon, repository: "deployment-" + object.App}
	suite.Test(t, r.feature("an annotated Deployment, backed up to a volume and restored").
		Assess("no secret is to be seen", step(w.noSecrets)).Feature())
}

func TestAnnotatedClaimOnVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "claim-local")
	r := &roundTrip{world: w, target: &corev1.PersistentVolumeClaim{}, targetName: object.Claim, local: true,
		ref: object.ClaimRef(w.Namespace), addon: object.ClaimAddon, repository: "persistentvolumeclaim-" + object.Claim}
	suite.Test(t, r.feature("an annotated PersistentVolumeClaim, backed up to a volume and restored").Feature())
}

// roundTrip annotates a target, waits for its first backup, destroys its data, and restores it.
type roundTrip struct {
	*world
	// target is an empty object of the target's kind, ref the reference to it.
	target     client.Object
	targetName string
	ref        *metav1alpha1.TypedObjectReference
	addon      string
	// repository is also the BackupConfiguration's name.
	repository string
	local      bool

	pods   *podWatch
	before string
}

func (r *roundTrip) feature(name string) *features.FeatureBuilder {
	return features.New(name).
		Setup(step(r.prepare)).
		Assess("the first backup succeeds", step(r.firstBackup)).
		Assess("it has started one pod", step(r.onePod)).
		Assess("the latest Snapshot brings every file back", step(r.bringBack)).
		Assess("a second backup and a restore by name do, too", step(r.byName))
}

func (r *roundTrip) prepare(ctx context.Context, t *testing.T) {
	deployment := object.Deployment(r.Namespace, object.App, object.Claim)
	if r.local {
		// A volume of this class is on one node, so the data must be where the backups are.
		deployment.Spec.Template.Spec.NodeSelector = r.localGround(ctx, t)
	} else {
		r.s3Ground(t)
	}
	r.app(t, deployment)
	r.before = r.planted(t)
	blueprint := object.BackupBlueprint(r.Namespace)
	blueprint.Spec.BackupConfigurationTemplate.Sessions[0].Addon.Name = r.addon
	r.Apply(t, blueprint)
	r.pods = r.watchPods(context.WithoutCancel(ctx), t)

	stage.Must(t, host.Client.Get(ctx, r.Key(r.targetName), r.target))
	base, ok := r.target.DeepCopyObject().(client.Object)
	if !ok {
		t.Fatalf("%T is no object", r.target)
	}
	r.target.SetAnnotations(map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint})
	stage.Must(t, host.Client.Patch(ctx, r.target, client.MergeFrom(base)))
}

// localGround is what a backup onto a volume needs. It returns the selector of the node where that is.
func (w *world) localGround(ctx context.Context, t testing.TB) map[string]string {
	t.Helper()
	var nodes corev1.NodeList
	stage.Must(t, host.Client.List(ctx, &nodes))
	selector := map[string]string{corev1.LabelHostname: nodes.Items[len(nodes.Items)-1].Labels[corev1.LabelHostname]}
	storage := object.Local(w.Namespace, "backups")
	storage.Spec.RuntimeSettings.Pod = &metav1alpha1.PodRuntimeSettings{NodeSelector: selector}
	w.Apply(t, object.Password(w.Namespace, password), object.VolumeClaim(w.Namespace, "backups"), storage, object.KeepLast(w.Namespace, 5))
	return selector
}

func (r *roundTrip) firstBackup(ctx context.Context, t *testing.T) {
	run := r.succeed(ctx, t, r.FirstRun(t), stage.Patience)
	repo := &storagev1alpha1.Repository{}
	// The Repository sums up what the run has written, a moment later.
	stage.Await(t, "the Repository has counted the Snapshot", stage.Patience, func(ctx context.Context) (bool, string) {
		stage.Must(t, host.Client.Get(ctx, r.Key(r.repository), repo))
		return repo.Status.SnapshotCount != nil && *repo.Status.SnapshotCount == 1, repo.Status.Size
	})
	if repo.Status.Integrity == nil || !*repo.Status.Integrity || repo.Status.Size == "" || repo.Status.LastBackupTime == nil {
		t.Errorf("the Repository says %+v", repo.Status)
	}
	snapshot := &storagev1alpha1.Snapshot{}
	stage.Must(t, host.Client.Get(ctx, r.Key(run.Status.Snapshots[0].Name), snapshot))
	component := snapshot.Status.Components["dump"]
	if snapshot.Status.Phase != storagev1alpha1.SnapshotPhaseSucceeded || len(component.ResticStats) != 1 || component.ResticStats[0].Summary.ID == "" {
		t.Errorf("the Snapshot says %+v", snapshot.Status)
	}
}

func (r *roundTrip) onePod(ctx context.Context, t *testing.T) {
	var list corev1alpha1.BackupSessionList
	stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(r.Namespace)))
	for _, run := range list.Items {
		if pods := r.pods.of(run.Name); len(pods) != 1 {
			t.Errorf("BackupSession %s has started the pods %q", run.Name, pods)
		}
	}
	want := len(list.Items)
	if r.local {
		want++ // the Job that initialised the volume
	}
	if jobs := r.pods.jobs(); len(jobs) != want {
		t.Errorf("pods were started by %q, for %d runs", jobs, len(list.Items))
	}
}

func (r *roundTrip) session(name, snapshot string) *corev1alpha1.RestoreSession {
	s := object.RestoreSession(r.Namespace, name, snapshot)
	s.Spec.Target, s.Spec.DataSource.Repository, s.Spec.Addon.Name = r.ref, r.repository, r.addon
	return s
}

func (r *roundTrip) bringBack(_ context.Context, t *testing.T) {
	r.destroyed(t)
	r.restore(t, r.session("undo", "latest"))
	r.same(t, r.before)
}

// byName makes a second backup of other data and brings back the first.
func (r *roundTrip) byName(ctx context.Context, t *testing.T) {
	var list storagev1alpha1.SnapshotList
	stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(r.Namespace)))
	first := list.Items[0].Name
	r.Sh(t, "echo changed > /data/d0/e0/f0; rm /data/d1/link")
	r.Apply(t, object.BackupSession(r.Namespace, "second", r.repository))
	r.succeed(ctx, t, "second", stage.Patience)
	r.destroyed(t)
	r.restore(t, r.session("undo-by-name", first))
	r.same(t, r.before)
}
