// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestEnsure(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	c, err := plan.New(2, "/state")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "pki")
	if err := Ensure(dir, c, now); err != nil {
		t.Fatal(err)
	}
	ca := certificate(t, filepath.Join(dir, "ca.crt"))
	roots := x509.NewCertPool()
	roots.AddCert(ca)

	t.Run("the API server is trusted under every name that it's called by", func(t *testing.T) {
		server := certificate(t, filepath.Join(dir, "apiserver.crt"))
		for _, name := range []string{"kubernetes.default.svc", "localhost", "10.96.0.1", "10.210.0.2", "127.0.0.1"} {
			if _, err := server.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("a kubelet is a client of its group and a server", func(t *testing.T) {
		kubelet := certificate(t, filepath.Join(dir, "node1.crt"))
		if kubelet.Subject.CommonName != "system:node:node1" || kubelet.Subject.Organization[0] != "system:nodes" {
			t.Errorf("it's %s", kubelet.Subject)
		}
		for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
			_, err := kubelet.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{use}})
			if err != nil {
				t.Errorf("use %d: %v", use, err)
			}
		}
	})
	t.Run("no client of the cluster can pose as the aggregator", func(t *testing.T) {
		front := x509.NewCertPool()
		front.AddCert(certificate(t, filepath.Join(dir, "front-proxy-ca.crt")))
		admin := certificate(t, filepath.Join(dir, "admin.crt"))
		options := x509.VerifyOptions{Roots: front, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
		if _, err := admin.Verify(options); err == nil {
			t.Error("the administrator's certificate is the aggregator's authority's")
		}
	})
	t.Run("a second time changes nothing", func(t *testing.T) {
		if err := Ensure(dir, c, now); err != nil {
			t.Fatal(err)
		}
		if !certificate(t, filepath.Join(dir, "ca.crt")).Equal(ca) {
			t.Error("there is another authority now")
		}
	})
	t.Run("a kubeconfig works from anywhere", func(t *testing.T) {
		config, err := clientcmd.LoadFromFile(filepath.Join(dir, "admin.kubeconfig"))
		if err != nil {
			t.Fatal(err)
		}
		if err := clientcmd.ConfirmUsable(*config, ""); err != nil {
			t.Error(err)
		}
		if got := config.Clusters["kubestash"].Server; got != "https://10.210.0.2:6443" {
			t.Errorf("its server is %s", got)
		}
		if config.AuthInfos["admin"].ClientKey != "" {
			t.Error("it points at a file")
		}
	})
}
