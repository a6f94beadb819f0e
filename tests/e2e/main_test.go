// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/wait"
	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"

	"kubestash.com/kubestash/tests/kit/cluster"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/tool"
	"kubestash.com/kubestash/tests/s3"
)

const (
	operatorNamespace = "kubestash"
	operatorLabel     = "app.kubernetes.io/name=kubestash-operator"
	serverNamespace   = "e2e-s3"
	// bucket holds a prefix per test.
	bucket = "e2e"
	// suiteLabel is on every namespace of the suite.
	suiteLabel = "e2e.kubestash.com/suite"
)

// Recognisable secrets: a test looks for them wherever they must not be.
var serverKeys = s3.Keys{AccessKey: "CANARYE2EACCESS", SecretKey: "canary-e2e-secret-5b1c77"}

const password = "canary-e2e-password-0e94ab"

// host is the cluster that the suite runs on.
var host struct {
	root       string
	kubeconfig string
	config     *rest.Config
	client     client.Client
	clients    kubernetes.Interface
	server     s3.Server
}

var suite env.Environment

func TestMain(m *testing.M) {
	suite = env.New()
	suite.Setup(connect, tidy, deploy, serve)
	suite.Finish(leaveNothing)
	os.Exit(suite.Run(m))
}

// connect brings the cluster up, or finds it running.
func connect(ctx context.Context, cfg *envconf.Config) (context.Context, error) {
	var err error
	if host.root, err = tool.Root(); err != nil {
		return ctx, err
	}
	provider := cluster.Choose(os.Getenv("KUBECONFIG"), host.root, os.Stderr)
	if host.kubeconfig, err = provider.Create(ctx); err != nil {
		return ctx, fmt.Errorf("starting the cluster: %w", err)
	}
	cfg.WithKubeconfigFile(host.kubeconfig)
	host.config = rest.CopyConfig(provider.KubernetesRestConfig())
	host.config.QPS, host.config.Burst = -1, 0
	scheme, err := hand.NewScheme()
	if err != nil {
		return ctx, err
	}
	if host.client, err = client.New(host.config, client.Options{Scheme: scheme}); err != nil {
		return ctx, fmt.Errorf("creating a client: %w", err)
	}
	if host.clients, err = kubernetes.NewForConfig(host.config); err != nil {
		return ctx, fmt.Errorf("creating a client: %w", err)
	}
	return ctx, nil
}

// tidy removes what tests that failed have left behind earlier.
func tidy(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	var list corev1.NamespaceList
	if err := host.client.List(ctx, &list, client.HasLabels{suiteLabel}); err != nil {
		return ctx, fmt.Errorf("listing namespaces: %w", err)
	}
	for i := range list.Items {
		if err := host.client.Delete(ctx, &list.Items[i]); client.IgnoreNotFound(err) != nil {
			return ctx, fmt.Errorf("deleting namespace %s: %w", list.Items[i].Name, err)
		}
	}
	return ctx, nil
}

// deploy puts the operator of this checkout into the cluster.
func deploy(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	cmd := exec.CommandContext(ctx, "make", "deploy")
	cmd.Dir, cmd.Env = host.root, append(os.Environ(), "KUBECONFIG="+host.kubeconfig)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return ctx, fmt.Errorf("deploying the operator: %w", err)
	}
	return ctx, nil
}

func serve(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: serverNamespace}}
	if err := host.client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return ctx, fmt.Errorf("making namespace %s: %w", serverNamespace, err)
	}
	var err error
	if host.server, err = s3.Deploy(ctx, host.client, serverNamespace, serverKeys); err != nil {
		return ctx, err
	}
	return ctx, inBuckets(ctx, func(c *s3.Client) error { return c.CreateBucket(ctx, bucket) })
}

// inBuckets does something with the S3 server.
func inBuckets(ctx context.Context, do func(*s3.Client) error) error {
	c, err := s3.Dial(ctx, host.config, host.server)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

// leaveNothing waits until the namespaces of tests that went well are gone: a finalizer that holds one forever is a
// defect of the operator.
func leaveNothing(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	var left []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		var list corev1.NamespaceList
		if err := host.client.List(ctx, &list, client.HasLabels{suiteLabel}); err != nil {
			return false, err
		}
		left = nil
		for _, namespace := range list.Items {
			if !namespace.DeletionTimestamp.IsZero() {
				left = append(left, namespace.Name)
			}
		}
		return len(left) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(2*time.Minute), wait.WithInterval(time.Second), wait.WithImmediate())
	if err != nil {
		// The framework only logs what goes wrong at the end.
		fmt.Fprintf(os.Stderr, "FAIL: these namespaces don't go: %v\n", left)
		os.Exit(1)
	}
	return ctx, nil
}
