// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package webhook answers: what does the API server hear when it asks about an object of ours that is being written?
//
// It decodes, asks package validate and the defaults, and answers. It has no rule of its own but how to ask: what stood there before
// is no reason to refuse a change, what the operator itself writes is never refused, and what can't be looked up now is let in, because
// the reconcilers ask the same questions. Kinds whose rules are all in their CRDs have no webhook.
package webhook
