// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/controllers/core/backupblueprint"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/object"
)

var _ = Describe("A thousand annotated workloads", func() {
	const count = 1000

	It("get a BackupConfiguration each, with one write, and follow their blueprint with one more", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, object.BackupBlueprint(w.namespace))
		for i := range count {
			d := object.Deployment(w.namespace, fmt.Sprintf("app-%03d", i), object.Claim)
			d.Annotations = map[string]string{metav1alpha1.AnnotationBlueprintName: object.Blueprint}
			w.apply(ctx, d)
		}
		writes := &writeCounter{}
		stop := startBlueprints(ctx, w.namespace, writes)
		began := time.Now()
		made := func(schedule string) func() int {
			return func() int {
				var list corev1alpha1.BackupConfigurationList
				Expect(w.Client.List(ctx, &list, inNamespace(w))).To(Succeed())
				n := 0
				for _, bc := range list.Items {
					if bc.Spec.Sessions[0].Scheduler.Schedule == schedule {
						n++
					}
				}
				return n
			}
		}
		bp := get[corev1alpha1.BackupBlueprint](ctx, w, object.Blueprint)
		Eventually(made(bp.Spec.BackupConfigurationTemplate.Sessions[0].Scheduler.Schedule), 5*time.Minute, time.Second).Should(Equal(count))
		created := time.Since(began)
		quiet(writes)
		Expect(writes.count()).To(Equal(count), "one write each: %v", writes.odd())

		const other = "30 3 29 2 *"
		bp.Spec.BackupConfigurationTemplate.Sessions[0].Scheduler.Schedule = other
		began = time.Now()
		Expect(w.Client.Update(ctx, bp)).To(Succeed())
		Eventually(made(other), 5*time.Minute, time.Second).Should(Equal(count))
		followed := time.Since(began)
		quiet(writes)
		Expect(writes.count()).To(Equal(2*count), "one more write each: %v", writes.odd())
		stop()

		// A restart looks at everything again.
		stop = startBlueprints(ctx, w.namespace, writes)
		defer stop()
		quiet(writes)
		Expect(writes.count()).To(Equal(2*count), "a restart writes nothing: %v", writes.odd())
		AddReportEntry("a thousand annotated workloads", fmt.Sprintf("created in %s, changed in %s, %d writes", created, followed, writes.count()))
		GinkgoWriter.Printf("%d workloads: created in %s, changed in %s, %d writes\n", count, created, followed, writes.count())
	}, SpecTimeout(15*time.Minute))
})

// startBlueprints runs the controller of blueprints with a cache of its own, and returns what ends it.
func startBlueprints(ctx context.Context, namespace string, writes *writeCounter) func() {
	GinkgoHelper()
	cfg := rest.CopyConfig(server.Operator)
	cfg.QPS = -1 // as the operator's: the API server says when it's enough
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return writes.through(next) })
	scheme, err := hand.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(backupblueprint.Register(mgr, backupblueprint.Deps{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Clock: clock.RealClock{},
		Recorder: kube.NewRecorder(mgr.GetEventRecorder("test"), "AutoBackup"),
	})).To(Succeed())
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer GinkgoRecover()
		defer close(done)
		Expect(mgr.Start(ctx)).To(Succeed())
	}()
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
	return func() {
		cancel()
		<-done
	}
}

// quiet waits until nothing was asked for or written for three seconds.
func quiet(writes *writeCounter) {
	GinkgoHelper()
	last := -1
	Eventually(func() bool {
		now := writes.requests()
		isSame := now == last
		last = now
		return isSame
	}, 3*time.Minute, 3*time.Second).Should(BeTrue())
}

// writeCounter counts requests that change something. Events are counted by nobody: they are told without waiting.
type writeCounter struct {
	mutex sync.Mutex
	all   []string
	asked int
}

func (c *writeCounter) through(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/apis/events.k8s.io/") || r.URL.Query().Has("watch") {
			return next.RoundTrip(r)
		}
		c.mutex.Lock()
		c.asked++
		if r.Method != http.MethodGet {
			c.all = append(c.all, r.Method+" "+r.URL.Path)
		}
		c.mutex.Unlock()
		return next.RoundTrip(r)
	})
}

func (c *writeCounter) requests() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.asked
}

func (c *writeCounter) count() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.all)
}

// odd are some of those that were written most often.
func (c *writeCounter) odd() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	times := map[string]int{}
	var out []string
	for _, one := range c.all {
		if times[one]++; times[one] > 2 && len(out) < 10 {
			out = append(out, one)
		}
	}
	return out
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
