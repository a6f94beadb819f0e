// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"io"
	"path/filepath"

	"sigs.k8s.io/e2e-framework/support"
)

// Choose is the provider for a suite: the cluster that kubeconfig names, or the machine's own where it names none. kubeconfig is the value of
// KUBECONFIG; root is the checkout; progress goes to out.
//
// The machine's own kubeconfig, which "cluster env" puts into KUBECONFIG, means the machine's own cluster: images can be loaded into it.
func Choose(kubeconfig, root string, out io.Writer) support.E2EClusterProviderWithImageLoader {
	if kubeconfig == "" || filepath.Clean(kubeconfig) == filepath.Join(root, ".cluster", "kubeconfig") {
		return NewLocal(root, out)
	}
	return NewNamed(kubeconfig)
}
