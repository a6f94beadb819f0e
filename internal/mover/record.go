// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/snapshot"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// recordTime bounds the writing of a record after an end from outside.
const recordTime = 10 * time.Second

// record completes the Snapshot's document with this component's outcome and writes it beside the data.
func (w *work) record(ctx context.Context, r *repository, order task.Repository, out task.RepositoryReport, failure error, took time.Duration) error {
	if order.Record == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	var document storagev1alpha1.Snapshot
	if err := json.Unmarshal(order.Record.Snapshot, &document); err != nil {
		return invalid("reading the Snapshot that is to be recorded: %v", err)
	}
	outcome := snapshot.Outcome{
		Succeeded: failure == nil, Summaries: out.Summaries, Stats: out.Stats, Integrity: out.Integrity, Duration: took,
	}
	if failure != nil {
		outcome.Class, outcome.Message = engine.ClassOf(failure), message(failure)
	}
	if document.Status.Components == nil {
		document.Status.Components = map[string]storagev1alpha1.Component{}
	}
	outcome.Path = document.Status.Components[w.task.Component].Path
	document.Status.Components[w.task.Component] = snapshot.Component(outcome)
	now := metav1.NewTime(w.Now())
	if snapshot.Worked(document.Status) {
		snapshot.Record(&document.Status, nil, now)
	} else {
		snapshot.Summarize(&document.Status, now)
	}
	content, err := yaml.Marshal(document)
	if err != nil {
		return fmt.Errorf("encoding the Snapshot's record: %w", err)
	}
	return r.safe(r.objects.Put(ctx, order.Record.Path, content))
}

// recordRefusal records a backup that was refused before the repository was looked at. That this may fail
// too changes nothing for the one who reads the Report.
func (w *work) recordRefusal(ctx context.Context, index int, out *task.RepositoryReport, failure error) {
	order := w.task.Repositories[index]
	if order.Record == nil {
		return
	}
	r, err := w.open(index)
	if err != nil {
		return
	}
	defer r.close()
	if err := w.record(context.WithoutCancel(ctx), r, order, *out, failure, 0); err != nil {
		w.Log.Error("the Snapshot's record could not be written", "reason", message(err))
	}
}
