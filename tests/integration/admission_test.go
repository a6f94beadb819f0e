// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/kube/around"
	"kubestash.com/kubestash/internal/kube/kept"
	admission "kubestash.com/kubestash/internal/webhook"
	"kubestash.com/kubestash/internal/webhook/serving"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/webhooks"
)

// door is the webhooks of an operator, on this machine.
type door struct {
	keeper *serving.Keeper
	clock  *clocktesting.FakeClock
	// warnings are what the API server has told the client.
	*warned
	client client.Client
	port   int
}

// warned collects warnings.
type warned struct{ all []string }

func (w *warned) HandleWarningHeader(_ int, _, text string) { w.all = append(w.all, text) }

const doorNamespace = "kubestash"

// openDoor serves the webhooks until the test is over, as config/webhook says.
func openDoor(ctx context.Context, w *world) *door {
	GinkgoHelper()
	scheme, err := hand.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	err = w.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: doorNamespace}})
	Expect(client.IgnoreAlreadyExists(err)).To(Succeed())
	rights, err := webhooks.Manifest("config/webhook/own/rights.yaml")
	Expect(err).NotTo(HaveOccurred())
	for _, o := range rights {
		Expect(client.IgnoreAlreadyExists(w.Client.Create(ctx, o))).To(Succeed())
	}
	direct, err := client.New(server.Operator, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	d := &door{warned: &warned{}, clock: clocktesting.NewFakeClock(time.Now())}
	d.keeper = serving.New(serving.Deps{
		Client: direct, Clock: d.clock, Random: rand.Reader,
		Secret: client.ObjectKey{Namespace: doorNamespace, Name: serving.SecretName}, Names: []string{"127.0.0.1"},
	})
	told := rest.CopyConfig(server.Admin)
	told.WarningHandler = d.warned
	d.client, err = client.New(told, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())

	port := freePort()
	mgr, err := ctrl.NewManager(server.Operator, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0", Logger: ctrl.Log,
		Cache: kept.Options(), NewCache: kept.New,
		WebhookServer: webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, TLSOpts: []func(*tls.Config){
			func(c *tls.Config) { c.GetCertificate = d.keeper.Certificate },
		}}),
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(around.ByLocation.Add(ctx, mgr.GetFieldIndexer(), &storagev1alpha1.Repository{})).To(Succeed())
	Expect(admission.Register(mgr, admission.Deps{
		Cached:   around.Cached(mgr.GetClient(), mgr.GetAPIReader()),
		Fresh:    around.Fresh(mgr.GetClient(), mgr.GetAPIReader()),
		Backends: all.Find, Self: server.Operator.Impersonate.UserName,
	})).To(Succeed())
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(running) }()
	DeferCleanup(func(ctx SpecContext) {
		d.leave(ctx)
		stop()
		Expect(<-ended).To(Succeed())
		Expect(client.IgnoreNotFound(w.Client.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: doorNamespace, Name: serving.SecretName}}))).To(Succeed())
	})
	Expect(d.keeper.Look(ctx)).To(Succeed())
	Eventually(func() error { return mgr.GetWebhookServer().StartedChecker()(nil) }).WithTimeout(time.Minute).Should(Succeed())
	d.port = port
	d.register(ctx, port)
	return d
}

// register tells the API server of the webhooks, as config/webhook does, but at this machine's address; and waits until it asks them.
func (d *door) register(ctx context.Context, port int) {
	GinkgoHelper()
	configurations, err := webhooks.Configurations(port, nil)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range configurations {
		Expect(d.client.Create(ctx, o)).To(Succeed())
	}
	Expect(d.keeper.Look(ctx)).To(Succeed())
	d.known(ctx)
}

// known waits until the API server, which learns of webhooks and of their authorities a little later than they are written, asks them.
func (d *door) known(ctx context.Context) {
	GinkgoHelper()
	probe := admissionProbe()
	Eventually(func() error {
		return d.client.Create(ctx, probe.DeepCopy(), client.DryRunAll)
	}).WithTimeout(time.Minute).Should(MatchError(ContainSubstring("denied the request")))
}

// crowd asks for what every webhook refuses, several at once and again and again, until it is stopped. It says how often, and what was wrong
// with the first answer that wasn't a refusal.
func (d *door) crowd(ctx context.Context, c client.Client) (stop func() (asked int, wrong error)) {
	const people = 4
	type tally struct {
		asked int
		wrong error
	}
	ctx, leave := context.WithCancel(ctx)
	tallies := make(chan tally, people)
	for range people {
		go func() {
			var t tally
			defer func() { tallies <- t }()
			for ctx.Err() == nil {
				err := c.Create(ctx, admissionProbe(), client.DryRunAll)
				if ctx.Err() != nil {
					return
				}
				t.asked++
				if t.wrong == nil && (err == nil || !strings.Contains(err.Error(), "denied the request")) {
					t.wrong = fmt.Errorf("request %d was answered: %w", t.asked, cmp.Or(err, errors.New("let in")))
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
	}
	return func() (asked int, wrong error) {
		leave()
		for range people {
			t := <-tallies
			asked, wrong = asked+t.asked, errors.Join(wrong, t.wrong)
		}
		return asked, wrong
	}
}

// leave takes the webhooks away.
func (d *door) leave(ctx context.Context) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Name: serving.ConfigurationName}
	Expect(client.IgnoreNotFound(d.client.Delete(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: meta}))).To(Succeed())
	Expect(client.IgnoreNotFound(d.client.Delete(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: meta}))).To(Succeed())
	probe := admissionProbe()
	Eventually(func() error {
		return d.client.Create(ctx, probe.DeepCopy(), client.DryRunAll)
	}).WithTimeout(time.Minute).Should(Succeed())
}

func freePort() int {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// isRefused is a refusal by a webhook, with our words.
func isRefused(text string) OmegaMatcher {
	return SatisfyAll(Satisfy(apierrors.IsInvalid), MatchError(ContainSubstring("admission webhook")), MatchError(ContainSubstring(text)))
}

// stepOfCertificates is longer than it takes until everybody knows a new authority.
const stepOfCertificates = 6 * time.Minute

// away takes the webhooks away, and says where they were.
func (d *door) away(ctx context.Context) int {
	GinkgoHelper()
	d.leave(ctx)
	return d.port
}

// certificate is the Secret that keeps it.
func (d *door) certificate(ctx context.Context) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(d.client.Get(ctx, client.ObjectKey{Namespace: doorNamespace, Name: serving.SecretName}, secret)).To(Succeed())
	return secret
}

func (d *door) look(ctx context.Context) {
	GinkgoHelper()
	Expect(d.keeper.Look(ctx)).To(Succeed())
}

// another is what another replica has.
func (d *door) another() *serving.Keeper { return serving.New(d.keeper.Deps) }
