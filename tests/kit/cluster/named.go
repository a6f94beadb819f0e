// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/support"
)

// Named is the provider of a cluster that exists and that a kubeconfig names. It's never made, changed or taken away by us.
type Named struct {
	kubeconfig string
	config     *rest.Config
}

var _ support.E2EClusterProviderWithImageLoader = (*Named)(nil)

// NewNamed uses the current context of a kubeconfig.
func NewNamed(kubeconfig string) *Named { return &Named{kubeconfig: kubeconfig} }

// SetDefaults does nothing.
func (n *Named) SetDefaults() support.E2EClusterProvider { return n }

// WithName does nothing: the cluster has a name.
func (n *Named) WithName(string) support.E2EClusterProvider { return n }

// WithVersion does nothing: the cluster has a version.
func (n *Named) WithVersion(string) support.E2EClusterProvider { return n }

// WithPath does nothing: no program is needed.
func (n *Named) WithPath(string) support.E2EClusterProvider { return n }

// WithOpts applies options.
func (n *Named) WithOpts(opts ...support.ClusterOpts) support.E2EClusterProvider {
	for _, o := range opts {
		o(n)
	}
	return n
}

// Create reads the kubeconfig.
func (n *Named) Create(context.Context, ...string) (string, error) {
	config, err := clientcmd.BuildConfigFromFlags("", n.kubeconfig)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", n.kubeconfig, err)
	}
	n.config = config
	return n.kubeconfig, nil
}

// CreateWithConfig is Create.
func (n *Named) CreateWithConfig(ctx context.Context, _ string) (string, error) { return n.Create(ctx) }

// GetKubeconfig is the path of the kubeconfig.
func (n *Named) GetKubeconfig() string { return n.kubeconfig }

// GenerateKubeconfig is the path of the kubeconfig.
func (n *Named) GenerateKubeconfig(...string) (string, error) { return n.kubeconfig, nil }

// GetKubectlContext is empty: the kubeconfig's current context counts.
func (n *Named) GetKubectlContext() string { return "" }

// ExportLogs does nothing: the servers of somebody else's cluster are out of reach.
func (n *Named) ExportLogs(context.Context, string) error { return nil }

// Destroy does nothing: the cluster isn't ours.
func (n *Named) Destroy(context.Context) error { return nil }

// WaitForControlPlane asks the API server for its version: a cluster that exists is up, or the suite can't begin.
func (n *Named) WaitForControlPlane(_ context.Context, client klient.Client) error {
	d, err := discovery.NewDiscoveryClientForConfig(client.RESTConfig())
	if err != nil {
		return fmt.Errorf("preparing to ask the API server: %w", err)
	}
	if _, err := d.ServerVersion(); err != nil {
		return fmt.Errorf("asking the API server: %w", err)
	}
	return nil
}

// KubernetesRestConfig is the kubeconfig's configuration; nil before Create.
func (n *Named) KubernetesRestConfig() *rest.Config { return n.config }

// LoadImage is refused: images must be where the cluster can pull them.
func (n *Named) LoadImage(_ context.Context, image string, _ ...string) error {
	return fmt.Errorf("loading image %s: %w", image, errNoLoading)
}

// LoadImageArchive is refused as well.
func (n *Named) LoadImageArchive(_ context.Context, archive string, _ ...string) error {
	return fmt.Errorf("loading archive %s: %w", archive, errNoLoading)
}

var errNoLoading = errors.New("the cluster that KUBECONFIG names pulls its images from a registry of its own")
