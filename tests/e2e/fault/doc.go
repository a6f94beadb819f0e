// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fault answers: what do users see when something breaks in the middle, and is the next run good without a human?
//
// The tests have the build tag fault, so that nothing runs them unasked. They break things on the machine's own cluster: they kill pods, the operator and
// the cluster's servers, and stand as a proxy before the S3 server. Each ends with the same question, aftermath: a
// run that is over, nothing left over, and a next run that is good. docs/faults.md says what was seen.
package fault
