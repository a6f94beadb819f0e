// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validate answers: may a user write that?
//
// It is asked by the webhooks, and again by the reconcilers, because a webhook can be absent. Each kind has up to
// two functions, both pure: Kind looks at the object alone, and KindAmong at the object and what is around it. What
// may change is said in the CRDs. What the API server checks by the schema isn't checked again, unless the answer
// is needed where no schema was asked. References to objects that don't exist are no mistake: manifests are applied
// in any order.
package validate
