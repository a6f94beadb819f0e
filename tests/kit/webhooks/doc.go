// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package webhooks answers: how does an API server find the webhooks of an operator that no Service leads to?
//
// It reads what config/webhook registers, and puts an address of this machine in the Service's place.
package webhooks
