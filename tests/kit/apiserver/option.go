// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import "sigs.k8s.io/controller-runtime/pkg/envtest"

// WithWatchCache serves lists and watches from memory, as every cluster does. It is for an operator that runs as in a cluster.
func WithWatchCache() Option {
	return func(s *envtest.APIServer) { s.Configure().Set("watch-cache", "true") }
}

// WithAudit writes a line about each request to a file, as the policy in another file says. A request's line is there when the
// request is over.
func WithAudit(policy, log string) Option {
	return func(s *envtest.APIServer) {
		s.Configure().Set("audit-policy-file", policy).Set("audit-log-path", log).Set("audit-log-mode", "blocking")
	}
}
