// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// parts is a workload of which each pod has data of its own.
type parts struct {
	*world
	workload   client.Object
	kind       string
	components []string
	pods       []string
}

func TestAnnotatedStatefulSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "statefulset")
	pod := object.Sleeper("unused")
	pod.Volumes = nil
	p := &parts{world: w, kind: "StatefulSet", components: []string{"dump-pod-0", "dump-pod-1"}, workload: &appsv1.StatefulSet{
		ObjectMeta: object.Meta(w.Namespace, object.App),
		Spec: appsv1.StatefulSetSpec{
			Replicas: ptr.To[int32](2), PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector:             &metav1.LabelSelector{MatchLabels: map[string]string{"app": object.App}},
			Template:             corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": object.App}}, Spec: pod},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{*object.VolumeClaim("", "data")},
		},
	}}
	suite.Test(t, p.feature("an annotated StatefulSet: a component for each pod").
		Assess("one chosen component comes back, and the other pod stays as it is", step(p.chosen)).Feature())
}

func TestAnnotatedDaemonSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "daemonset")
	pod := object.Sleeper("unused")
	// Nodes of the cluster on one machine share its folders, so what each pod writes is told apart by its name.
	pod.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{
		Path: "/run/kubestash-e2e", Type: ptr.To(corev1.HostPathDirectoryOrCreate),
	}}
	pod.Containers[0].VolumeMounts[0].SubPath = w.Namespace
	p := &parts{world: w, kind: "DaemonSet", workload: &appsv1.DaemonSet{
		ObjectMeta: object.Meta(w.Namespace, object.App),
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": object.App}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": object.App}}, Spec: pod},
		},
	}}
	suite.Test(t, p.feature("an annotated DaemonSet: a component for each node").
		Teardown(step(func(ctx context.Context, t *testing.T) { p.each(ctx, t, "rm -rf /data/*") })).Feature())
}

func (p *parts) feature(name string) *features.FeatureBuilder {
	return features.New(name).
		Setup(step(p.prepare)).
		Assess("each part is a component of the Snapshot", step(p.firstBackup)).
		Assess("every part's file comes back", step(p.bringBack)).
		Assess("the next backup drops the first one in a last step", step(p.next))
}

func (p *parts) prepare(ctx context.Context, t *testing.T) {
	p.s3Ground(t)
	keep := object.KeepLast(p.Namespace, 1)
	stage.Must(t, client.IgnoreNotFound(host.Client.Delete(ctx, keep)))
	p.Apply(t, object.KeepLast(p.Namespace, 1), p.workload)
	stage.Await(t, "the pods run", stage.Patience, func(ctx context.Context) (bool, string) {
		var list corev1.PodList
		stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(p.Namespace), client.MatchingLabels{"app": object.App}))
		p.pods = nil
		nodes := map[string]bool{}
		for _, pod := range list.Items {
			if pod.Status.Phase == corev1.PodRunning {
				p.pods = append(p.pods, pod.Name)
				nodes[pod.Spec.NodeName] = true
			}
		}
		if p.kind == "DaemonSet" {
			p.components = nil
			for _, node := range slices.Sorted(maps.Keys(nodes)) {
				p.components = append(p.components, "dump-"+node)
			}
			set := &appsv1.DaemonSet{}
			stage.Must(t, host.Client.Get(ctx, client.ObjectKeyFromObject(p.workload), set))
			return len(p.pods) > 0 && int32(len(p.pods)) == set.Status.DesiredNumberScheduled, strings.Join(p.pods, " ")
		}
		return len(p.pods) == 2, strings.Join(p.pods, " ")
	})
	slices.Sort(p.pods)
	p.each(ctx, t, "echo I am $(hostname) > /data/$(hostname)")
	blueprint := object.BackupBlueprint(p.Namespace)
	p.Apply(t, blueprint)
	p.kubectl(ctx, t, "-n", p.Namespace, "annotate", strings.ToLower(p.kind), object.App, metav1alpha1.AnnotationBlueprintName+"="+object.Blueprint)
}

