// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint_test

import (
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/controllers/core/backupblueprint"
	"kubestash.com/kubestash/internal/domain/blueprint"
	"kubestash.com/kubestash/internal/domain/configuration"
	"kubestash.com/kubestash/internal/kube"
)

type events struct{ list []string }

func (e *events) Normal(o runtime.Object, reason, message string) {
	e.add("Normal", o, reason, message)
}
func (e *events) Warning(o runtime.Object, reason, message string) {
	e.add("Warning", o, reason, message)
}

func (e *events) add(kind string, o runtime.Object, reason, message string) {
	e.list = append(e.list, strings.Join([]string{kind, o.GetObjectKind().GroupVersionKind().Kind, reason, message}, " "))
}

// take returns what was told since the last call.
func (e *events) take() string {
	all := strings.Join(e.list, "\n")
	e.list = nil
	return all
}

// cluster is an API server with a reconciler that is driven by hand.
type cluster struct {
	client.Client
	t      *testing.T
	events *events
	r      *backupblueprint.Reconciler
	writes int
}

func newCluster(t *testing.T, objects ...client.Object) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, corev1alpha1.AddToScheme, storagev1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := &cluster{t: t, events: &events{}}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithIndex(&corev1alpha1.BackupConfiguration{}, backupblueprint.ByTarget.Field, backupblueprint.ByTarget.Drawers).
		WithInterceptorFuncs(interceptor.Funcs{Apply: func(
			ctx context.Context, inner client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption,
		) error {
			c.writes++
			return inner.Apply(ctx, obj, opts...)
		}})
	c.Client = b.Build()
	c.r = backupblueprint.New(backupblueprint.Deps{
		Client: c, Live: c, Targets: c, Recorder: c.events,
		Clock: clocktesting.NewFakePassiveClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
	})
	return c
}

func (c *cluster) pass(kind, name string) ctrl.Result {
	c.t.Helper()
	result, err := c.r.Reconcile(c.t.Context(), backupblueprint.Request{Kind: kind, Namespace: "demo", Name: name})
	if err != nil {
		c.t.Fatalf("reconciling: %v", err)
	}
	return result
}

func (c *cluster) configuration(name string) *corev1alpha1.BackupConfiguration {
	c.t.Helper()
	bc, found, err := kube.Get[corev1alpha1.BackupConfiguration](c.t.Context(), c, "demo", name)
	if err != nil {
		c.t.Fatal(err)
	}
	if !found {
		return nil
	}
	return bc
}

// edit changes an object as a user would.
func edit[T client.Object](c *cluster, obj T, change func(T)) {
	c.t.Helper()
	if err := c.Get(c.t.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
		c.t.Fatal(err)
	}
	change(obj)
	if err := c.Update(c.t.Context(), obj, client.FieldOwner("kubectl-edit")); err != nil {
		c.t.Fatal(err)
	}
}

func deployment() *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: "demo", Name: "app", UID: "uid-app",
		Annotations: map[string]string{
			metav1alpha1.AnnotationBlueprintName:            "plan",
			metav1alpha1.AnnotationVariablePrefix + "paths": "/data",
		},
	}}
}

func plan() *corev1alpha1.BackupBlueprint {
	return &corev1alpha1.BackupBlueprint{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "plan"},
		Spec: corev1alpha1.BackupBlueprintSpec{BackupConfigurationTemplate: &corev1alpha1.BackupConfigurationTemplate{
			Backends: []corev1alpha1.BackendReference{{
				Name:            "s3",
				StorageRef:      &metav1alpha1.ObjectReference{Name: "s3"},
				RetentionPolicy: &metav1alpha1.ObjectReference{Name: "keep"},
			}},
			Sessions: []corev1alpha1.Session{{
				SessionConfig: corev1alpha1.SessionConfig{Name: "daily", Scheduler: &corev1alpha1.SchedulerSpec{Schedule: "${schedule:=0 3 * * *}"}},
				Addon: &corev1alpha1.AddonInfo{Name: "workload-addon", Tasks: []corev1alpha1.TaskReference{{
					Name: "logical-backup", Params: &runtime.RawExtension{Raw: []byte(`{"paths":"${paths}"}`)},
				}}},
				Repositories: []corev1alpha1.RepositoryInfo{{
					Name: "${repoName}", Directory: "${namespace}/${targetName}", Backend: "s3",
					EncryptionSecret: &metav1alpha1.ObjectReference{Name: "encrypt"},
					DeletionPolicy:   corev1alpha1.RepositoryDeletionPolicyWipeOut,
				}},
			}},
		}},
	}
}

