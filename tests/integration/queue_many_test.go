// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/apiserver"
	"kubestash.com/kubestash/tests/kit/object"
)

const (
	manySessions   = 100
	manyNamespaces = 20
	manyLimit      = 10
	// bigSessions are those of the first namespace; each of the others has three.
	bigSessions = manySessions - 3*(manyNamespaces-1)
	// manyWorkers are as many as the controller has.
	manyWorkers = 4
)

// many is a night: BackupSessions in many namespaces, of which one has most of the work. Whoever has more of them should see
// tests/bench: driven by hand and without a cache, each pass here lists them all.
type many struct {
	*world
	random *rand.Rand
	all    []client.ObjectKey
	open   map[client.ObjectKey]*batchv1.Job // Jobs that have not ended
	begun  []client.ObjectKey                // in the order in which their Jobs were made
	seen   map[client.ObjectKey]bool
	most   int
}

var _ = Describe("A hundred backups at once", func() {
	It("run ten at a time, none lost, none twice, and fairly", func(ctx SpecContext) {
		own := apiserver.Start(GinkgoTB())
		m := &many{
			world: newWorldOn(ctx, own), random: rand.New(rand.NewSource(GinkgoRandomSeed())),
			open: map[client.ObjectKey]*batchv1.Job{}, seen: map[client.ObjectKey]bool{},
		}
		Expect(m.Catalogue(ctx)).To(Succeed())
		m.Limit(queue.Limits{Cluster: manyLimit})
		start := time.Now()
		m.prepare(ctx)
		created := m.create(ctx)
		Expect(created).To(BeNumerically("<", time.Minute), "all are to be there within a minute")
		told := time.Now()
		m.drain(ctx)
		m.check(ctx)
		GinkgoWriter.Printf("prepared and created in %s (the sessions in %s), drained in %s\n", told.Sub(start), created, time.Since(told))
	}, NodeTimeout(5*time.Minute))
})

// each does something for every key, with as many workers as the controller has.
func each[T any](list []T, do func(T)) {
	GinkgoHelper()
	work := make(chan T)
	var group sync.WaitGroup
	for range manyWorkers {
		group.Go(func() {
			defer GinkgoRecover()
			for item := range work {
				do(item)
			}
		})
	}
	for _, item := range list {
		work <- item
	}
	close(work)
	group.Wait()
}

func manyKey(i int) client.ObjectKey {
	namespace := 0
	if i >= bigSessions {
		namespace = 1 + (i-bigSessions)%(manyNamespaces-1)
	}
	return client.ObjectKey{Namespace: fmt.Sprintf("many-%03d", namespace), Name: fmt.Sprintf("app-%04d", i)}
}

// prepare makes all that the sessions rest on, as it is once it is ready: this is about the sessions alone.
func (m *many) prepare(ctx context.Context) {
	storage := object.S3(m.namespace, store.Endpoint, bucket)
	m.apply(ctx, object.S3Keys(m.namespace, accessKey, secretKey), object.Password(m.namespace, password), storage, object.KeepLast(m.namespace, 3))
	storage.Status.Phase = storagev1alpha1.BackupStoragePhaseReady
	Expect(m.Client.Status().Update(ctx, storage)).To(Succeed())
	var namespaces []string
	for i := range manySessions {
		m.all = append(m.all, manyKey(i))
		namespaces = append(namespaces, manyKey(i).Namespace)
	}
	slices.Sort(namespaces)
	each(slices.Compact(namespaces), func(name string) {
		m.apply(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, object.VolumeClaim(name, object.Claim))
	})
	each(m.all, func(key client.ObjectKey) {
		bc := object.BackupConfiguration(m.namespace)
		bc.Namespace, bc.Name, bc.Spec.Target = key.Namespace, key.Name, object.ClaimRef(key.Namespace)
		bc.Spec.Sessions[0].Addon = object.Addon(object.ClaimAddon, metav1alpha1.TaskLogicalBackup, nil)
		info := &bc.Spec.Sessions[0].Repositories[0]
		info.Name, info.Directory = key.Name, key.String()
		repo := &storagev1alpha1.Repository{
			ObjectMeta: object.Meta(key.Namespace, key.Name),
			Spec: storagev1alpha1.RepositorySpec{
				AppRef: *bc.Spec.Target, Path: info.Directory, EncryptionSecret: info.EncryptionSecret,
				StorageRef: metav1alpha1.ObjectReference{Namespace: m.namespace, Name: object.Storage},
			},
		}
		m.apply(ctx, bc, repo)
		repo.Status.Phase = storagev1alpha1.RepositoryPhaseReady
		Expect(m.Client.Status().Update(ctx, repo)).To(Succeed())
	})
}

