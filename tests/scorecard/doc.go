// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command scorecard answers: does the operator that a bundle has installed do what it is for?
//
// "operator-sdk scorecard" starts it in a pod, once for each test that config/scorecard names, and reads a TestStatus
// from its output. A test makes a namespace of its own, uses the operator as its users do, and removes the namespace.
// The applications in it are this program, too: "plant" writes files and stays, "stay" only stays, "check"
// compares them.
//
// The operator must be there already: "make deploy-olm scorecard".
package main
