// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"bytes"
	"context"
	"path"
	"strings"

	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// probeFile is written and removed again, to find out who may write.
const probeFile = ".kubestash-probe-"

// documentLimit bounds what is read of a document.
const documentLimit = 16 << 20

// initStorage proves that the storage can be written, and writes its documents where there are none yet. What lies there
// already is printed, to spare a pod of its own for that; the operator asks again when this goes wrong.
func (w *work) initStorage(ctx context.Context, report *task.Report) error {
	s, err := w.onlyStore()
	if err != nil {
		return err
	}
	defer s.close()
	if err := w.probe(ctx, s, ""); err != nil {
		return s.safe(err)
	}
	for _, file := range w.task.Files {
		// What is there may be of another cluster, and list what this one doesn't know.
		if _, err := s.objects.Get(ctx, file.Path, documentLimit); !backend.IsNotFound(err) {
			if err != nil {
				return s.safe(err)
			}
			continue
		}
		if err := s.objects.Put(ctx, file.Path, []byte(file.Content)); err != nil {
			return s.safe(err)
		}
		w.Log.Info("wrote a document", "path", file.Path)
	}
	if err := w.printDocuments(ctx, s, report); err != nil {
		w.Log.Error("the documents in the storage could not be printed", "reason", message(s.safe(err)))
	}
	return nil
}

// wipe erases what the task names. What is gone already is no failure, so that it can be repeated.
func (w *work) wipe(ctx context.Context) error {
	s, err := w.onlyStore()
	if err != nil {
		return err
	}
	defer s.close()
	for _, name := range w.task.Wipe {
		if strings.HasSuffix(name, "/") {
			err = s.objects.DeletePrefix(ctx, name)
		} else {
			err = s.objects.Delete(ctx, name)
		}
		if err != nil {
			return s.safe(err)
		}
		w.Log.Info("erased", "path", name)
	}
	return nil
}

func (w *work) onlyStore() (*store, error) {
	if w.task.Storage == nil {
		return nil, invalid("the task names no storage")
	}
	return w.openStore(*w.task.Storage)
}

func (w *work) probe(ctx context.Context, s *store, folder string) error {
	key := path.Join(folder, probeFile+w.Hostname)
	content := []byte("written by " + w.Hostname + " to find out whether it can be\n")
	if err := s.objects.Put(ctx, key, content); err != nil {
		return err
	}
	read, err := s.objects.Get(ctx, key, int64(len(content)))
	if err != nil {
		return err
	}
	if !bytes.Equal(read, content) {
		return &engine.Error{Class: engine.ClassDamaged, Message: "the store does not give back what was written to it"}
	}
	return s.objects.Delete(ctx, key)
}
