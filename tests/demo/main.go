// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/s3"
)

// demo is one run of the story.
type demo struct {
	terminal
	// local says that the cluster is the one of tests/cluster, which the demo starts.
	local      bool
	kubeconfig string
	config     *rest.Config
	client     client.Client
	server     s3.Server
	bucket     *s3.Client
	// folder keeps what the demo leaves behind, for people to look at.
	folder string
	// install is the command that installs the operator.
	install string
	times   times
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	local := flag.Bool("local", true, "start and use the Kubernetes of tests/cluster")
	install := flag.String("install", "olm", "how the operator is installed: kustomize, or olm (only on the Kubernetes of tests/cluster)")
	kubectl := flag.String("kubectl", "", "the kubectl to use (default: that of PATH)")
	flag.Parse()
	d, err := newDemo(*local, *kubectl)
	if err != nil {
		return err
	}
	switch {
	case *install == "kustomize":
		d.install = "make deploy"
	case *install == "olm" && *local:
		d.install = "make deploy-olm"
	default:
		return fmt.Errorf("choosing how to install: INSTALL=%s: kustomize, or olm on the cluster on this machine", *install)
	}
	return d.tell(ctx)
}

func newDemo(local bool, kubectl string) (*demo, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the working directory: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tests", "demo", "manifests")); err != nil {
		return nil, errors.New("run this in the root of the checkout: make demo")
	}
	d := &demo{local: local, kubeconfig: os.Getenv("KUBECONFIG"), folder: ".cluster/demo"}
	if d.kubeconfig == "" {
		return nil, errors.New("no KUBECONFIG: run this by make demo")
	}
	if err := os.MkdirAll(filepath.Join(dir, d.folder), 0o700); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	path := filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")
	if kubectl != "" {
		if kubectl, err = filepath.Abs(kubectl); err != nil {
			return nil, fmt.Errorf("finding kubectl: %w", err)
		}
		path = filepath.Dir(kubectl) + ":" + path
	}
	d.server = s3.Server{Namespace: namespaceS3, Keys: s3.Keys{AccessKey: "demo-" + random(6), SecretKey: random(20)}}
	d.terminal = terminal{out: os.Stdout, dir: dir, env: []string{
		"PATH=" + path, "S3_KEY=" + d.server.Keys.AccessKey, "S3_SECRET=" + d.server.Keys.SecretKey, "PASSWORD=" + random(16),
	}}
	return d, nil
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// connect is for after the cluster is up: there is no kubeconfig before.
func (d *demo) connect() error {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), corev1alpha1.AddToScheme(scheme), storagev1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("registering types: %w", err)
	}
	var err error
	if d.config, err = clientcmd.BuildConfigFromFlags("", d.kubeconfig); err != nil {
		return fmt.Errorf("reading %s: %w", d.kubeconfig, err)
	}
	// The demo alone asks, and often.
	d.config.QPS, d.config.Burst = 50, 100
	if d.client, err = client.New(d.config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	return nil
}
