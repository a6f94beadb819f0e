// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/s3fault"
	"kubestash.com/kubestash/tests/kit/stage"
)

const (
	// before and now are the versions of deploy-olm-before and deploy-olm.
	before, now = "kubestash.v0.9.0", "kubestash.v1.0.0"

	configuration = "deployment-" + object.App
	repository    = configuration

	fingerprint = `cd /data; find . -type f -exec sha256sum {} + | sort`
)

// way is a way to install the operator.
type way struct {
	// olm ends the names of the Makefile's targets, and golden is where the operator's rights are written down.
	olm, golden string
	// installed waits until a version is installed and none else.
	installed func(t *testing.T, version string)
}

var v0 = way{olm: "olm", golden: "testdata/rights.golden", installed: installed}

// shop is an annotated application, which stays through the whole story.
type shop struct {
	*stage.World
	way
	// store is in front of the S3 server, so that a backup takes as long as an upgrade does.
	store *s3fault.Proxy
	// files is the fingerprint of what the last good backup holds.
	files string
}

// open installs what stands for the release before this one.
func open(t *testing.T, name string, w way) *shop {
	t.Helper()
	t.Cleanup(func() {
		// The test's own context is over, and the World's namespace is going.
		ctx := context.Background()
		stage.Must(t, errors.Join(host.Close(ctx), host.Make(ctx, "undeploy-"+w.olm)))
	})
	stage.Must(t, host.Make(t.Context(), "deploy-"+w.olm+"-before"))
	return &shop{World: host.World(t, name), way: w, store: s3fault.Start(t, stage.Address+":0", host.ServerURL)}
}

func TestStory(t *testing.T) {
	s := open(t, "story", v0)
	suite.Test(t,
		s.installation("a Subscription").Feature(),
		s.upgrade().Feature(),
		features.New("OperatorGroups that are wrong").
			Assess("are told of, and cost nothing once they are right", step(s.groups)).Feature(),
		s.uninstallation().Feature(),
		s.reinstallation().Feature(),
	)
}

// The chapters that every way has. A story may add to them.

func (s *shop) installation(by string) *features.FeatureBuilder {
	return features.New(by).
		Assess("has installed the release before", step(s.isBefore)).
		Assess("has given the operator the rights that are written down, and no more", step(s.rights)).
		Assess("gives an annotated application its backup", step(s.firstBackup))
}

func (s *shop) upgrade() *features.FeatureBuilder {
	return features.New("an upgrade in the middle of a backup").
		Assess("leaves the backup alone", step(s.upgraded)).
		Assess("is followed by good backups", step(func(_ context.Context, t *testing.T) { s.backup(t, "after-upgrade") }))
}

func (s *shop) uninstallation() *features.FeatureBuilder {
	return features.New("an uninstallation").
		Assess("leaves definitions, objects and data, and nothing that stands in anybody's way", step(s.uninstalled))
}

func (s *shop) reinstallation() *features.FeatureBuilder {
	return features.New("an installation over what was left").
		Assess("goes on with all of it", step(s.reinstalled))
}

// installed waits until OLM has installed a version and none else.
func installed(t *testing.T, version string) {
	t.Helper()
	stage.Await(t, version+" is installed", 2*stage.Patience, func(ctx context.Context) (bool, string) {
		var list operatorsv1alpha1.ClusterServiceVersionList
		if err := host.Client.List(ctx, &list, client.InNamespace(stage.OperatorNamespace)); err != nil {
			return false, err.Error()
		}
		var saw []string
		for _, c := range list.Items {
			saw = append(saw, fmt.Sprintf("%s is %s: %s: %s", c.Name, c.Status.Phase, c.Status.Reason, c.Status.Message))
		}
		return len(list.Items) == 1 && list.Items[0].Name == version && list.Items[0].Status.Phase == operatorsv1alpha1.CSVPhaseSucceeded, strings.Join(saw, "\n")
	})
}

func (s *shop) isBefore(_ context.Context, t *testing.T) { s.installed(t, before) }

