// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/s3fault"
	"kubestash.com/kubestash/tests/kit/stage"
)

// sluggish gives each command of restic a middle of some seconds, however little there is to do.
var sluggish = s3fault.Fault{Delay: 400 * time.Millisecond}

// thorough frees all that can be freed, and reads all that is left.
func thorough(bc *corev1alpha1.BackupConfiguration) {
	bc.Spec.Sessions[0].Repositories[0].Maintenance = &storagev1alpha1.MaintenanceSpec{
		Prune: storagev1alpha1.PruneSpec{MaxUnused: "0"}, Check: storagev1alpha1.CheckSpec{ReadDataSubset: "100%"},
	}
}

// TestMoverKilledAndEvictedInAPrune leaves the exclusive lock of a prune behind, which its replacement removes.
func TestMoverKilledAndEvictedInAPrune(t *testing.T) {
	t.Parallel()
	s := open(t, "kill-prune", thorough)
	s.worthPruning(t)
	for _, c := range []struct {
		name string
		end  func(*corev1.Pod)
	}{
		{"killed", func(pod *corev1.Pod) { kill(t, pod, mover) }},
		{"evicted", func(pod *corev1.Pod) { s.evict(t, pod) }},
	} {
		pod := s.prunes(t, c.name)
		c.end(pod)
		s.store.Set(s3fault.Fault{})
		repo := s.maintained(t, c.name, storagev1alpha1.MaintenancePhaseSucceeded)
		if repo.Status.Integrity == nil || !*repo.Status.Integrity {
			t.Errorf("after a prune whose pod was %s the data is not known to be whole: %+v", c.name, repo.Status)
		}
		if locks := s.locks(t); len(locks) > 0 {
			t.Errorf("after a prune whose pod was %s there are locks: %q", c.name, locks)
		}
		if c.name == "killed" {
			s.told(t, object.Repository, "stale lock of "+pod.Name)
		}
	}
	s.aftermath(t)
}

// TestMoverKilledForGoodInAPrune is about the next backup: it must not wait for the lock of a prune that is dead.
func TestMoverKilledForGoodInAPrune(t *testing.T) {
	t.Parallel()
	s := open(t, "prune-dies", thorough)
	s.worthPruning(t)
	first := s.prunes(t, "hopeless")
	kill(t, first, mover)
	second := s.pruning(t, first.Name)
	kill(t, second, mover)
	s.store.Set(s3fault.Fault{})
	repo := s.maintained(t, "hopeless", storagev1alpha1.MaintenancePhaseFailed)
	if said := repo.Status.Maintenance.Message; !strings.Contains(said, "exit code 137") {
		t.Errorf("the status says %q, and nothing of how its pod ended", said)
	}
	s.told(t, object.Repository, "maintenance.resources")
	if locks := s.locks(t); len(locks) == 0 {
		t.Error("no lock is left: the pod was not killed in its work")
	}
	s.aftermath(t)
	s.told(t, "next-1", "removed the stale lock of "+second.Name)
	s.ask(t, "again")
	s.maintained(t, "again", storagev1alpha1.MaintenancePhaseSucceeded)
}

// TestPruneOutOfMemory: what a Repository's maintenance may use is its own setting, and so is the advice.
func TestPruneOutOfMemory(t *testing.T) {
	t.Parallel()
	s := open(t, "prune-memory", thorough)
	s.worthPruning(t)
	s.limitMaintenance(t, "20Mi")
	s.ask(t, "too-much")
	repo := s.maintained(t, "too-much", storagev1alpha1.MaintenancePhaseFailed)
	if said := repo.Status.Maintenance.Message; !strings.Contains(said, "exit code 137") && !strings.Contains(said, "(exit 137)") {
		t.Errorf("the status says %q, and nothing of memory", said)
	}
	s.told(t, object.Repository, "maintenance.resources")
	s.limitMaintenance(t, "")
	s.aftermath(t)
	s.ask(t, "again")
	s.maintained(t, "again", storagev1alpha1.MaintenancePhaseSucceeded)
}

func (s *shop) limitMaintenance(t *testing.T, limit string) {
	t.Helper()
	s.edit(t, func(bc *corev1alpha1.BackupConfiguration) {
		var r *corev1.ResourceRequirements
		if limit != "" {
			r = &memory(limit).Resources
		}
		bc.Spec.Sessions[0].Repositories[0].Maintenance.Resources = r
	})
	stage.Await(t, "the Repository has its limit", stage.Patience, func(ctx context.Context) (bool, string) {
		repo, err := s.repository(ctx)
		if err != nil || repo.Spec.Maintenance == nil {
			return false, fmt.Sprintf("%v %+v", err, repo.Spec.Maintenance)
		}
		r := repo.Spec.Maintenance.Resources
		if r == nil {
			return limit == "", "no limit"
		}
		return limit != "" && r.Limits.Memory().String() == limit, r.Limits.Memory().String()
	})
}

