// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
)

// turnstile lets one worker at a time ask whose turn it is. Its line is made from the objects when somebody first
// asks, which is when this operator has become the leader; from then on it is ahead of the cache, because whoever is
// let in, or has ended, is noted here before anybody else can ask.
type turnstile struct {
	mutex sync.Mutex
	line  *queue.Line
}

// with calls f with the line, which nobody else sees meanwhile.
func (r *Reconciler) with(ctx context.Context, f func(*queue.Line)) error {
	r.turnstile.mutex.Lock()
	defer r.turnstile.mutex.Unlock()
	if r.turnstile.line == nil {
		line, err := r.readLine(ctx)
		if err != nil {
			return err
		}
		r.turnstile.line = line
	}
	f(r.turnstile.line)
	return nil
}

// readLine finds out who runs and who waits. One that was let in before a restart and whose status doesn't tell so
// yet is known by its Job.
func (r *Reconciler) readLine(ctx context.Context) (*queue.Line, error) {
	line := queue.New(r.Limits)
	withJobs, err := r.sessionsWithJobs(ctx)
	if err != nil {
		return nil, err
	}
	var list corev1alpha1.BackupSessionList
	// There may be many, and they are only read.
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing BackupSessions: %w", err)
	}
	for i := range list.Items {
		s := &list.Items[i]
		begun := session.Begun(s.Status) || withJobs[s.UID]
		if begun {
			line.Served(s.Namespace, session.BeganAt(*s))
		}
		switch {
		case session.Finished(s.Status):
		case begun:
			claim, err := r.claim(ctx, s, startedRepositories(s))
			if err != nil {
				return nil, err
			}
			line.Run(claim)
		case s.DeletionTimestamp.IsZero():
			// What it claims is known when it asks.
			line.Wait(queue.Session{Key: keyOf(s), Group: groupOf(s), Created: s.CreationTimestamp.Time})
		}
	}
	return line, nil
}

func (r *Reconciler) sessionsWithJobs(ctx context.Context) (map[types.UID]bool, error) {
	var jobs batchv1.JobList
	if err := r.Client.List(ctx, &jobs, client.UnsafeDisableDeepCopy,
		client.MatchingLabels{metav1alpha1.LabelComponent: metav1alpha1.JobComponentBackup}); err != nil {
		return nil, fmt.Errorf("listing Jobs: %w", err)
	}
	out := map[types.UID]bool{}
	for i := range jobs.Items {
		if owner := metav1.GetControllerOf(&jobs.Items[i]); owner != nil {
			out[owner.UID] = true
		}
	}
	return out, nil
}

// gatherTurn asks for the turn of a session that has not begun, and reads what is needed to start once it has come.
// Where nodes have limits, that has to be read first: it tells the nodes.
func (r *Reconciler) gatherTurn(ctx context.Context, g *gathered) error {
	if session.Begun(g.facts.Session.Status) {
		// Its turn came before its hooks.
		if err := r.hold(ctx, g); err != nil {
			return err
		}
		return r.gatherPlans(ctx, g)
	}
	if !session.MayAsk(g.facts, r.Clock.Now()) {
		return nil
	}
	if r.Limits.Node > 0 {
		if err := r.gatherPlans(ctx, g); err != nil || !session.MayAsk(g.facts, r.Clock.Now()) {
			return err
		}
	}
	if err := r.ask(ctx, g); err != nil || !g.facts.Turn.Admitted || r.Limits.Node > 0 {
		return err
	}
	return r.gatherPlans(ctx, g)
}

func (r *Reconciler) ask(ctx context.Context, g *gathered) error {
	s := &g.facts.Session
	claim, err := r.claim(ctx, s, repositoryNames(g))
	if err != nil {
		return err
	}
	if claim.Nodes, err = r.plannedNodes(ctx, g); err != nil {
		return err
	}
	var turn queue.Turn
	var next []queue.Key
	if err := r.with(ctx, func(line *queue.Line) {
		if turn = line.Ask(claim, r.Clock.Now()); !turn.Admitted {
			next = line.Next()
		}
	}); err != nil {
		return err
	}
	g.facts.Turn = &turn
	if turn.Cause == queue.Predecessor {
		// It may have to be stopped for this one.
		next = append(next, queue.Key{Namespace: s.Namespace, Name: turn.What})
	}
	r.wakeAll(next)
	return nil
}

// hold keeps the place of a session that has begun.
func (r *Reconciler) hold(ctx context.Context, g *gathered) error {
	claim, err := r.claim(ctx, &g.facts.Session, repositoryNames(g))
	if err != nil {
		return err
	}
	return r.with(ctx, func(line *queue.Line) { line.Run(claim) })
}

// pass gives up the place of a session that has finished, once that is written, or of one that didn't ask for its
// turn or can't use it yet, at once.
func (r *Reconciler) pass(ctx context.Context, g *gathered, verdict session.Verdict) {
	key := keyOf(&g.facts.Session)
	turn := g.facts.Turn
	switch {
	case session.Finished(verdict.Status):
		kube.Announce(ctx, func() { r.leave(key) })
	case session.Begun(verdict.Status):
	case turn == nil, turn.Admitted && len(verdict.Intents) == 0:
		r.leave(key)
	}
}

