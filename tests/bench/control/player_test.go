//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/hand"
)

// player is the Job controller and the kubelets: it makes the pod of each Job that Kubernetes would start one for, and ends it with the
// Report of a backup that went well. Beside that it counts.
type player struct {
	driver *hand.Driver
	// pods is how long each runs.
	pods time.Duration

	mutex sync.Mutex
	// jobs are those that have not ended.
	jobs map[client.ObjectKey]bool
	// begun are all Jobs that got a pod, in their order.
	begun []client.ObjectKey
	// running are the BackupSessions in that phase; phases are all of them.
	phases map[client.ObjectKey]corev1alpha1.BackupSessionPhase
	// mostJobs and mostSessions are the most that there were at one moment.
	running, mostJobs, mostSessions int
}

func (c *cluster) play(t *testing.T, pods time.Duration) *player {
	t.Helper()
	p := &player{
		driver: &hand.Driver{Client: c.client}, pods: pods, jobs: map[client.ObjectKey]bool{},
		phases: map[client.ObjectKey]corev1alpha1.BackupSessionPhase{},
	}
	// Its own end is after that of the watches.
	var work sync.WaitGroup
	t.Cleanup(work.Wait)
	seen := map[client.ObjectKey]bool{}
	c.watch(t, &batchv1.JobList{}, func(o runtime.Object) {
		job, ok := o.(*batchv1.Job)
		if !ok || job.Spec.ManagedBy != nil {
			return
		}
		key := client.ObjectKeyFromObject(job)
		if p.noteJob(key, works(job) > 0); seen[key] {
			return
		}
		seen[key] = true
		work.Go(func() {
			if err := p.run(t.Context(), job); err != nil && t.Context().Err() == nil {
				t.Errorf("playing Job %s: %v", key, err)
			}
		})
	})
	c.watch(t, &corev1alpha1.BackupSessionList{}, func(o runtime.Object) {
		if s, ok := o.(*corev1alpha1.BackupSession); ok {
			p.noteSession(client.ObjectKeyFromObject(s), s.Status.Phase)
		}
	})
	return p
}

func (p *player) noteJob(key client.ObjectKey, isOpen bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !isOpen {
		delete(p.jobs, key)
		return
	}
	if !p.jobs[key] {
		p.begun = append(p.begun, key)
	}
	p.jobs[key] = true
	p.mostJobs = max(p.mostJobs, len(p.jobs))
}

// noteSession isn't told of a session that goes: what it came to stays known.
func (p *player) noteSession(key client.ObjectKey, phase corev1alpha1.BackupSessionPhase) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.phases[key] == corev1alpha1.BackupSessionPhaseRunning {
		p.running--
	}
	if phase == corev1alpha1.BackupSessionPhaseRunning {
		p.running++
	}
	p.phases[key] = phase
	p.mostSessions = max(p.mostSessions, p.running)
}

// ended counts the BackupSessions of a phase.
func (p *player) ended(phase corev1alpha1.BackupSessionPhase) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	n := 0
	for _, is := range p.phases {
		if is == phase {
			n++
		}
	}
	return n
}

// beganJobs counts the Jobs that got a pod.
func (p *player) beganJobs() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.begun)
}

func (p *player) run(ctx context.Context, job *batchv1.Job) error {
	order, err := p.driver.TaskOf(ctx, job)
	if err != nil {
		return err
	}
	pod, err := p.driver.StartPod(ctx, job)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(p.pods):
	}
	return p.driver.EndPod(ctx, job, pod, report(order, pod))
}

// report is what the mover says of a backup that went well.
func report(order task.Task, pod *corev1.Pod) task.Report {
	begin := pod.CreationTimestamp
	end := metav1.NewTime(begin.Add(3 * time.Second))
	out := task.Report{Version: task.Version, Component: order.Component, Succeeded: true, StartTime: begin, EndTime: end}
	whole := true
	for _, repository := range order.Repositories {
		r := task.RepositoryReport{
			Name: repository.Name, Snapshot: repository.Snapshot, Succeeded: true, Forgotten: repository.Forget,
			Stats: &engine.Stats{RawBytes: 5 << 20, Snapshots: 1},
		}
		for i, path := range order.Backup.Paths {
			r.Summaries = append(r.Summaries, engine.Summary{
				ID: fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s-%d", pod.UID, i))), Path: path, Files: 12, TotalBytes: 3 << 20, AddedBytes: 1 << 20,
				StartTime: begin.Time, EndTime: end.Time,
			})
		}
		if repository.Check {
			r.Integrity = &whole
		}
		out.Repositories = append(out.Repositories, r)
	}
	return out
}