// worthPruning has something that no Snapshot needs any more.
func (s *shop) worthPruning(t *testing.T) {
	t.Helper()
	policy := &storagev1alpha1.RetentionPolicy{}
	stage.Must(t, s.Client.Get(t.Context(), s.Key(object.Retention), policy))
	base := client.MergeFrom(policy.DeepCopy())
	policy.Spec.SuccessfulSnapshots.Last = ptr.To[int32](1)
	stage.Must(t, s.Client.Patch(t.Context(), policy, base))
	s.grow(t, 4)
	s.backup(t, "dropped")
	s.expect(t, "dropped", corev1alpha1.BackupSessionPhaseSucceeded)
	s.grow(t, 1)
	s.backup(t, "kept")
	s.expect(t, "kept", corev1alpha1.BackupSessionPhaseSucceeded)
}

func (s *shop) repository(ctx context.Context) (*storagev1alpha1.Repository, error) {
	repo := &storagev1alpha1.Repository{}
	return repo, s.Client.Get(ctx, s.Key(object.Repository), repo)
}

// ask wants maintenance now.
func (s *shop) ask(t *testing.T, request string) {
	t.Helper()
	repo, err := s.repository(t.Context())
	stage.Must(t, err)
	base := client.MergeFrom(repo.DeepCopy())
	metav1.SetMetaDataAnnotation(&repo.ObjectMeta, metav1alpha1.AnnotationMaintain, request)
	stage.Must(t, s.Client.Patch(t.Context(), repo, base))
}

// prunes asks for maintenance and returns the pod that is in the middle of its prune, on a storage that is sluggish.
func (s *shop) prunes(t *testing.T, request string) *corev1.Pod {
	t.Helper()
	s.store.Set(sluggish)
	s.ask(t, request)
	return s.pruning(t, "")
}

// pruning waits for a pod that prunes: not one of an earlier maintenance, and not the one with the name.
func (s *shop) pruning(t *testing.T, other string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	stage.Await(t, "a pod prunes", soon, func(ctx context.Context) (bool, string) {
		for _, p := range s.maintaining(ctx, t) {
			if p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp.IsZero() && p.Name != other {
				pod = &p
			}
		}
		if pod == nil {
			return false, "no pod runs"
		}
		if said := s.log(ctx, pod.Name); !strings.Contains(said, "msg=pruning") {
			return false, said
		}
		return len(s.locks(t)) > 0, "no lock"
	})
	return pod
}

func (s *shop) maintaining(ctx context.Context, t *testing.T) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	if err := s.Client.List(ctx, &list, client.InNamespace(s.Namespace),
		client.MatchingLabels{metav1alpha1.LabelComponent: metav1alpha1.JobComponentMaintenance}); err != nil {
		t.Logf("listing pods: %v", err)
	}
	return list.Items
}

func (s *shop) log(ctx context.Context, pod string) string {
	stream, err := s.Clients.CoreV1().Pods(s.Namespace).GetLogs(pod, &corev1.PodLogOptions{}).Stream(ctx)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = stream.Close() }()
	text, err := io.ReadAll(stream)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// maintained waits for the end of the maintenance that was asked for.
func (s *shop) maintained(t *testing.T, request string, phase storagev1alpha1.MaintenancePhase) *storagev1alpha1.Repository {
	t.Helper()
	var repo *storagev1alpha1.Repository
	stage.Await(t, "the maintenance "+request+" is over", soon, func(ctx context.Context) (bool, string) {
		var err error
		if repo, err = s.repository(ctx); err != nil {
			return false, err.Error()
		}
		m := repo.Status.Maintenance
		if m == nil || m.Request != request {
			return false, fmt.Sprintf("%+v", m)
		}
		return m.CompletionTime != nil && m.Phase != storagev1alpha1.MaintenancePhaseRunning, fmt.Sprintf("%+v", m)
	})
	m := repo.Status.Maintenance
	if m.Phase != phase {
		t.Fatalf("the maintenance %s is %s, want %s: %s; %+v", request, m.Phase, phase, m.Message, repo.Status.Conditions)
	}
	t.Logf("the maintenance %s is %s: %s", request, m.Phase, m.Message)
	return repo
}