func (s *shop) firstBackup(_ context.Context, t *testing.T) {
	s.Ground(t, s.store.Endpoint, password)
	deployment := object.Deployment(s.Namespace, object.App, object.Claim)
	deployment.Annotations = map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint}
	s.Apply(t, object.VolumeClaim(s.Namespace, object.Claim), deployment)
	s.Sh(t, "cd /data; mkdir -p a/b; echo one > a/one; echo two > a/b/two")
	s.files = s.Sh(t, fingerprint)
	s.Apply(t, object.BackupBlueprint(s.Namespace))
	s.succeeded(t, s.FirstRun(t), stage.Patience)
}

// backup asks for a run, which has to be good.
func (s *shop) backup(t *testing.T, name string) {
	t.Helper()
	s.Apply(t, object.BackupSession(s.Namespace, name, configuration))
	s.succeeded(t, name, stage.Patience)
}

func (s *shop) succeeded(t *testing.T, name string, within time.Duration) {
	t.Helper()
	if run := s.Ended(t, name, within); run.Status.Phase != corev1alpha1.BackupSessionPhaseSucceeded {
		t.Fatalf("%s is %s: %+v", name, run.Status.Phase, run.Status)
	}
}

// upgraded upgrades while a backup runs: until the upgrade is over, the store takes nothing.
func (s *shop) upgraded(ctx context.Context, t *testing.T) {
	s.Sh(t, "dd if=/dev/urandom of=/data/big bs=1024k count=20 2>/dev/null")
	s.files = s.Sh(t, fingerprint)
	const run = "long"
	busy := s3fault.Unavailable
	busy.OnlyWrites = true
	s.store.Set(busy)
	s.Apply(t, object.BackupSession(s.Namespace, run, configuration))
	var pod string
	stage.Await(t, "the pod of the backup wants to write", stage.Patience, func(ctx context.Context) (bool, string) {
		pods := s.pods(ctx, t, run)
		if len(pods) == 1 && pods[0].Status.Phase == corev1.PodRunning {
			pod = pods[0].Name
		}
		return pod != "" && s.store.Struck() > 0, fmt.Sprintf("%d pods, %d refused writes", len(pods), s.store.Struck())
	})
	earlier := s.operator(ctx, t)
	stage.Must(t, host.Make(ctx, "upgrade-"+s.olm))
	s.installed(t, now)
	if later := s.operator(ctx, t); later == earlier {
		t.Errorf("the operator is %s, as before", later)
	}
	session := &corev1alpha1.BackupSession{}
	stage.Must(t, host.Client.Get(ctx, s.Key(run), session))
	if session.Status.Phase != corev1alpha1.BackupSessionPhaseRunning {
		t.Fatalf("the backup is %s after the upgrade, though it could not end: %+v", session.Status.Phase, session.Status)
	}
	s.store.Set(s3fault.Fault{})
	s.succeeded(t, run, 2*stage.Patience)
	if pods := s.pods(ctx, t, run); len(pods) != 1 || pods[0].Name != pod {
		t.Errorf("the backup was begun by pod %s, and has %d pods now", pod, len(pods))
	}
	s.valid(ctx, t)
}

// operator is the image of the operator that runs.
func (s *shop) operator(ctx context.Context, t *testing.T) string {
	t.Helper()
	d := &appsv1.Deployment{}
	stage.Must(t, host.Client.Get(ctx, client.ObjectKey{Namespace: stage.OperatorNamespace, Name: "kubestash-operator"}, d))
	return d.Spec.Template.Spec.Containers[0].Image
}

func (s *shop) pods(ctx context.Context, t *testing.T, job string) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(s.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job}))
	return list.Items
}

