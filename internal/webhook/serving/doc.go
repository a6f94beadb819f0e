// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package serving answers: which certificate does the webhook server show, and who trusts it?
//
// It is for an operator that nobody gives a certificate: package certificate says what is due, one Secret keeps it, and the authority
// is written into our own two webhook configurations. Every replica looks for itself, and they agree by way of the Secret. Nothing is
// listed or watched: all three objects are known by name.
package serving
