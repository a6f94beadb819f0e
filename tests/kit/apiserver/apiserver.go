// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/tests/kit/tool"
)

// assetsVariable names a folder with etcd, kube-apiserver and kubectl.
const assetsVariable = "KUBEBUILDER_ASSETS"

// startTimeout is generous: a machine that builds something else at the same time is slow, not broken.
const startTimeout = 2 * time.Minute

// Server is a running API server.
type Server struct {
	// Admin may do anything.
	Admin *rest.Config
	// Operator may do what config/rbac gives to the operator.
	Operator *rest.Config
}

// Option changes how a server is started.
type Option func(*envtest.APIServer)

// Start starts a server with the project's CRDs and the operator's rights. It is stopped at the end of the test.
func Start(t testing.TB, options ...Option) Server {
	t.Helper()
	root, err := tool.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := assets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory:    folder,
		CRDDirectoryPaths:        []string{filepath.Join(root, "config", "crd", "bases")},
		ErrorIfCRDPathMissing:    true,
		CRDInstallOptions:        envtest.CRDInstallOptions{MaxTime: startTimeout},
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  startTimeout,
	}
	// The controllers that are driven by hand list without a cache of their own. A server that lists from its cache waits, where
	// nothing has been written for a while, for the next mark of progress from etcd: up to 100 ms for each list.
	server := environment.ControlPlane.GetAPIServer()
	server.Configure().Set("watch-cache", "false")
	for _, option := range options {
		option(server)
	}
	config, err := environment.Start()
	if err != nil {
		// What did start would outlive the test.
		_ = environment.Stop()
		t.Fatalf("starting an API server with the programs in %s: %v", folder, err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Errorf("stopping the API server: %v", err)
		}
	})
	operator := rest.CopyConfig(config)
	if operator.Impersonate.UserName, err = grant(t.Context(), config, filepath.Join(root, "config", "rbac")); err != nil {
		t.Fatal(err)
	}
	return Server{Admin: config, Operator: operator}
}

// grant applies the operator's role and returns the name of who has it.
func grant(ctx context.Context, admin *rest.Config, folder string) (string, error) {
	c, err := client.New(admin, client.Options{})
	if err != nil {
		return "", fmt.Errorf("creating a client: %w", err)
	}
	role, binding := &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleBinding{}
	for name, obj := range map[string]client.Object{"role.yaml": role, "binding.yaml": binding} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return "", fmt.Errorf("reading the operator's rights: %w", err)
		}
		if err := yaml.UnmarshalStrict(content, obj); err != nil {
			return "", fmt.Errorf("reading %s: %w", name, err)
		}
		if err := c.Create(ctx, obj); err != nil {
			return "", fmt.Errorf("applying %s: %w", name, err)
		}
	}
	subject := binding.Subjects[0]
	return "system:serviceaccount:" + subject.Namespace + ":" + subject.Name, nil
}

func assets(ctx context.Context) (string, error) {
	if folder := os.Getenv(assetsVariable); folder != "" {
		return folder, nil
	}
	return tool.Ask(ctx, "assets")
}
