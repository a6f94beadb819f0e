// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crdtest answers: what would an API server that has our CRDs say to this manifest?
//
// It does to an object what the API server does, with the same libraries, and without one: prune, default, validate the schema, the
// lists and the CEL rules. Webhooks take no part, so what passes here may still be refused by internal/validate. It is for tests.
package crdtest
