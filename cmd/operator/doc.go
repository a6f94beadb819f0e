// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command operator answers: with which flags does the control wing run, and on what?
//
// It parses flags, wires the manager and its controllers, and turns failures into exit codes. It holds
// no loop and no rule of the domain.
package main
