// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kube answers: how does this house talk to the API server?
//
// It holds the only helpers with a client in them: the skeleton of a reconcile, typed outcomes and
// their one translation, server-side apply, creation that adopts, reads of Secrets by name, events and
// logs. No rule of the domain lives here.
package kube
