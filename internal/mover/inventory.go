// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"errors"

	"kubestash.com/kubestash/internal/backend/inventory"
	"kubestash.com/kubestash/internal/task"
)

// printLimit is about how much one pod prints: a container's log is kept up to ten megabytes by default.
const printLimit = 2 << 20

// errPrinted ends a walk that goes on in the next pod.
var errPrinted = errors.New("enough was printed")

// readDocuments prints the documents in the storage to standard output, from where an earlier pod stopped.
func (w *work) readDocuments(ctx context.Context, report *task.Report) error {
	s, err := w.onlyStore()
	if err != nil {
		return err
	}
	defer s.close()
	return s.safe(w.printDocuments(ctx, s, report))
}

func (w *work) printDocuments(ctx context.Context, s *store, report *task.Report) error {
	out := task.NewDocumentWriter(w.Out)
	found := &task.Inventory{}
	err := inventory.Read(ctx, s.objects, w.task.After, inventory.Visitor{
		Folder: func(string) error { return nil },
		Document: func(d inventory.Document) error {
			if err := out.Write(task.Document{Key: d.Key, Content: d.Content, Problem: s.redactor.Text(d.Problem)}); err != nil {
				return err
			}
			found.Documents, found.After = found.Documents+1, d.Key
			if out.Written() > printLimit {
				return errPrinted
			}
			return nil
		},
	})
	if err == nil {
		found.After = ""
	}
	if err != nil && !errors.Is(err, errPrinted) {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	report.Inventory = found
	return nil
}
