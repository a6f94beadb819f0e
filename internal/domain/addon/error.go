// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"fmt"
	"strings"
)

// UnknownTaskError says that an Addon has no such task in this direction.
type UnknownTaskError struct {
	Addon, Task string
	Direction   Direction
	// Known are the tasks that it has, in its order.
	Known []string
}

func (e *UnknownTaskError) Error() string {
	known := "it has none"
	if len(e.Known) > 0 {
		known = "it has " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("addon %s has no %s task %q: %s", e.Addon, strings.ToLower(string(e.Direction)), e.Task, known)
}

// UnknownFunctionError says that a task names a Function that doesn't exist.
type UnknownFunctionError struct {
	Addon, Task, Function string
}

func (e *UnknownFunctionError) Error() string {
	if e.Function == "" {
		return fmt.Sprintf("task %s of addon %s names no function", e.Task, e.Addon)
	}
	return fmt.Sprintf("function %s doesn't exist: task %s of addon %s needs it", e.Function, e.Task, e.Addon)
}

// ParameterError lists everything that is wrong with the parameters of a session.
type ParameterError struct {
	Addon, Task string
	Problems    []string
}

func (e *ParameterError) Error() string {
	return fmt.Sprintf("parameters of task %s of addon %s: %s", e.Task, e.Addon, strings.Join(e.Problems, "; "))
}
