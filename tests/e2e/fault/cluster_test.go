// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/s3fault"
	"kubestash.com/kubestash/tests/kit/stage"
)

// What is here is alone: no other test should see the operator or a server go.

// TestOperatorKilledAtEachStep kills it where a person could see a difference. Every moment between two of its writes
// is in the integration tests. Two operators are there, of which one leads, and two applications: so each death strikes
// two kinds of work.
func TestOperatorKilledAtEachStep(t *testing.T) {
	s, other := open(t, "operator"), open(t, "operator-2", thorough)
	s.scale(t, 2)
	t.Cleanup(func() { scale(context.Background(), t, 1) })
	other.grow(t, slowly/2)
	other.backup(t, "run")
	s.grow(t, slowly/2)
	other.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)

	// A session that nobody has seen yet, and a restore in the middle.
	other.Sh(t, "rm -rf /data/*")
	other.restore(t, "undo")
	other.working(t, "undo")
	s.backup(t, "before-the-job")
	s.killLeader(t)
	s.expect(t, "before-the-job", corev1alpha1.BackupSessionPhaseSucceeded)
	other.expectRestore(t, "undo", corev1alpha1.RestoreSessionPhaseSucceeded)

	// A backup and a prune, which end while nobody leads.
	other.prunes(t, "by-hand")
	s.grow(t, slowly/2)
	s.backup(t, "while-it-runs")
	s.middle(t, "while-it-runs", 4)
	s.killLeader(t)
	s.expect(t, "while-it-runs", corev1alpha1.BackupSessionPhaseSucceeded)
	other.store.Set(s3fault.Fault{})
	other.maintained(t, "by-hand", storagev1alpha1.MaintenancePhaseSucceeded)

	// A backup that has told what it did, by which retention drops the first one.
	s.backup(t, "after-the-pod")
	s.awaitPodEnd(t, "after-the-pod")
	s.killLeader(t)
	s.expect(t, "after-the-pod", corev1alpha1.BackupSessionPhaseSucceeded)

	for _, run := range []string{"before-the-job", "while-it-runs", "after-the-pod"} {
		s.onePod(t, run)
	}
	other.onePod(t, "undo")
	if pods := other.maintaining(t.Context(), t); len(pods) != 1 {
		t.Errorf("the maintenance has started %d pods", len(pods))
	}
	s.aftermath(t)
	other.aftermath(t)
}

func (s *shop) onePod(t *testing.T, job string) {
	t.Helper()
	if pods := s.pods(t.Context(), t, job); len(pods) != 1 {
		t.Errorf("%s has started %d pods", job, len(pods))
	}
}

func (s *shop) awaitPodEnd(t *testing.T, job string) {
	t.Helper()
	stage.Await(t, "the pod of "+job+" has ended", soon, func(ctx context.Context) (bool, string) {
		for _, pod := range s.pods(ctx, t, job) {
			if pod.Status.Phase == corev1.PodSucceeded {
				return true, ""
			}
		}
		return false, "it hasn't"
	})
}

func (s *shop) scale(t *testing.T, replicas int32) {
	t.Helper()
	scale(t.Context(), t, replicas)
	stage.Await(t, fmt.Sprintf("there are %d operators", replicas), soon, func(ctx context.Context) (bool, string) {
		d := &appsv1.Deployment{}
		if err := s.Client.Get(ctx, client.ObjectKey{Namespace: stage.OperatorNamespace, Name: "kubestash-operator"}, d); err != nil {
			return false, err.Error()
		}
		return d.Status.ReadyReplicas == replicas && d.Status.Replicas == replicas, fmt.Sprintf("%+v", d.Status)
	})
}

func scale(ctx context.Context, t testing.TB, replicas int32) {
	t.Helper()
	d := &appsv1.Deployment{}
	stage.Must(t, host.Client.Get(ctx, client.ObjectKey{Namespace: stage.OperatorNamespace, Name: "kubestash-operator"}, d))
	base := client.MergeFrom(d.DeepCopy())
	d.Spec.Replicas = ptr.To(replicas)
	stage.Must(t, host.Client.Patch(ctx, d, base))
}

// killLeader ends the leading operator without a word of warning, and waits until another one leads.
func (s *shop) killLeader(t *testing.T) {
	t.Helper()
	before := s.leader(t.Context())
	pod := &corev1.Pod{}
	stage.Must(t, s.Client.Get(t.Context(), client.ObjectKey{Namespace: stage.OperatorNamespace, Name: podOf(before)}, pod))
	kill(t, pod, "operator")
	stage.Await(t, "another operator leads", soon, func(ctx context.Context) (bool, string) {
		now := s.leader(ctx)
		return now != "" && now != before, now
	})
}

// leader is the holder of the Lease: the pod's name and a random part.
func (s *shop) leader(ctx context.Context) string {
	var list coordinationv1.LeaseList
	if err := s.Client.List(ctx, &list, client.InNamespace(stage.OperatorNamespace)); err != nil {
		return ""
	}
	for _, lease := range list.Items {
		if holder := ptr.Deref(lease.Spec.HolderIdentity, ""); holder != "" {
			return holder
		}
	}
	return ""
}

func podOf(holder string) string {
	for i, r := range holder {
		if r == '_' {
			return holder[:i]
		}
	}
	return holder
}

// TestAPIServerAway takes the API server away in the middle of a backup. The pod doesn't need it.
func TestAPIServerAway(t *testing.T) {
	s := open(t, "api")
	s.grow(t, slowly)
	s.backup(t, "run")
	s.middle(t, "run", 4)
	stage.Must(t, host.StopServer(t.Context(), "kube-apiserver"))
	t.Cleanup(func() { stage.Must(t, host.Up(context.Background())) })
	time.Sleep(away)
	stage.Must(t, host.Up(t.Context()))
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
	s.onePod(t, "run")
	s.aftermath(t)
}

// away is how long the API server is.
const away = 30 * time.Second

// TestNodeLost kills the kubelet of the node on which a backup works. Its pod is told to end and never does. Once the other node has the S3
// server, and once the lost one, which takes what a run's end is written to with it.
func TestNodeLost(t *testing.T) {
	server := host.ServerNode(t)
	var nodes corev1.NodeList
	stage.Must(t, host.Client.List(t.Context(), &nodes))
	for _, node := range nodes.Items {
		t.Run(map[bool]string{true: "with the S3 server", false: "with the application"}[node.Name == server], func(t *testing.T) { nodeLost(t, node.Name) })
	}
}

func nodeLost(t *testing.T, node string) {
	s := openOn(t, "node", node)
	s.grow(t, slowly*4)
	run := object.BackupSession(s.Namespace, "run", object.Configuration)
	run.Spec.BackupTimeout = &metav1.Duration{Duration: 30 * time.Second}
	s.Apply(t, run)
	pod := s.middle(t, "run", 4)
	t.Cleanup(func() { stage.Must(t, host.Up(context.Background())) })
	if pod.Spec.NodeName != node {
		t.Fatalf("the run is on %s, not on %s", pod.Spec.NodeName, node)
	}
	stage.Must(t, host.StopServer(t.Context(), "kubelet-"+node))
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseFailed, "backupTimeout")
	stage.Must(t, host.Up(t.Context()))
	stage.Await(t, "the pod of the run is gone", soon, func(ctx context.Context) (bool, string) {
		pods := s.pods(ctx, t, "run")
		return len(pods) == 0, fmt.Sprintf("%d pods", len(pods))
	})
	s.AwaitApp(t)
	// What the first run had no time for doesn't fit into the minute that the next one has.
	s.grow(t, 1)
	s.aftermath(t)
}
