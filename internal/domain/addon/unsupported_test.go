// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"strings"
	"testing"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

func TestWhatIsNotSupportedIsRefused(t *testing.T) {
	for sentence, c := range map[string]struct {
		executor addonsv1alpha1.TaskExecutor
		function addonsv1alpha1.FunctionSpec
		want     string
	}{
		"a Job":                            {addonsv1alpha1.TaskExecutorJob, addonsv1alpha1.FunctionSpec{}, ""},
		"a sidecar":                        {addonsv1alpha1.TaskExecutorSidecar, addonsv1alpha1.FunctionSpec{}, "task t has the executor Sidecar, which is not supported by this version"},
		"an image that nothing runs in":    {"", addonsv1alpha1.FunctionSpec{Image: "busybox"}, "function f has an image but no command"},
		"availableVersions are for people": {"", addonsv1alpha1.FunctionSpec{AvailableVersions: []string{"1"}}, ""},
	} {
		known := &addonsv1alpha1.Addon{}
		known.Name = "a"
		known.Spec.BackupTasks = []addonsv1alpha1.Task{{Name: "t", Function: "f", Executor: c.executor}}
		function := &addonsv1alpha1.Function{Spec: c.function}
		function.Name = "f"
		err := Check(Request{Addon: known, Functions: map[string]*addonsv1alpha1.Function{"f": function}, Direction: Backup, Task: corev1alpha1.TaskReference{Name: "t"}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", sentence, err, c.want)
		}
	}
}