// each runs a script in every pod.
func (p *parts) each(ctx context.Context, t *testing.T, script string) {
	t.Helper()
	for _, pod := range p.pods {
		p.kubectl(ctx, t, "-n", p.Namespace, "exec", pod, "--", "sh", "-c", script)
	}
}

func (p *parts) repository() string { return strings.ToLower(p.kind) + "-" + object.App }

func (p *parts) firstBackup(ctx context.Context, t *testing.T) {
	run := p.succeed(ctx, t, p.FirstRun(t), stage.Patience)
	snapshot := &storagev1alpha1.Snapshot{}
	stage.Must(t, host.Client.Get(ctx, p.Key(run.Status.Snapshots[0].Name), snapshot))
	if got := slices.Sorted(maps.Keys(snapshot.Status.Components)); !slices.Equal(got, p.components) {
		t.Errorf("the Snapshot has components %q, want %q", got, p.components)
	}
	if int(snapshot.Status.TotalComponents) != len(p.components) {
		t.Errorf("the Snapshot counts %d components, want %d", snapshot.Status.TotalComponents, len(p.components))
	}
}

func (p *parts) bringBack(ctx context.Context, t *testing.T) {
	p.each(ctx, t, "rm -rf /data/*")
	s := object.RestoreSession(p.Namespace, "undo", "latest")
	s.Spec.Target = &metav1alpha1.TypedObjectReference{APIGroup: appsv1.GroupName, Kind: p.kind, Namespace: p.Namespace, Name: object.App}
	s.Spec.DataSource.Repository = p.repository()
	p.restore(t, s)
	for _, pod := range p.pods {
		got := p.kubectl(ctx, t, "-n", p.Namespace, "exec", pod, "--", "cat", "/data/"+pod)
		if want := fmt.Sprintf("I am %s\n", pod); got != want {
			t.Errorf("pod %s has %q, want %q", pod, got, want)
		}
	}
}

func (p *parts) next(ctx context.Context, t *testing.T) {
	var before storagev1alpha1.SnapshotList
	stage.Must(t, host.Client.List(ctx, &before, client.InNamespace(p.Namespace)))
	p.Apply(t, object.BackupSession(p.Namespace, "second", p.repository()))
	run := p.succeed(ctx, t, "second", stage.Patience)
	stage.Await(t, "the first Snapshot is gone", stage.Patience, func(ctx context.Context) (bool, string) {
		var list storagev1alpha1.SnapshotList
		stage.Must(t, host.Client.List(ctx, &list, client.InNamespace(p.Namespace)))
		return len(list.Items) == 1 && list.Items[0].Name == run.Status.Snapshots[0].Name, fmt.Sprintf("%d Snapshots", len(list.Items))
	})
	if len(before.Items) != 1 {
		t.Errorf("there were %d Snapshots before", len(before.Items))
	}
}

// chosen restores the second pod alone, by the former name of its component.
func (p *parts) chosen(ctx context.Context, t *testing.T) {
	p.each(ctx, t, "rm -rf /data/*")
	s := object.RestoreSession(p.Namespace, "one", "latest")
	s.Spec.Target = &metav1alpha1.TypedObjectReference{APIGroup: appsv1.GroupName, Kind: p.kind, Namespace: p.Namespace, Name: object.App}
	s.Spec.DataSource.Repository, s.Spec.DataSource.Components = p.repository(), []string{"pod-1"}
	p.restore(t, s)
	if names := slices.Sorted(maps.Keys(s.Status.Components)); !slices.Equal(names, []string{"dump-pod-1"}) {
		t.Errorf("restored were %q", names)
	}
	for i, want := range []string{"", p.pods[1] + "\n"} {
		if got := p.kubectl(ctx, t, "-n", p.Namespace, "exec", p.pods[i], "--", "ls", "/data"); strings.ReplaceAll(got, "lost+found\n", "") != want {
			t.Errorf("pod %s has %q, want %q", p.pods[i], got, want)
		}
	}
}
