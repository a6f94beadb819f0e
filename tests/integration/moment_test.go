// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/task"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/object"
)

// replacement is how long it takes until another operator leads.
const replacement = 15 * time.Second

// story is one run of something, from what asks for it to its end, in a world where it runs again and again.
type story struct {
	*world
	app *application
	// tell has it happen under a name. Whenever the controllers work, it calls survive.
	tell func(ctx context.Context, name string)
	// killed tells whether an operator died in the run.
	killed bool
}

// survive lets the controllers work until they rest. An operator that dies meanwhile is replaced by a new one.
func (s *story) survive(ctx context.Context) {
	GinkgoHelper()
	err := s.Settle(ctx, s.namespace)
	if errors.Is(err, hand.ErrDead) {
		s.killed = true
		s.Step(replacement)
		s.Restart()
		err = s.Settle(ctx, s.namespace)
	}
	Expect(err).NotTo(HaveOccurred())
}

// work plays the open Jobs, of which there must be so many, to a good end.
func (s *story) work(ctx context.Context, count int) {
	GinkgoHelper()
	pods := map[*batchv1.Job]*corev1.Pod{}
	for _, job := range s.jobs(ctx) {
		if len(job.Status.Conditions) == 0 {
			pod, err := s.StartPod(ctx, &job)
			Expect(err).NotTo(HaveOccurred())
			pods[&job] = pod
		}
	}
	Expect(pods).To(HaveLen(count), "Jobs that were open")
	s.survive(ctx)
	for job, pod := range pods {
		order, err := s.TaskOf(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		Expect(s.EndPod(ctx, job, pod, s.success(order))).To(Succeed())
	}
	s.survive(ctx)
}

// sweep takes away what has ended, as a user and the garbage collector would, so that each run finds the same.
func (s *story) sweep(ctx context.Context) {
	GinkgoHelper()
	background := client.PropagationPolicy(metav1.DeletePropagationBackground)
	for _, kind := range []client.Object{&batchv1.Job{}, &corev1.Pod{}} {
		Expect(s.Client.DeleteAllOf(ctx, kind, client.InNamespace(s.namespace), background, client.GracePeriodSeconds(0))).To(Succeed())
	}
	for _, o := range s.listed(ctx, &corev1alpha1.RestoreSessionList{}) {
		Expect(s.Client.Delete(ctx, o)).To(Succeed())
		released := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		Expect(client.IgnoreNotFound(s.Client.Patch(ctx, o, released))).To(Succeed())
	}
}

// outcome is what a run has left behind, and what was told in it.
type outcome struct {
	state []string
	told  map[string]int
	hooks []string
}

// run has the story happen, under a fate that is settled before.
func (s *story) run(ctx context.Context, name string) (out outcome) {
	GinkgoHelper()
	s.killed = false
	told, heard := len(s.Events()), len(s.app.heard())
	s.tell(ctx, name)
	out.state, out.told = s.state(ctx, name), map[string]int{}
	for _, e := range s.Events()[told:] {
		out.told[s.timeless(e.String(), name)]++
	}
	out.hooks = s.app.heard()[heard:]
	s.sweep(ctx)
	s.Step(testStep)
	return out
}

// everyMoment kills the operator before each write of a run, and after what makes or deletes something, and expects that the run ends as one in which
// nobody dies. That an event is never told is what a death may cost: the next operator can't know what the last one
// said.
func (s *story) everyMoment(ctx context.Context, atLeast int) {
	GinkgoHelper()
	s.run(ctx, runName(0, hand.Before))
	before := len(s.Writes())
	whole := s.run(ctx, runName(0, hand.After))
	writes := s.Writes()[before:]
	Expect(len(writes)).To(BeNumerically(">=", atLeast), "%q", writes)
	moments := 0
	for n := range writes {
		for _, death := range []hand.Death{hand.Before, hand.After} {
			if death == hand.After && strings.HasPrefix(writes[n], "PATCH") && n+1 < len(writes) {
				// What a patch leaves is what a death right before the next write finds.
				continue
			}
			moments++
			when := fmt.Sprintf("killed %s write %d of %d, %s", death, n+1, len(writes), writes[n])
			By(when)
			s.Kill(n+1, death)
			got := s.run(ctx, runName(n+1, death))
			Expect(s.killed).To(BeTrue(), when)
			Expect(got.state).To(Equal(whole.state), when)
			for event, times := range got.told {
				Expect(times).To(BeNumerically("<=", whole.told[event]), "%s: it is told %d times, and %d times when nobody dies: %s",
					when, times, whole.told[event], event)
			}
			expectThawed(got.hooks, whole.hooks, when)
		}
	}
	AddReportEntry("moments", moments)
}

func runName(n int, death hand.Death) string { return fmt.Sprintf("run-%02d-%d", n, death) }

// expectThawed wants each hook at least once, nothing else, in their order, and the application running in the end.
func expectThawed(heard, whole []string, when string) {
	GinkgoHelper()
	var order []string
	for _, path := range heard {
		if len(order) == 0 || order[len(order)-1] != path {
			order = append(order, path)
		}
	}
	Expect(order).To(Equal(append([]string(nil), whole...)), when)
}

// hooked is a story in a world where nothing has happened yet.
func hooked(ctx context.Context) *story {
	GinkgoHelper()
	s := &story{world: newWorld(ctx), app: newApplication()}
	s.apply(ctx, s.app.hook(s.namespace, "freeze"), s.app.hook(s.namespace, "thaw"))
	return s
}

var _ = Describe("An operator that is killed at any moment", func() {
	It("of a backup is replaced by one that brings it to the same end", func(ctx SpecContext) {
		s := hooked(ctx)
		twoComponents(ctx, s.world)
		bc := s.configuration(ctx)
		bc.Spec.Sessions[0].Hooks = object.Hooks([]string{"freeze"}, []string{"thaw"})
		bc.Spec.Sessions[0].SessionHistoryLimit = ptr.To[int32](1)
		Expect(s.Client.Update(ctx, bc)).To(Succeed())
		s.settle(ctx)
		s.sweep(ctx)
		s.tell = func(ctx context.Context, name string) {
			s.apply(ctx, object.BackupSession(s.namespace, name, object.Configuration))
			s.survive(ctx)
			s.work(ctx, 2)
			s.work(ctx, 1)
			Expect(get[corev1alpha1.BackupSession](ctx, s.world, name).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
			Expect(s.jobs(ctx)).To(HaveLen(3), "one for each component, and one for the last step")
			Expect(theOnly(s.snapshots(ctx)).Spec.BackupSession).To(Equal(name))
			expectTwoSecrets(ctx, s)
		}
		s.everyMoment(ctx, 15)
	})

	It("of a restore is replaced by one that brings it to the same end", func(ctx SpecContext) {
		s := hooked(ctx)
		keepOne(ctx, s.world)
		s.sweep(ctx)
		s.tell = func(ctx context.Context, name string) {
			restore := object.RestoreSession(s.namespace, name, "latest")
			restore.Spec.Hooks = &corev1alpha1.RestoreHooks{
				PreRestore: []corev1alpha1.HookInfo{object.Hook("freeze")}, PostRestore: []corev1alpha1.HookInfo{object.Hook("thaw")},
			}
			s.apply(ctx, restore)
			s.survive(ctx)
			s.work(ctx, 1)
			Expect(get[corev1alpha1.RestoreSession](ctx, s.world, name).Status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
			expectTwoSecrets(ctx, s)
		}
		s.everyMoment(ctx, 6)
	})

	It("of a maintenance is replaced by one that brings it to the same end", func(ctx SpecContext) {
		s := hooked(ctx)
		s.ground(ctx)
		bc := object.BackupConfiguration(s.namespace)
		bc.Spec.Sessions[0].Repositories[0].Maintenance = &storagev1alpha1.MaintenanceSpec{
			Paused: ptr.To(false), Check: storagev1alpha1.CheckSpec{ReadDataSubset: "10%"},
		}
		s.apply(ctx, bc)
		s.settle(ctx)
		s.runJob(ctx)
		s.settle(ctx)
		s.Step(testStep)
		s.sweep(ctx)
		s.tell = func(ctx context.Context, name string) {
			s.ask(ctx, name)
			s.survive(ctx)
			order, err := s.TaskOf(ctx, s.onlyJob(ctx))
			Expect(err).NotTo(HaveOccurred())
			Expect(order.Kind).To(Equal(task.KindMaintain))
			s.work(ctx, 1)
			status := s.maintenance(ctx)
			Expect(status.Phase).To(Equal(storagev1alpha1.MaintenancePhaseSucceeded))
			Expect(status.Request).To(Equal(name))
			expectTwoSecrets(ctx, s)
		}
		s.everyMoment(ctx, 4)
	})
})

// expectTwoSecrets wants those of the storage and of the Repository, and none of a run.
func expectTwoSecrets(ctx context.Context, s *story) {
	GinkgoHelper()
	var names []string
	for _, o := range s.listed(ctx, &corev1.SecretList{}) {
		names = append(names, o.GetName())
	}
	Expect(names).To(ConsistOf(object.StorageSecret, object.EncryptionSecret))
}
