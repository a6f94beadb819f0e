// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package desired answers: what do the Kubernetes objects that we want look like?
//
// Its functions are pure builders: they get values and return objects, read nothing, and write nothing.
package desired
