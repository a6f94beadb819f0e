// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/tests/kit/s3fault"
	"kubestash.com/kubestash/tests/kit/stage"
)

// slowly is how many MiB there are to move when something is to happen in the middle.
const slowly = 40

// mover is the name of its program.
const mover = "mover"

func TestMoverKilledOnceInABackup(t *testing.T) {
	t.Parallel()
	s := open(t, "kill-backup")
	s.grow(t, slowly)
	s.backup(t, "run")
	pod := s.middle(t, "run", 4)
	kill(t, pod, mover)
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
	s.told(t, "run", "removed the stale lock of "+pod.Name)
	if pods := s.pods(t.Context(), t, "run"); len(pods) != 2 {
		t.Errorf("the run has started %d pods, want the one that was killed and another", len(pods))
	}
	s.aftermath(t)
}

// TestMoverKilledForGood leaves the lock of a dead pod behind: the next run removes it and is good within a minute.
func TestMoverKilledForGood(t *testing.T) {
	t.Parallel()
	s := open(t, "kill-twice")
	s.grow(t, slowly)
	s.backup(t, "run")
	first := s.middle(t, "run", 2)
	kill(t, first, mover)
	stage.Await(t, "another pod works", soon, func(ctx context.Context) (bool, string) {
		return len(s.pods(ctx, t, "run")) == 2, "one pod"
	})
	s.store.Count()
	second := s.middle(t, "run", 2)
	kill(t, second, mover)
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseFailed, "exit code 137")
	if locks := s.locks(t); len(locks) == 0 {
		t.Error("no lock is left: the pod was not killed in its work")
	}
	s.aftermath(t)
	s.told(t, "next-1", "removed the stale lock of "+second.Name)
}

// TestMoverKilledBeforeItsReport kills a pod whose snapshot is in the bucket, and who has not told anybody. The one that
// replaces it stores another, and what nobody was told of goes.
func TestMoverKilledBeforeItsReport(t *testing.T) {
	t.Parallel()
	s := open(t, "kill-report")
	s.grow(t, 1)
	before := len(s.stored(t))
	s.store.Set(s3fault.Fault{Delay: time.Second})
	s.backup(t, "run")
	pod := s.working(t, "run")
	stage.Await(t, "restic has stored its snapshot", soon, func(context.Context) (bool, string) {
		now := len(s.stored(t))
		return now > before, fmt.Sprintf("%d snapshots", now)
	})
	kill(t, pod, mover)
	s.store.Set(s3fault.Fault{})
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
	if pods := s.pods(t.Context(), t, "run"); len(pods) != 2 {
		t.Errorf("the run has started %d pods, want the one that was killed and another", len(pods))
	}
	s.plain(t)
	s.aftermath(t)
}

// stored are the restic snapshots in the bucket.
func (s *shop) stored(t *testing.T) []string {
	t.Helper()
	keys, err := s.Buckets.Keys(t.Context(), host.Bucket, s.Namespace+"/")
	stage.Must(t, err)
	return slices.DeleteFunc(keys, func(key string) bool { return !strings.Contains(key, "/dump/snapshots/") })
}

func TestMoverEvictedFromABackup(t *testing.T) {
	t.Parallel()
	s := open(t, "evict-backup")
	s.grow(t, slowly)
	s.backup(t, "run")
	s.evict(t, s.middle(t, "run", 4))
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
	s.aftermath(t)
}

func TestMoverOutOfMemory(t *testing.T) {
	t.Parallel()
	s := open(t, "memory")
	s.grow(t, slowly)
	s.edit(t, func(bc *corev1alpha1.BackupConfiguration) {
		bc.Spec.Sessions[0].Addon.ContainerRuntimeSettings = memory("36Mi")
	})
	s.backup(t, "run")
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseFailed, "137")
	s.restore(t, "undo", func(r *corev1alpha1.RestoreSession) { r.Spec.Addon.ContainerRuntimeSettings = memory("24Mi") })
	s.expectRestore(t, "undo", corev1alpha1.RestoreSessionPhaseFailed, "137")
	s.edit(t, func(bc *corev1alpha1.BackupConfiguration) { bc.Spec.Sessions[0].Addon.ContainerRuntimeSettings = nil })
	s.aftermath(t)
}

func memory(limit string) *metav1alpha1.ContainerRuntimeSettings {
	q := resource.MustParse(limit)
	return &metav1alpha1.ContainerRuntimeSettings{Resources: corev1.ResourceRequirements{
		Limits: corev1.ResourceList{corev1.ResourceMemory: q}, Requests: corev1.ResourceList{corev1.ResourceMemory: q},
	}}
}

func TestMoverKilledAndEvictedInARestore(t *testing.T) {
	t.Parallel()
	s := open(t, "kill-restore")
	s.grow(t, slowly)
	s.backup(t, "run")
	s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
	before := s.Sh(t, "cd /data; find . -type f -exec sha256sum {} + | sort")

	for name, end := range map[string]func(*corev1.Pod){
		"killed": func(pod *corev1.Pod) { kill(t, pod, mover) }, "evicted": func(pod *corev1.Pod) { s.evict(t, pod) },
	} {
		s.Sh(t, "rm -rf /data/*")
		s.restore(t, name)
		pod := s.working(t, name)
		stage.Await(t, "something is back", soon, func(context.Context) (bool, string) {
			size := strings.TrimSpace(s.Sh(t, "du -sk /data | cut -f 1"))
			kib, _ := strconv.Atoi(size)
			return kib > 2048, size + " KiB"
		})
		end(pod)
		s.expectRestore(t, name, corev1alpha1.RestoreSessionPhaseSucceeded)
		if after := s.Sh(t, "cd /data; find . -type f -exec sha256sum {} + | sort"); after != before {
			t.Errorf("after a restore whose pod was %s the files are\n%s\nand were\n%s", name, after, before)
		}
	}
	s.aftermath(t)
}

// evict asks the API server as a drain does.
func (s *shop) evict(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	stage.Must(t, s.Clients.PolicyV1().Evictions(pod.Namespace).Evict(t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
	}))
}

// kill ends a program of a pod with SIGKILL, as a machine's kernel does: the nodes are namespaces of
// this machine, so their processes are its own.
func kill(t *testing.T, pod *corev1.Pod, program string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	stage.Must(t, err)
	killed := 0
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		// Processes end while we look.
		groups, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cgroup"))
		if err != nil || !strings.Contains(strings.ReplaceAll(string(groups), "_", "-"), string(pod.UID)) {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		binary, _, _ := strings.Cut(string(line), "\x00")
		if err != nil || filepath.Base(binary) != program {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
			killed++
		}
	}
	if killed == 0 {
		t.Fatal(fmt.Errorf("killing %s of pod %s: no process of it was found", program, pod.Name))
	}
}
