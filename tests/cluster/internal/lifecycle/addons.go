// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

//go:embed manifests/coredns.yaml
var corednsManifest string

//go:embed manifests/storage.yaml
var storageManifest string

// manifests is what every cluster holds from the start.
func manifests(corednsImage string) string {
	return strings.NewReplacer(
		"{{COREDNS_IMAGE}}", corednsImage, "{{DNS_IP}}", plan.DNSIP, "{{DOMAIN}}", plan.Domain,
		"{{STORAGE_CLASS}}", plan.StorageClass, "{{LOCAL_PATH_CLASS}}", plan.LocalPathClass, "{{PROVISIONER}}", plan.Provisioner,
	).Replace(corednsManifest + "---\n" + storageManifest)
}

// Client is the administrator's client of the machine's cluster.
func (m Machine) Client() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(m.Place.State, "pki", "admin.kubeconfig"))
	if err != nil {
		return nil, fmt.Errorf("reading the administrator's kubeconfig: %w", err)
	}
	config.Timeout = 10 * time.Second
	// The default limit of five requests a second would be most of what a wait waits for.
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return client, nil
}

func (u *ascent) waitAPI(ctx context.Context) error {
	client, err := u.Client()
	if err != nil {
		return err
	}
	return u.poll(ctx, "the API server", limit, func(ctx context.Context) error {
		err := ready(ctx, client)
		if err == nil {
			return nil
		}
		for _, name := range []string{"etcd", "kube-apiserver"} {
			if r, recordErr := u.table().Record(name); recordErr == nil && !r.IsAlive() {
				return fmt.Errorf("%s has ended: %s", name, lastWords(u.table().Log(name)))
			}
		}
		return err
	})
}

func ready(ctx context.Context, client kubernetes.Interface) error {
	_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}

// addons applies the manifests. Server-side and every time: nothing changes where nothing differs, and what somebody deleted comes back.
func (u *ascent) addons(ctx context.Context) error {
	return u.poll(ctx, "the manifests", 30*time.Second, func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, filepath.Join(u.files.Kubernetes, "kubectl"),
			"--kubeconfig", filepath.Join(u.files.PKI, "admin.kubeconfig"),
			"apply", "--server-side", "--force-conflicts", "--field-manager=kubestash-cluster", "-f", "-")
		cmd.Env = []string{"HOME=" + u.Place.State}
		cmd.Stdin = strings.NewReader(manifests(u.coredns))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("applying: %w: %s", err, strings.TrimSpace(out.String()))
		}
		return nil
	})
}

func (u *ascent) waitDNS(ctx context.Context) error {
	client, err := u.Client()
	if err != nil {
		return err
	}
	return u.poll(ctx, "DNS", limit, func(ctx context.Context) error {
		d, err := client.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if d.Status.ObservedGeneration < d.Generation || d.Status.AvailableReplicas < *d.Spec.Replicas {
			return fmt.Errorf("%d of %d DNS servers are available", d.Status.AvailableReplicas, *d.Spec.Replicas)
		}
		return nil
	})
}
