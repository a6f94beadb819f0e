// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/support"

	"kubestash.com/kubestash/tests/kit/cluster"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/tool"
	"kubestash.com/kubestash/tests/s3"
)

const (
	// OperatorNamespace is where the operator is, and OperatorLabel how its pods are found.
	OperatorNamespace = "kubestash"
	OperatorLabel     = "app.kubernetes.io/name=kubestash-operator"

	// Address is this machine's, where pods reach what listens on it.
	Address = "10.210.0.1"

	serverNamespace = "e2e-s3"
)

// Host is the cluster.
type Host struct {
	// Suite is the value of a label on every namespace of the suite; Bucket holds a prefix per World.
	Suite, Bucket string

	Root, Kubeconfig string
	Config           *rest.Config
	Client           client.Client
	Clients          kubernetes.Interface
	Server           s3.Server
	// Buckets looks into the server's buckets, and ServerURL is where this machine reaches the S3 server: the address of
	// its Service, which the machine's own cluster lets in from outside. Reach sets both.
	Buckets   *s3.Client
	ServerURL string

	provider support.E2EClusterProvider
}

// label says whose a namespace is.
const label = "e2e.kubestash.com/suite-of"

// Labels are on every namespace of the suite.
func (h *Host) Labels() map[string]string { return map[string]string{label: h.Suite} }

// Keys are recognisable. The server of another suite has the same, so that suites can share it.
var Keys = s3.Keys{AccessKey: "CANARYE2EACCESS", SecretKey: "canary-e2e-secret-5b1c77"}

// Open brings up the machine's own cluster, or finds the one that KUBECONFIG names, removes what tests that failed have
// left in it, deploys the operator of this checkout with these targets of the Makefile, and starts the S3 server.
func Open(ctx context.Context, suite string, out io.Writer, deploy ...string) (*Host, error) {
	h := &Host{Suite: suite, Bucket: "e2e"}
	var err error
	if h.Root, err = tool.Root(); err != nil {
		return nil, err
	}
	h.provider = cluster.Choose(os.Getenv("KUBECONFIG"), h.Root, out)
	deployed := func(ctx context.Context) error { return h.Make(ctx, deploy...) }
	for _, step := range []func(context.Context) error{h.connect, h.tidy, deployed, h.serve} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Up makes the cluster whole again.
func (h *Host) Up(ctx context.Context) error {
	_, err := h.provider.Create(ctx)
	return err
}

// Reach finds the way from this machine to the S3 server. A cluster that somebody names is refused: who asks stops servers, too.
func (h *Host) Reach(ctx context.Context) error {
	if _, isOwn := h.provider.(*cluster.Local); !isOwn {
		return errors.New("this suite stops servers, so it needs the machine's own cluster; unset KUBECONFIG")
	}
	service := &corev1.Service{}
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: serverNamespace, Name: s3.Name}, service); err != nil {
		return fmt.Errorf("reading the S3 server's Service: %w", err)
	}
	address := fmt.Sprintf("%s:%d", service.Spec.ClusterIP, service.Spec.Ports[0].Port)
	h.ServerURL, h.Buckets = "http://"+address, &s3.Client{Address: address}
	var err error
	if h.Buckets.S3, err = minio.New(address, &minio.Options{
		Creds: credentials.NewStaticV4(Keys.AccessKey, Keys.SecretKey, ""), Region: s3.Region, BucketLookup: minio.BucketLookupPath,
	}); err != nil {
		return fmt.Errorf("setting up the S3 client: %w", err)
	}
	return nil
}

// ServerNode is the node that the S3 server is on.
func (h *Host) ServerNode(t *testing.T) string {
	t.Helper()
	var pods corev1.PodList
	Must(t, h.Client.List(t.Context(), &pods, client.InNamespace(serverNamespace), client.MatchingLabels{"app.kubernetes.io/name": s3.Name},
		client.MatchingFields{"status.phase": string(corev1.PodRunning)}))
	if len(pods.Items) == 0 {
		t.Fatal("no S3 server runs")
	}
	return pods.Items[0].Spec.NodeName
}

// InBuckets does something with the S3 server, on any cluster.
func (h *Host) InBuckets(ctx context.Context, do func(*s3.Client) error) error {
	c, err := s3.Dial(ctx, h.Config, h.Server)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

// StopServer kills one of the cluster's servers: kubelet-node1, kube-apiserver. Up starts it again.
func (h *Host) StopServer(ctx context.Context, name string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(h.Root, "bin", "cluster"), "stop-server", name, "--project", h.Root)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("stopping %s: %w: %s", name, err, out)
	}
	return nil
}

func (h *Host) connect(ctx context.Context) error {
	var err error
	if h.Kubeconfig, err = h.provider.Create(ctx); err != nil {
		return fmt.Errorf("starting the cluster: %w", err)
	}
	h.Config = rest.CopyConfig(h.provider.KubernetesRestConfig())
	h.Config.QPS, h.Config.Burst = -1, 0
	scheme, err := hand.NewScheme()
	if err != nil {
		return err
	}
	if h.Client, err = client.New(h.Config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	if h.Clients, err = kubernetes.NewForConfig(h.Config); err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	return nil
}

func (h *Host) tidy(ctx context.Context) error {
	var list corev1.NamespaceList
	if err := h.Client.List(ctx, &list, client.MatchingLabels(h.Labels())); err != nil {
		return fmt.Errorf("listing namespaces: %w", err)
	}
	for i := range list.Items {
		if err := h.Client.Delete(ctx, &list.Items[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting namespace %s: %w", list.Items[i].Name, err)
		}
	}
	return nil
}

// Make makes targets of the Makefile, on this cluster.
func (h *Host) Make(ctx context.Context, targets ...string) error {
	cmd := exec.CommandContext(ctx, "make", targets...)
	cmd.Dir, cmd.Env = h.Root, append(os.Environ(), "KUBECONFIG="+h.Kubeconfig)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running make %s: %w", strings.Join(targets, " "), err)
	}
	return nil
}

func (h *Host) serve(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: serverNamespace}}
	if err := h.Client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("making namespace %s: %w", serverNamespace, err)
	}
	var err error
	if h.Server, err = s3.Deploy(ctx, h.Client, serverNamespace, Keys); err != nil {
		return err
	}
	return h.InBuckets(ctx, func(c *s3.Client) error { return c.CreateBucket(ctx, h.Bucket) })
}

// Close waits until the namespaces of tests that went well are gone: a finalizer that holds one forever is a defect.
func (h *Host) Close(ctx context.Context) error {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		var list corev1.NamespaceList
		if err := h.Client.List(ctx, &list, client.MatchingLabels(h.Labels())); err != nil {
			return fmt.Errorf("listing namespaces: %w", err)
		}
		var left []string
		for _, namespace := range list.Items {
			if !namespace.DeletionTimestamp.IsZero() {
				left = append(left, namespace.Name)
			}
		}
		switch {
		case len(left) == 0:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("closing the stage: these namespaces don't go: %v", left)
		}
		time.Sleep(time.Second)
	}
}
