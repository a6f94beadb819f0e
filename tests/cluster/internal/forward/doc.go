// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package forward answers: how does the host find the registry under the name that images carry?
//
// References say 127.0.0.1:5000. On a node the container runtime redirects that; on the host this forwards it, so one name works everywhere.
package forward
