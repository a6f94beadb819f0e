// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package restoresession answers: when something about a restore changes, what is to be looked at and done?
//
// It gathers a RestoreSession's facts, has domain/restore decide, and carries the intents out: a Job per
// component. It is the only writer of a RestoreSession's status.
package restoresession