// leave frees the place of a session and wakes those whose turn it is now: no more than there is room for.
func (r *Reconciler) leave(key queue.Key) {
	r.turnstile.mutex.Lock()
	var next []queue.Key
	if line := r.turnstile.line; line != nil && line.Leave(key) {
		next = line.Next()
	}
	r.turnstile.mutex.Unlock()
	r.wakeAll(next)
}

func (r *Reconciler) wakeAll(keys []queue.Key) {
	for _, k := range keys {
		r.wake(reconcile.Request{NamespacedName: types.NamespacedName(k)})
	}
}

// runs reports which of the sessions run, as the line knows it: a cache may not know yet.
func (r *Reconciler) runs(ctx context.Context, keys []queue.Key) (map[queue.Key]bool, error) {
	out := map[queue.Key]bool{}
	if len(keys) == 0 {
		return out, nil
	}
	return out, r.with(ctx, func(line *queue.Line) {
		for _, k := range keys {
			out[k] = line.Runs(k)
		}
	})
}

// claim is what a session takes up: a place at each BackupStorage that it writes to, and on the nodes of its pods.
func (r *Reconciler) claim(ctx context.Context, s *corev1alpha1.BackupSession, repositories []string) (queue.Session, error) {
	claim := queue.Session{Key: keyOf(s), Group: groupOf(s), Created: s.CreationTimestamp.Time}
	storages := map[string]queue.Storage{}
	for _, name := range repositories {
		repo, found, err := kube.Get[storagev1alpha1.Repository](ctx, r.Client, s.Namespace, name)
		if err != nil {
			return claim, err
		}
		if !found {
			continue
		}
		key := client.ObjectKey{Namespace: cmp.Or(repo.Spec.StorageRef.Namespace, s.Namespace), Name: repo.Spec.StorageRef.Name}
		storage, found, err := kube.Get[storagev1alpha1.BackupStorage](ctx, r.Client, key.Namespace, key.Name)
		if err != nil {
			return claim, err
		}
		if found {
			storages[key.String()] = queue.Storage{Name: key.String(), Limit: storage.Spec.MaxConcurrentBackups}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(storages)) {
		claim.Storages = append(claim.Storages, storages[name])
	}
	var err error
	claim.Nodes, err = r.takenNodes(ctx, s)
	return claim, err
}

// takenNodes are those of a session's Jobs and pods.
func (r *Reconciler) takenNodes(ctx context.Context, s *corev1alpha1.BackupSession) ([]string, error) {
	if r.Limits.Node == 0 || !started(s) {
		return nil, nil
	}
	nodes := map[string]bool{}
	of := []client.ListOption{
		client.InNamespace(s.Namespace), client.MatchingLabels{metav1alpha1.LabelInvokerName: naming.LabelValue(s.Name)},
	}
	var jobs batchv1.JobList
	var pods corev1.PodList
	for _, list := range []client.ObjectList{&jobs, &pods} {
		if err := r.Client.List(ctx, list, of...); err != nil {
			return nil, fmt.Errorf("listing what BackupSession %s has started: %w", s.Name, err)
		}
	}
	for _, job := range jobs.Items {
		if node := job.Spec.Template.Spec.NodeSelector[corev1.LabelHostname]; node != "" && job.Status.CompletionTime == nil {
			nodes[node] = true
		}
	}
	for _, pod := range pods.Items {
		if pod.Spec.NodeName != "" && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			nodes[pod.Spec.NodeName] = true
		}
	}
	return slices.Sorted(maps.Keys(nodes)), nil
}

// plannedNodes are those on which the pods of a session have to run. Where the scheduler is free, none is known.
func (r *Reconciler) plannedNodes(ctx context.Context, g *gathered) ([]string, error) {
	if r.Limits.Node == 0 {
		return nil, nil
	}
	nodes := map[string]bool{}
	for _, p := range g.plans {
		for _, c := range p.components {
			node, err := r.nodeOf(ctx, g, p, c)
			if err != nil {
				return nil, err
			}
			if node != "" {
				nodes[node] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(nodes)), nil
}

func keyOf(s *corev1alpha1.BackupSession) queue.Key {
	return queue.Key{Namespace: s.Namespace, Name: s.Name}
}

// groupOf is the session of the invoker. A session that names none is skipped, and in nobody's way.
func groupOf(s *corev1alpha1.BackupSession) string {
	if s.Spec.Invoker == nil {
		return keyOf(s).Namespace + "//" + s.Name
	}
	return s.Namespace + "/" + invokerOf(s) + "/" + s.Spec.Session
}

func repositoryNames(g *gathered) []string {
	var names []string
	for _, u := range g.facts.Units {
		for _, repo := range u.Repositories {
			names = append(names, repo.Name)
		}
	}
	return names
}

func startedRepositories(s *corev1alpha1.BackupSession) []string {
	var names []string
	for _, snapshot := range s.Status.Snapshots {
		names = append(names, snapshot.Repository)
	}
	return names
}
