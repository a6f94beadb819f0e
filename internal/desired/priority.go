// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"k8s.io/utils/ptr"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/task"
)

// bestEffort is the class of I/O scheduling that a level without a class is for.
const bestEffort = 2

// Priorities translates the CPU and disk priorities of container settings for a Task, from the weakest settings to
// the strongest; nil means unchanged.
func Priorities(from ...*metav1alpha1.ContainerRuntimeSettings) (nice *int32, io *task.IONice) {
	for _, r := range from {
		if r == nil {
			continue
		}
		if r.Nice != nil && r.Nice.Adjustment != nil {
			nice = r.Nice.Adjustment
		}
		if i := r.IONice; i != nil && (i.Class != nil || i.ClassData != nil) {
			io = &task.IONice{Class: ptr.Deref(i.Class, bestEffort), Level: ptr.Deref(i.ClassData, 0)}
		}
	}
	return nice, io
}