func TestAnAnnotatedDeploymentGetsABackupConfiguration(t *testing.T) {
	c := newCluster(t, deployment(), plan())
	c.pass("Deployment", "app")
	bc := c.configuration("deployment-app")
	if bc == nil {
		t.Fatalf("there is none: %s", c.events.take())
	}
	if target := bc.Spec.Target; target == nil || *target != (metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: "demo", Name: "app"}) {
		t.Errorf("target is %v", target)
	}
	if repository := bc.Spec.Sessions[0].Repositories[0]; repository.Name != "deployment-app" || repository.Directory != "demo/app" {
		t.Errorf("repository is %+v", repository)
	}
	if got := c.events.take(); got != "Normal Deployment BackupConfigurationCreated Created BackupConfiguration demo/deployment-app." {
		t.Errorf("told %q", got)
	}
	writes := c.writes
	for range 3 {
		c.pass("Deployment", "app")
	}
	if c.writes != writes || c.events.take() != "" {
		t.Error("a resync wrote or told something")
	}
}

func TestChangesAreApplied(t *testing.T) {
	c := newCluster(t, deployment(), plan())
	c.pass("Deployment", "app")
	c.events.take()
	edit(c, c.configuration("deployment-app"), func(bc *corev1alpha1.BackupConfiguration) { bc.Spec.Paused = true })
	edit(c, deployment(), func(d *appsv1.Deployment) {
		d.Annotations[metav1alpha1.AnnotationVariablePrefix+"schedule"] = "0 4 * * *"
	})
	c.pass("Deployment", "app")
	bc := c.configuration("deployment-app")
	if bc.Spec.Sessions[0].Scheduler.Schedule != "0 4 * * *" {
		t.Errorf("schedule is %q", bc.Spec.Sessions[0].Scheduler.Schedule)
	}
	if !bc.Spec.Paused {
		t.Error("the user's own field was taken")
	}
	if got := c.events.take(); !strings.Contains(got, "BackupConfigurationUpdated") || !strings.Contains(got, "sessions[daily].scheduler.schedule.") {
		t.Errorf("told %q", got)
	}
	edit(c, plan(), func(p *corev1alpha1.BackupBlueprint) {
		p.Spec.BackupConfigurationTemplate.Sessions[0].BackupTimeout = &metav1.Duration{Duration: time.Hour}
	})
	c.pass("Deployment", "app")
	if timeout := c.configuration("deployment-app").Spec.Sessions[0].BackupTimeout; timeout == nil || timeout.Duration != time.Hour {
		t.Errorf("the blueprint's change gave timeout %v", timeout)
	}
}

func TestARemovedAnnotationKeepsRepositories(t *testing.T) {
	c := newCluster(t, deployment(), plan())
	c.pass("Deployment", "app")
	edit(c, c.configuration("deployment-app"), func(bc *corev1alpha1.BackupConfiguration) {
		bc.Finalizers = []string{metav1alpha1.FinalizerCleanup}
	})
	c.events.take()
	edit(c, deployment(), func(d *appsv1.Deployment) { d.Annotations = nil })
	for range 2 {
		c.pass("Deployment", "app")
	}
	bc := c.configuration("deployment-app")
	if bc == nil || bc.DeletionTimestamp.IsZero() {
		t.Fatal("it is not being deleted")
	}
	if _, marked := bc.Annotations[configuration.AnnotationKeepRepositories]; !marked {
		t.Error("its deletion would take the repositories along")
	}
	if got := c.events.take(); strings.Count(got, "BackupConfigurationDeleted") != 1 {
		t.Errorf("told %q", got)
	}
}

func TestADeletedTargetTakesItsBackupConfiguration(t *testing.T) {
	c := newCluster(t, deployment(), plan())
	c.pass("Deployment", "app")
	if err := c.Delete(t.Context(), deployment()); err != nil {
		t.Fatal(err)
	}
	c.pass("Deployment", "app")
	if c.configuration("deployment-app") != nil {
		t.Error("it stays")
	}
}

func TestProblemsAreToldOnce(t *testing.T) {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "demo", Name: "data", UID: "uid-data",
		Annotations: map[string]string{metav1alpha1.AnnotationBlueprintName: "plan"},
	}}
	c := newCluster(t, claim)
	for range 3 {
		c.pass("PersistentVolumeClaim", "data")
	}
	if got := c.events.take(); strings.Count(got, "\n") != 0 || !strings.HasPrefix(got, "Warning PersistentVolumeClaim BackupBlueprintNotFound") {
		t.Errorf("without a blueprint, told %q", got)
	}
	if err := c.Create(t.Context(), plan()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.pass("PersistentVolumeClaim", "data")
	}
	if got := c.events.take(); strings.Count(got, "\n") != 0 || !strings.Contains(got, "variables.kubestash.com/paths") {
		t.Errorf("without a variable, told %q", got)
	}
	edit(c, claim, func(p *corev1.PersistentVolumeClaim) {
		p.Annotations[metav1alpha1.AnnotationVariablePrefix+"paths"] = "/x"
	})
	c.pass("PersistentVolumeClaim", "data")
	if c.configuration("persistentvolumeclaim-data") == nil {
		t.Errorf("it wasn't made once all was there: %q", c.events.take())
	}
}

