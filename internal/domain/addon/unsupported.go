// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"fmt"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
)

// unsupported says what a task or its Function asks for and this version would not do.
func unsupported(task *addonsv1alpha1.Task, function *addonsv1alpha1.Function) error {
	if task.Executor != "" && task.Executor != addonsv1alpha1.TaskExecutorJob {
		return fmt.Errorf("task %s has the executor %s, which is not supported by this version; a Job can do it", task.Name, task.Executor)
	}
	if function.Spec.Image != "" && !runs(function) {
		return fmt.Errorf("function %s has an image but no command, so the mover's own image would run; remove the image, or add a command", function.Name)
	}
	return nil
}