// valid fails the test unless every object is as it should be, and could be written again as it is.
func (s *shop) valid(ctx context.Context, t *testing.T) {
	t.Helper()
	stage.Await(t, "all is ready", stage.Patience, func(ctx context.Context) (bool, string) {
		bc, storage, repo := &corev1alpha1.BackupConfiguration{}, &storagev1alpha1.BackupStorage{}, &storagev1alpha1.Repository{}
		for _, at := range []struct {
			name string
			o    client.Object
		}{{configuration, bc}, {object.Storage, storage}, {repository, repo}} {
			if err := host.Client.Get(ctx, s.Key(at.name), at.o); err != nil {
				return false, err.Error()
			}
		}
		return bc.Status.Phase == corev1alpha1.BackupConfigurationPhaseReady && storage.Status.Phase == storagev1alpha1.BackupStoragePhaseReady &&
				repo.Status.Phase == storagev1alpha1.RepositoryPhaseReady,
			fmt.Sprintf("%s, %s, %s", bc.Status.Phase, storage.Status.Phase, repo.Status.Phase)
	})
	s.writable(ctx, t)
}

// writable fails the test unless everybody can go on writing every object.
func (s *shop) writable(ctx context.Context, t *testing.T) {
	t.Helper()
	for kind, list := range s.objects(ctx, t) {
		for _, o := range list {
			patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"example.com/touched":"yes"}}}`))
			if err := host.Client.Patch(ctx, o, patch, client.DryRunAll); err != nil {
				t.Errorf("%s %s can't be written any more: %v", kind, o.GetName(), err)
			}
		}
	}
}

// objects are those of the shop, by kind.
func (s *shop) objects(ctx context.Context, t *testing.T) map[string][]client.Object {
	t.Helper()
	out := map[string][]client.Object{}
	for kind, list := range map[string]client.ObjectList{
		"BackupBlueprint": &corev1alpha1.BackupBlueprintList{}, "BackupConfiguration": &corev1alpha1.BackupConfigurationList{},
		"BackupSession": &corev1alpha1.BackupSessionList{}, "BackupStorage": &storagev1alpha1.BackupStorageList{},
		"Repository": &storagev1alpha1.RepositoryList{}, "RetentionPolicy": &storagev1alpha1.RetentionPolicyList{}, "Snapshot": &storagev1alpha1.SnapshotList{},
	} {
		stage.Must(t, host.Client.List(ctx, list, client.InNamespace(s.Namespace)))
		stage.Must(t, meta.EachListItem(list, func(o runtime.Object) error {
			item, ok := o.(client.Object)
			if !ok {
				return fmt.Errorf("%T is no object", o)
			}
			out[kind] = append(out[kind], item)
			return nil
		}))
		if len(out[kind]) == 0 {
			t.Errorf("there is no %s", kind)
		}
	}
	return out
}

// groups makes the OperatorGroups wrong in two ways. OLM says so in the ClusterServiceVersion, which is where its users look.
func (s *shop) groups(ctx context.Context, t *testing.T) {
	second := &operatorsv1.OperatorGroup{ObjectMeta: metav1.ObjectMeta{Namespace: stage.OperatorNamespace, Name: "second"}}
	stage.Must(t, host.Client.Create(ctx, second))
	told(t, operatorsv1alpha1.CSVReasonTooManyOperatorGroups)
	stage.Must(t, host.Client.Delete(ctx, second))
	installed(t, now)

	group := &operatorsv1.OperatorGroup{}
	stage.Must(t, host.Client.Get(ctx, client.ObjectKey{Namespace: stage.OperatorNamespace, Name: "kubestash"}, group))
	base := group.DeepCopy()
	group.Spec.TargetNamespaces = []string{stage.OperatorNamespace}
	stage.Must(t, host.Client.Patch(ctx, group, client.MergeFrom(base)))
	told(t, operatorsv1alpha1.CSVReasonUnsupportedOperatorGroup)
	base = group.DeepCopy()
	group.Spec.TargetNamespaces = nil
	stage.Must(t, host.Client.Patch(ctx, group, client.MergeFrom(base)))
	installed(t, now)
	s.backup(t, "after-groups")
}

// told waits until the ClusterServiceVersion says why it doesn't work.
func told(t *testing.T, reason operatorsv1alpha1.ConditionReason) {
	t.Helper()
	stage.Await(t, "OLM says "+string(reason), stage.Patience, func(ctx context.Context) (bool, string) {
		csv := &operatorsv1alpha1.ClusterServiceVersion{}
		if err := host.Client.Get(ctx, client.ObjectKey{Namespace: stage.OperatorNamespace, Name: now}, csv); err != nil {
			return false, err.Error()
		}
		return csv.Status.Reason == reason, fmt.Sprintf("%s: %s: %s", csv.Status.Phase, csv.Status.Reason, csv.Status.Message)
	})
}

// asked is the run that is asked for while there is no operator.
const asked = "while-it-was-away"

func (s *shop) uninstalled(ctx context.Context, t *testing.T) {
	had := s.objects(ctx, t)
	held := s.held(t)
	stage.Must(t, host.Make(ctx, "undeploy-"+s.olm))
	stage.Await(t, "the operator is gone", stage.Patience, func(ctx context.Context) (bool, string) {
		var pods corev1.PodList
		if err := host.Client.List(ctx, &pods, client.InNamespace(stage.OperatorNamespace)); err != nil {
			return false, err.Error()
		}
		var deployments appsv1.DeploymentList
		if err := host.Client.List(ctx, &deployments, client.InNamespace(stage.OperatorNamespace)); err != nil {
			return false, err.Error()
		}
		return len(pods.Items)+len(deployments.Items) == 0, fmt.Sprintf("%d Deployments, %d pods", len(deployments.Items), len(pods.Items))
	})
	for kind, objects := range s.objects(ctx, t) {
		if len(objects) != len(had[kind]) {
			t.Errorf("%d of kind %s are left of %d", len(objects), kind, len(had[kind]))
		}
	}
	if left := s.held(t); left != held {
		t.Errorf("restic holds\n%s\nand held\n%s", left, held)
	}
	noWebhook(ctx, t)
	s.writable(ctx, t)
	s.Apply(t, object.BackupSession(s.Namespace, asked, configuration))
}

// held is what restic lists in the bucket.
func (s *shop) held(t *testing.T) string {
	t.Helper()
	url := fmt.Sprintf("s3:%s/%s/%s/%s/%s/repository/v1/%s/dump", host.ServerURL, host.Bucket, s.Namespace, s.Namespace, object.App, object.Session)
	return string(stage.Restic(t, url, password, "snapshots", "--json"))
}

// noWebhook fails the test when there is a webhook that the operator would have to answer.
func noWebhook(ctx context.Context, t *testing.T) {
	t.Helper()
	var validating admissionregistrationv1.ValidatingWebhookConfigurationList
	var mutating admissionregistrationv1.MutatingWebhookConfigurationList
	stage.Must(t, host.Client.List(ctx, &validating))
	stage.Must(t, host.Client.List(ctx, &mutating))
	var left []string
	for _, c := range validating.Items {
		for _, w := range c.Webhooks {
			if w.ClientConfig.Service != nil && w.ClientConfig.Service.Namespace == stage.OperatorNamespace {
				left = append(left, c.Name+"/"+w.Name)
			}
		}
	}
	for _, c := range mutating.Items {
		for _, w := range c.Webhooks {
			if w.ClientConfig.Service != nil && w.ClientConfig.Service.Namespace == stage.OperatorNamespace {
				left = append(left, c.Name+"/"+w.Name)
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("webhooks are left: %q", left)
	}
}

func (s *shop) reinstalled(ctx context.Context, t *testing.T) {
	stage.Must(t, host.Make(ctx, "deploy-"+s.olm))
	s.installed(t, now)
	s.succeeded(t, asked, stage.Patience)
	s.valid(ctx, t)
	s.Sh(t, "rm -rf /data/*")
	session := object.RestoreSession(s.Namespace, "bring-back", "latest")
	session.Spec.DataSource.Repository = repository
	s.Apply(t, session)
	if s.RestoreEnded(t, session, stage.Patience); session.Status.Phase != corev1alpha1.RestoreSessionPhaseSucceeded {
		t.Fatalf("the restore is %s: %+v", session.Status.Phase, session.Status)
	}
	if files := s.Sh(t, fingerprint); files != s.files {
		t.Errorf("the files are\n%s\nand were\n%s", files, s.files)
	}
	s.backup(t, "after-all")
}
