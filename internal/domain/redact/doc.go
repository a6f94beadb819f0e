// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package redact answers: what of this text may a person read?
//
// Everything that ends in a condition, an event, a status or a printed line and was not written by us word for word
// (restic's stderr, a store's answer, an error that wraps either) passes through a Redactor. It takes out the secrets
// it was told, and whatever looks like one: the parts of URLs where credentials travel, keys, tokens, passwords after a
// "=". It bounds the length too: a status is no log file. Too much taken out costs a hint; too little costs a key.
package redact