func TestAnotherNamespacesBlueprint(t *testing.T) {
	shared := plan()
	shared.Namespace = "platform"
	target := deployment()
	target.Annotations[metav1alpha1.AnnotationBlueprintNamespace] = "platform"
	c := newCluster(t, shared, target, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo", Labels: map[string]string{"team": "a"}}})
	if result := c.pass("Deployment", "app"); result.RequeueAfter == 0 {
		t.Error("it isn't looked at again, though a namespace's labels may change")
	}
	if got := c.events.take(); !strings.Contains(got, "BackupBlueprintNotAllowed") {
		t.Errorf("told %q", got)
	}
	edit(c, shared, func(p *corev1alpha1.BackupBlueprint) {
		p.Spec.UsagePolicy = &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{
			From: metav1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}},
		}}
	})
	c.pass("Deployment", "app")
	bc := c.configuration("deployment-app")
	if bc == nil {
		t.Fatalf("it wasn't made: %q", c.events.take())
	}
	if ref := bc.Spec.Backends[0].StorageRef; ref.Namespace != "platform" {
		t.Errorf("the storage is looked for in %q, not where the blueprint's author meant", ref.Namespace)
	}
}

func TestAUsersBackupConfigurationIsNeverTouched(t *testing.T) {
	own := &corev1alpha1.BackupConfiguration{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "deployment-app"}}
	c := newCluster(t, deployment(), plan(), own)
	c.pass("Deployment", "app")
	edit(c, deployment(), func(d *appsv1.Deployment) { d.Annotations = nil })
	c.pass("Deployment", "app")
	if bc := c.configuration("deployment-app"); bc == nil || bc.Spec.Target != nil || len(bc.Labels) > 0 {
		t.Errorf("it became %+v", bc)
	}
	if got := c.events.take(); !strings.Contains(got, "BackupConfigurationNameTaken") {
		t.Errorf("told %q", got)
	}
}

func TestADeletedBlueprintTakesWhatItMadeWithOnDelete(t *testing.T) {
	p := plan()
	p.Spec.BackupConfigurationTemplate.DeletionPolicy = corev1alpha1.BlueprintDeletionPolicyOnDelete
	c := newCluster(t, deployment(), p)
	c.pass("Deployment", "app")
	if err := c.Delete(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	c.pass("Deployment", "app")
	if c.configuration("deployment-app") != nil {
		t.Error("it stays")
	}
}

func TestARefusedBackupConfigurationIsNoHotLoop(t *testing.T) {
	c := newCluster(t, deployment(), plan())
	refusing := interceptor.NewClient(c.Client.(client.WithWatch), interceptor.Funcs{Apply: func(
		context.Context, client.WithWatch, runtime.ApplyConfiguration, ...client.ApplyOption,
	) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "backupconfigurations"}, "deployment-app", nil)
	}})
	r := backupblueprint.New(backupblueprint.Deps{Client: refusing, Live: c, Targets: c, Recorder: c.events, Clock: clocktesting.NewFakePassiveClock(time.Time{})})
	for range 3 {
		result, err := r.Reconcile(t.Context(), backupblueprint.Request{Kind: "Deployment", Namespace: "demo", Name: "app"})
		if err != nil || result.RequeueAfter < time.Second {
			t.Fatalf("got %v, %v", result, err)
		}
	}
	if got := c.events.take(); strings.Count(got, blueprint.EventConfigurationRefused) != 1 {
		t.Errorf("told %q", got)
	}
}

func TestSubjectsThatNobodyWatchesAreToldToTheBlueprintsAuthorOnce(t *testing.T) {
	bp := &corev1alpha1.BackupBlueprint{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "odd"}}
	bp.Spec.Subjects = []metav1.TypeMeta{{APIVersion: "apps/v1", Kind: "Deployment"}, {APIVersion: "kubedb.com/v1", Kind: "Postgres"}}
	c := newCluster(t, bp)
	c.pass(corev1alpha1.KindBackupBlueprint, "odd")
	if told := c.events.take(); !strings.Contains(told, "Warning") || !strings.Contains(told, "kubedb.com/v1 Postgres.") {
		t.Errorf("told %q", told)
	}
	c.pass(corev1alpha1.KindBackupBlueprint, "odd")
	if told := c.events.take(); told != "" {
		t.Errorf("told again: %q", told)
	}
	c.pass(corev1alpha1.KindBackupBlueprint, "nobody")
	if told := c.events.take(); told != "" {
		t.Errorf("told of nobody: %q", told)
	}
}
