// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientcmd "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/tools/clientcmd/api/latest"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// Ensure writes every key, certificate and kubeconfig of a cluster into dir, once: a folder that exists is complete.
func Ensure(dir string, c plan.Cluster, now time.Time) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("looking for the keys: %w", err)
	}
	work := dir + ".next"
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("clearing half-made keys: %w", err)
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return fmt.Errorf("making the key folder: %w", err)
	}
	if err := generate(work, c, now); err != nil {
		return err
	}
	return os.Rename(work, dir)
}

func generate(dir string, c plan.Cluster, now time.Time) error {
	ca, err := newAuthority(dir, "ca", now)
	if err != nil {
		return err
	}
	front, err := newAuthority(dir, "front-proxy-ca", now)
	if err != nil {
		return err
	}
	if err := front.issue("front-proxy", subject{name: "front-proxy-client", client: true}); err != nil {
		return err
	}
	if err := writeTokenKeys(dir); err != nil {
		return err
	}
	for file, s := range subjects(c) {
		if err := ca.issue(file, s); err != nil {
			return err
		}
		if !s.client {
			continue
		}
		if err := WriteKubeconfig(filepath.Join(dir, file+".kubeconfig"), dir, file, c.Server()); err != nil {
			return err
		}
	}
	return nil
}

// subjects lists the certificates of the cluster's own authority, by file name.
func subjects(c plan.Cluster) map[string]subject {
	m := map[string]subject{
		"apiserver": {
			name: "kube-apiserver", server: true,
			dns: []string{
				"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + plan.Domain, "localhost",
			},
			ips: []string{plan.ServiceIP, "127.0.0.1", c.First().IP},
		},
		"admin":              {name: "admin", groups: []string{"system:masters"}, client: true},
		"controller-manager": {name: "system:kube-controller-manager", client: true},
		"scheduler":          {name: "system:kube-scheduler", client: true},
		"kube-proxy":         {name: "system:kube-proxy", client: true},
	}
	for _, n := range c.Nodes {
		// One pair for both directions: the kubelet is the API server's client and its server.
		m[n.Name] = subject{
			name: "system:node:" + n.Name, groups: []string{"system:nodes"},
			dns: []string{n.Name}, ips: []string{n.IP}, client: true, server: true,
		}
	}
	return m
}

// WriteKubeconfig writes a kubeconfig that holds its certificates itself, so the file can be copied.
func WriteKubeconfig(path, dir, file, server string) error {
	var data [3][]byte
	for i, name := range []string{"ca.crt", file + ".crt", file + ".key"} {
		var err error
		if data[i], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("writing the kubeconfig of %s: %w", file, err)
		}
	}
	const name = "kubestash"
	config := clientcmd.NewConfig()
	config.Clusters[name] = &clientcmd.Cluster{Server: server, CertificateAuthorityData: data[0]}
	config.AuthInfos[file] = &clientcmd.AuthInfo{ClientCertificateData: data[1], ClientKeyData: data[2]}
	config.Contexts[name] = &clientcmd.Context{Cluster: name, AuthInfo: file, Namespace: "default"}
	config.CurrentContext = name
	out, err := runtime.Encode(latest.Codec, config)
	if err != nil {
		return fmt.Errorf("encoding the kubeconfig of %s: %w", file, err)
	}
	// Beside and renamed: whoever reads it while we write sees the old or the new one, whole.
	next := path + ".next"
	if err := os.WriteFile(next, out, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig of %s: %w", file, err)
	}
	return os.Rename(next, path)
}
