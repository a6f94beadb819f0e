// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package catalogue answers: when the operator starts to lead, are its Addons and Functions in the cluster?
//
// It applies what config/addons holds, once, by server-side apply. A field that a user has changed stays the
// user's: it is left out of what is applied. An API server that doesn't answer is asked again, and nothing else
// waits for it.
package catalogue
