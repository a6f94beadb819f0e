// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package around answers: what is there beside an object, that decides whether it may be written and what it means?
//
// It reads for package validate and for the defaults of package configuration. Webhooks and reconcilers ask it alike, so that they
// can't say different things.
package around
