// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/yaml"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/kube/around"
	admission "kubestash.com/kubestash/internal/webhook"
	"kubestash.com/kubestash/internal/webhook/serving"
	"kubestash.com/kubestash/tests/kit/hand"
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
	for _, o := range manifest("../../config/webhook/own/rights.yaml") {
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
		WebhookServer: webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, TLSOpts: []func(*tls.Config){
			func(c *tls.Config) { c.GetCertificate = d.keeper.Certificate },
		}}),
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(around.ByLocation.Add(ctx, mgr.GetFieldIndexer(), &storagev1alpha1.Repository{})).To(Succeed())
	Expect(admission.Register(mgr, admission.Deps{
		Around:   around.Reader{Client: mgr.GetAPIReader(), Index: mgr.GetClient(), Live: mgr.GetAPIReader()},
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
	for _, o := range manifest("../../config/webhook/manifests.yaml") {
		webhooks, _, err := unstructured.NestedSlice(o.Object, "webhooks")
		Expect(err).NotTo(HaveOccurred())
		for _, hook := range webhooks {
			path, _, err := unstructured.NestedString(hook.(map[string]any), "clientConfig", "service", "path")
			Expect(err).NotTo(HaveOccurred())
			hook.(map[string]any)["clientConfig"] = map[string]any{"url": fmt.Sprintf("https://127.0.0.1:%d%s", port, path)}
			// This machine is slow when it builds something.
			hook.(map[string]any)["timeoutSeconds"] = int64(30)
		}
		Expect(unstructured.SetNestedSlice(o.Object, webhooks, "webhooks")).To(Succeed())
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

func manifest(file string) []*unstructured.Unstructured {
	GinkgoHelper()
	content, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	var out []*unstructured.Unstructured
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		o := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(strings.TrimPrefix(document, "---\n")), &o.Object)).To(Succeed())
		out = append(out, o)
	}
	return out
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
