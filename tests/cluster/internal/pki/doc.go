// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pki answers: who proves what to whom?
//
// One authority for the API server, its clients and the kubelets, a second one for the aggregator alone, so that an ordinary client
// certificate can never pose as the aggregator; and the key pair that signs service account tokens.
package pki
