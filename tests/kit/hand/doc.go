// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hand answers: what does one pass of a controller do, when nothing else moves?
//
// A Driver holds every controller of the operator, over a client without a cache, and no manager runs: a test applies
// objects, calls for a pass, and looks. Settle passes over everything until a whole round writes and tells nothing,
// and fails when that moment never comes: a controller that writes again what it has written already is found by every
// test. The kubelet and Kubernetes' own controllers are not there: StartPod and EndPod do what they would have done.
package hand
