// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/task"
)

// Priorities translates the CPU and disk priorities of container settings for a Task; nil means unchanged.
func Priorities(r *metav1alpha1.ContainerRuntimeSettings) (nice *int32, io *task.IONice) {
	if r == nil {
		return nil, nil
	}
	if r.Nice != nil {
		nice = r.Nice.Adjustment
	}
	if r.IONice != nil && r.IONice.Class != nil {
		io = &task.IONice{Class: *r.IONice.Class}
		if r.IONice.ClassData != nil {
			io.Level = *r.IONice.ClassData
		}
	}
	return nice, io
}
