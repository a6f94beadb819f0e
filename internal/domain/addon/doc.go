// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package addon answers: what does a reference to an Addon's task ask a pod to do?
//
// A session names an Addon, a task of it, and parameters; the Addon names a Function and the volumes of its
// pod. Resolve puts the four together into one Plan with nothing left to look up and no ${…} left in it. What
// can't be resolved is an error that lists what would have been possible.
package addon
