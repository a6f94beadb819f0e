// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/kube/around"
	admission "kubestash.com/kubestash/internal/webhook"
	"kubestash.com/kubestash/internal/webhook/serving"
)

// namespaceFile says which namespace a pod is in.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

type webhookOptions struct {
	// port is 0 when there are no webhooks.
	port int
	// certDir is empty when the operator makes its own certificate.
	certDir string
}

// server is the webhook server, and what keeps its certificate: nil when somebody else does.
func (o webhookOptions) server(cfg *rest.Config, scheme *runtime.Scheme) (webhook.Server, *serving.Keeper, error) {
	if o.port == 0 {
		return nil, nil, nil
	}
	if o.certDir != "" {
		return webhook.NewServer(webhook.Options{Port: o.port, CertDir: o.certDir}), nil, nil
	}
	namespace, err := os.ReadFile(namespaceFile)
	if err != nil {
		return nil, nil, errors.New("outside of a pod there are no webhooks with a certificate of the operator's own: set --webhook-port=0, or --webhook-cert-dir")
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, nil, fmt.Errorf("creating the client of the webhooks' certificate: %w", err)
	}
	in := strings.TrimSpace(string(namespace))
	keeper := serving.New(serving.Deps{
		Client: c, Clock: clock.RealClock{}, Random: rand.Reader,
		Secret: types.NamespacedName{Namespace: in, Name: serving.SecretName}, Names: serving.Names(in),
	})
	return webhook.NewServer(webhook.Options{Port: o.port, TLSOpts: []func(*tls.Config){
		func(c *tls.Config) { c.GetCertificate = keeper.Certificate },
	}}), keeper, nil
}

// addWebhooks serves the webhooks. The operator is ready once they are.
func addWebhooks(ctx context.Context, mgr ctrl.Manager, o webhookOptions, keeper *serving.Keeper) error {
	if o.port == 0 {
		return nil
	}
	clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
	if err != nil {
		return fmt.Errorf("creating client: %w", err)
	}
	self, err := clientset.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("asking who we are: %w", err)
	}
	if err := admission.Register(mgr, admission.Deps{
		Cached:   around.Cached(mgr.GetClient(), mgr.GetAPIReader()),
		Fresh:    around.Fresh(mgr.GetClient(), mgr.GetAPIReader()),
		Backends: all.Find, Self: self.Status.UserInfo.Username,
	}); err != nil {
		return err
	}
	if keeper != nil {
		if err := mgr.Add(keeper); err != nil {
			return fmt.Errorf("adding what keeps the certificate: %w", err)
		}
	}
	if err := mgr.AddReadyzCheck("webhooks", mgr.GetWebhookServer().StartedChecker()); err != nil {
		return fmt.Errorf("adding the probe of the webhooks: %w", err)
	}
	return nil
}