func (m *many) create(ctx context.Context) time.Duration {
	start := time.Now()
	each(m.all, func(key client.ObjectKey) {
		m.apply(ctx, object.BackupSession(key.Namespace, key.Name, key.Name))
	})
	return time.Since(start)
}

// drain passes over all sessions once, in any order, and from then on only over those that something happened to: a
// Job has ended, or the queue has woken them.
func (m *many) drain(ctx context.Context) {
	work := slices.Clone(m.all)
	m.random.Shuffle(len(work), func(i, j int) { work[i], work[j] = work[j], work[i] })
	for len(work) > 0 {
		each(work, func(key client.ObjectKey) { Expect(m.PassBackup(ctx, key)).To(Succeed()) })
		woken := m.Woken()
		for _, key := range append(work, woken...) {
			m.look(ctx, key)
		}
		// A few of those that run end, in any order.
		work = woken
		if len(woken) > 0 {
			continue
		}
		work = m.end(ctx)
	}
}

// look notes a Job that was made.
func (m *many) look(ctx context.Context, key client.ObjectKey) {
	job := &batchv1.Job{}
	if err := m.Client.Get(ctx, key, job); client.IgnoreNotFound(err) != nil || err != nil || m.seen[key] {
		Expect(client.IgnoreNotFound(err)).To(Succeed())
		return
	}
	m.seen[key], m.open[key] = true, job
	m.begun = append(m.begun, key)
	m.most = max(m.most, len(m.open))
	Expect(len(m.open)).To(BeNumerically("<=", manyLimit), "backups that run at once")
}

// end ends some of the Jobs that run, and returns the sessions that have to look at that: twice, as they write down
// first what became of it.
func (m *many) end(ctx context.Context) []client.ObjectKey {
	var keys []client.ObjectKey
	for key := range m.open {
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, func(a, b client.ObjectKey) int { return slices.Index(m.begun, a) - slices.Index(m.begun, b) })
	m.random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	keys = keys[:1+m.random.Intn(len(keys))]
	m.Step(time.Second)
	each(keys, func(key client.ObjectKey) {
		m.finishPod(ctx, m.open[key])
		Expect(m.PassBackup(ctx, key)).To(Succeed())
	})
	for _, key := range keys {
		delete(m.open, key)
	}
	return keys
}

// finishPod leaves a pod that has done its work, without the steps in between.
func (m *many) finishPod(ctx context.Context, job *batchv1.Job) {
	order, err := m.TaskOf(ctx, job)
	Expect(err).NotTo(HaveOccurred())
	message, err := task.EncodeReport(m.success(order))
	Expect(err).NotTo(HaveOccurred())
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: job.Namespace, Name: job.Name, Labels: map[string]string{batchv1.JobNameLabel: job.Name},
		},
		Spec: *job.Spec.Template.Spec.DeepCopy(),
	}
	for key, value := range job.Spec.Template.Labels {
		pod.Labels[key] = value
	}
	m.apply(ctx, pod)
	pod.Status.Phase = corev1.PodSucceeded
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name:  metav1alpha1.ContainerKubeStash,
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", Message: message}},
	}}
	Expect(m.Client.Status().Update(ctx, pod)).To(Succeed())
}

func (m *many) check(ctx context.Context) {
	var list corev1alpha1.BackupSessionList
	Expect(m.Client.List(ctx, &list)).To(Succeed())
	phases := map[corev1alpha1.BackupSessionPhase]int{}
	for _, s := range list.Items {
		phases[s.Status.Phase]++
	}
	Expect(phases).To(Equal(map[corev1alpha1.BackupSessionPhase]int{succeeded: manySessions}), "none lost")
	var jobs batchv1.JobList
	Expect(m.Client.List(ctx, &jobs)).To(Succeed())
	Expect(jobs.Items).To(HaveLen(manySessions), "none twice")
	Expect(m.begun).To(HaveLen(manySessions))

	// How many turns the big namespace had until all the small ones were done.
	last := manySessions - 1
	for m.begun[last].Namespace == "many-000" {
		last--
	}
	big := 0
	for _, key := range m.begun[:last] {
		if key.Namespace == "many-000" {
			big++
		}
	}
	writes := len(m.Writes())
	GinkgoWriter.Printf("%d sessions in %d namespaces, one of which has %d: at most %d ran at once (limit %d); when the last session of the "+
		"small ones began as number %d, the big one had had %d turns; %d writes, %.1f for each session\n",
		manySessions, manyNamespaces, bigSessions, m.most, manyLimit, last+1, big, writes, float64(writes)/manySessions)
	Expect(m.most).To(Equal(manyLimit), "room is not left empty")
	Expect(big).To(BeNumerically("<=", 2*manyLimit), "the small ones don't wait for the big one")
}
