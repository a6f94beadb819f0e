// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command finish answers: what does a bundle need that the SDK's generator doesn't write?
//
// It describes every field of every owned kind with the words of its CRD, so that none is ever missing, and every
// example with the words above its sample. It sets the icon and the operator's image, puts the date back, which the
// generator makes a new one each time, and adds the rights on the lease, which OLM must not widen.
package main
