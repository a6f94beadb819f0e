// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schedule answers: when is the next time, and is this a schedule at all?
//
// A schedule is what a Kubernetes CronJob takes (five fields, or a descriptor such as @daily), read by the parser
// that the CronJob controller uses. In addition a field may be H: "some fixed value, the same on every day and
// after every restart, but another one for another key". H spreads the load that "*/5" in every example puts on
// one second of the clock. Resolve turns H into numbers before a CronJob is built.
//
//	H        one value of the field's range (days of the month: 1 to 28, so that every month has it)
//	H(a-b)   one value from a to b
//	H/n      every n, from a start below n
//	H(a-b)/n every n from a to b, from a start within the first n of them
package schedule
