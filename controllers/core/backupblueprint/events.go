// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupblueprint

import (
	"fmt"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"kubestash.com/kubestash/internal/domain/blueprint"
)

// told remembers the last problem that each target's owner was told of, against telling it at each resync. It is
// a memory aid: losing it repeats one event.
type told struct {
	mutex sync.Mutex
	last  map[Request]string
}

func newTold() *told { return &told{last: map[Request]string{}} }

// isNews notes a message; an empty one forgets. It reports whether the message is another than the last.
func (t *told) isNews(req Request, message string) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if message == "" {
		delete(t.last, req)
		return false
	}
	if t.last[req] == message {
		return false
	}
	t.last[req] = message
	return true
}

func (r *Reconciler) tellProblem(target *metav1.PartialObjectMetadata, req Request, problem *blueprint.Problem) {
	if target == nil || problem == nil {
		r.told.isNews(req, "")
		return
	}
	if r.told.isNews(req, string(target.UID)+problem.Reason+problem.Message) {
		r.Recorder.Warning(target, problem.Reason, problem.Message)
	}
}

func (r *Reconciler) tellCreated(target *metav1.PartialObjectMetadata, name types.NamespacedName) {
	r.Recorder.Normal(target, blueprint.EventConfigurationCreated, fmt.Sprintf("Created BackupConfiguration %s.", name))
}

func (r *Reconciler) tellUpdated(target *metav1.PartialObjectMetadata, name types.NamespacedName, changes []string) {
	if len(changes) > 0 {
		r.Recorder.Normal(target, blueprint.EventConfigurationUpdated, fmt.Sprintf(
			"Changed BackupConfiguration %s: %s.", name, strings.Join(changes, ", ")))
	}
}

func (r *Reconciler) tellDeleted(target *metav1.PartialObjectMetadata, name types.NamespacedName) {
	if target != nil {
		r.Recorder.Normal(target, blueprint.EventConfigurationDeleted, fmt.Sprintf(
			"Deleted BackupConfiguration %s; its Repositories and Snapshots stay.", name))
	}
}
