// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// Name is that of the Deployment, the Service and the PersistentVolumeClaim.
	Name = "s3"
	// SecretName is that of the Secret with the server's keys.
	SecretName = "s3-root"
	// Region is what the server says that it is in.
	Region = "us-east-1"

	port     = 7070
	patience = 3 * time.Minute
)

// Manifest is server.yaml: everything but the namespace and the Secret.
//
//go:embed server.yaml
var Manifest []byte

// Keys are the credentials of the server's only user, who may do everything.
type Keys struct {
	AccessKey, SecretKey string
}

// Server is one S3 server in a cluster.
type Server struct {
	Namespace string
	Keys      Keys
}

// Endpoint is the URL by which pods reach the server.
func (s Server) Endpoint() string {
	return fmt.Sprintf("http://%s.%s.svc:%d", Name, s.Namespace, port)
}

// Deploy starts a server in an existing namespace, or finds the one that is there, and waits until it answers. The keys are
// those of the first call: a second one with others is an error.
func Deploy(ctx context.Context, c client.Client, namespace string, keys Keys) (Server, error) {
	server := Server{Namespace: namespace, Keys: keys}
	if err := ensureSecret(ctx, c, server); err != nil {
		return Server{}, err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(Manifest), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return Server{}, fmt.Errorf("decoding server.yaml: %w", err)
		}
		object.SetNamespace(namespace)
		if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubestash-tests"), client.ForceOwnership); err != nil {
			return Server{}, fmt.Errorf("applying the S3 server's %s: %w", object.GetKind(), err)
		}
	}
	return server, waitReady(ctx, c, namespace)
}

func ensureSecret(ctx context.Context, c client.Client, s Server) error {
	want := map[string]string{"ROOT_ACCESS_KEY_ID": s.Keys.AccessKey, "ROOT_SECRET_ACCESS_KEY": s.Keys.SecretKey}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: SecretName}, StringData: want}
	err := c.Create(ctx, secret)
	if err == nil {
		return nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the S3 server's Secret: %w", err)
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(secret), secret); err != nil {
		return fmt.Errorf("reading the S3 server's Secret: %w", err)
	}
	for key, value := range want {
		if string(secret.Data[key]) != value {
			return fmt.Errorf("starting the S3 server: namespace %s has one with another %s", s.Namespace, key)
		}
	}
	return nil
}

func waitReady(ctx context.Context, c client.Client, namespace string) error {
	var last string
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		var d appsv1.Deployment
		if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: Name}, &d); err != nil {
			last = err.Error()
			return false, client.IgnoreNotFound(err)
		}
		last = fmt.Sprintf("%d of %d replicas are ready", d.Status.ReadyReplicas, d.Status.Replicas)
		return d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == 1 && d.Status.AvailableReplicas == 1, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the S3 server in namespace %s: %w: %s", namespace, err, last)
	}
	return nil
}
