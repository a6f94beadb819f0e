// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package serving

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"kubestash.com/kubestash/internal/domain/certificate"
	"kubestash.com/kubestash/internal/kube"
)

// Names of the objects that config/webhook has, or gives rights to.
const (
	ConfigurationName = "kubestash-operator"
	ServiceName       = "kubestash-operator-webhook"
	SecretName        = "kubestash-operator-webhook-certificate"
)

const (
	// interval is how often one looks; certificate.Next relies on it.
	interval = time.Minute
	// retryInterval is how soon one looks again after that has failed.
	retryInterval = 5 * time.Second
	// keyAuthorityKey is the key of the Secret that isn't one of every TLS Secret.
	keyAuthorityKey = "ca.key"
	keyTrust        = "ca.crt"
)

// Deps are what a Keeper needs; every field is required.
type Deps struct {
	// Client reads and writes past every cache.
	Client client.Client
	Clock  clock.Clock
	Random io.Reader
	// Secret keeps the certificate.
	Secret types.NamespacedName
	// Names are what API servers call the webhook server.
	Names []string
}

// Keeper keeps the webhook server's certificate.
type Keeper struct {
	Deps
	shown atomic.Pointer[shown]
}

// shown is what the server shows.
type shown struct {
	material certificate.Material
	pair     tls.Certificate
}

// New returns a Keeper, which has nothing to show before the first look.
func New(deps Deps) *Keeper { return &Keeper{Deps: deps} }

// Names are what API servers call the Service of a namespace.
func Names(namespace string) []string {
	return []string{ServiceName + "." + namespace + ".svc"}
}

// NeedLeaderElection is false: every replica serves.
func (k *Keeper) NeedLeaderElection() bool { return false }

// Start looks again and again until the context ends.
func (k *Keeper) Start(ctx context.Context) error {
	for {
		wait := interval
		if err := k.Look(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "Keeping the certificate of the webhooks; it is tried again")
			wait = retryInterval
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.Clock.After(wait):
		}
	}
}

// Certificate is what the server shows.
func (k *Keeper) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s := k.shown.Load()
	if s == nil {
		return nil, errors.New("there is no certificate yet")
	}
	return &s.pair, nil
}

// Look does what is due. Of two that do it at once the first to write wins, and the other one looks again.
func (k *Keeper) Look(ctx context.Context) error {
	material, err := k.settle(ctx)
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		material, err = k.settle(ctx)
	}
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(material.Certificate, material.Key)
	if err != nil {
		return fmt.Errorf("reading the certificate: %w", err)
	}
	k.shown.Store(&shown{material: material, pair: pair})
	return errors.Join(k.trust(ctx, material.Trust, &admissionregistrationv1.MutatingWebhookConfiguration{}),
		k.trust(ctx, material.Trust, &admissionregistrationv1.ValidatingWebhookConfiguration{}))
}

// settle brings the Secret to what is due.
func (k *Keeper) settle(ctx context.Context) (certificate.Material, error) {
	secret, found, err := kube.Get[corev1.Secret](ctx, k.Client, k.Secret.Namespace, k.Secret.Name)
	if err != nil {
		return certificate.Material{}, err
	}
	if !found {
		secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: k.Secret.Namespace, Name: k.Secret.Name, Labels: map[string]string{"app.kubernetes.io/name": "kubestash-operator"},
		}, Type: corev1.SecretTypeTLS}
	}
	var remembered certificate.Material
	if s := k.shown.Load(); s != nil {
		remembered = s.material
	}
	kept := certificate.Material{
		Trust: secret.Data[keyTrust], AuthorityKey: secret.Data[keyAuthorityKey],
		Certificate: secret.Data[corev1.TLSCertKey], Key: secret.Data[corev1.TLSPrivateKeyKey],
	}
	next, reason, err := certificate.Next(k.Clock.Now(), kept, remembered, k.Names, k.Random)
	if err != nil || reason == "" {
		return next, err
	}
	secret.Data = map[string][]byte{
		keyTrust: next.Trust, keyAuthorityKey: next.AuthorityKey, corev1.TLSCertKey: next.Certificate, corev1.TLSPrivateKeyKey: next.Key,
	}
	if found {
		err = k.Client.Update(ctx, secret)
	} else {
		err = k.Client.Create(ctx, secret)
	}
	if err != nil {
		return certificate.Material{}, fmt.Errorf("writing Secret %s: %w", k.Secret, err)
	}
	log.FromContext(ctx).Info("The certificate of the webhooks has changed", "why", reason)
	return next, nil
}

// trust writes the authorities into each webhook of a configuration. One that isn't there needs none: it may come.
func (k *Keeper) trust(ctx context.Context, authorities []byte, configuration client.Object) error {
	err := k.Client.Get(ctx, types.NamespacedName{Name: ConfigurationName}, configuration)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the webhook configuration: %w", err)
	}
	changed := false
	for _, c := range clients(configuration) {
		if !bytes.Equal(c.CABundle, authorities) {
			c.CABundle, changed = authorities, true
		}
	}
	if !changed {
		return nil
	}
	// A conflict is a failure, which is tried again: with the Secret as it is by then.
	if err := k.Client.Update(ctx, configuration); err != nil {
		return fmt.Errorf("writing the webhook configuration: %w", err)
	}
	return nil
}

func clients(configuration client.Object) []*admissionregistrationv1.WebhookClientConfig {
	var out []*admissionregistrationv1.WebhookClientConfig
	switch c := configuration.(type) {
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		for i := range c.Webhooks {
			out = append(out, &c.Webhooks[i].ClientConfig)
		}
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		for i := range c.Webhooks {
			out = append(out, &c.Webhooks[i].ClientConfig)
		}
	}
	return out
}
