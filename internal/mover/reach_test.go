// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/backend/local"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/mover"
	"kubestash.com/kubestash/tests/kit/tool"
)

func TestAStoreMayTakeItsTimeButNotForEver(t *testing.T) {
	for sentence, c := range map[string]struct {
		failures, waits int
		class           engine.Class
		want            engine.Class
	}{
		"the network of a young pod is not there yet": {2, 2, engine.ClassUnreachable, ""},
		"nobody ever answers":                         {99, 4, engine.ClassUnreachable, engine.ClassUnreachable},
		"a refusal does not get better by waiting":    {99, 0, engine.ClassDenied, engine.ClassDenied},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := newPod(t)
			p.write(filepath.Join(p.source, "f"), "x")
			waits, left := 0, c.failures
			report := mover.Run(t.Context(), p.backup(), mover.Deps{
				Find:   func(string) (backend.Backend, error) { return slow{class: c.class, left: &left}, nil },
				Engine: func(o restic.Options) (engine.Engine, error) { return restic.New(o) },
				Now:    time.Now,
				Wait:   func(context.Context, time.Duration) error { waits++; return nil },
				Out:    io.Discard, Log: slog.New(slog.DiscardHandler),
				TaskDir: p.taskDir, ScratchDir: p.scratch, Restic: tool.Path(t, "restic"),
			})
			if report.Repositories[0].Class != c.want || waits != c.waits {
				t.Errorf("got %+v after %d waits, want %q after %d", report, waits, c.want, c.waits)
			}
		})
	}
}

// slow is a volume whose listing fails at first.
type slow struct {
	local.Backend
	class engine.Class
	left  *int
}

func (s slow) Objects(spec storagev1alpha1.Backend, secret map[string][]byte) (backend.Objects, error) {
	objects, err := s.Backend.Objects(spec, secret)
	return slowObjects{objects, s}, err
}

type slowObjects struct {
	backend.Objects
	slow slow
}

func (s slowObjects) List(ctx context.Context, prefix string, each func(string) error) error {
	if *s.slow.left > 0 {
		*s.slow.left--
		return &engine.Error{Class: s.slow.class, Message: "no answer"}
	}
	return s.Objects.List(ctx, prefix, each)
}

func TestOnVolume(t *testing.T) {
	// The kernel mounts /proc everywhere; the second path has nothing but the root above it.
	if err := mover.OnVolume("/proc/no-such-folder/file"); err != nil {
		t.Errorf("below a mount: %v", err)
	}
	if err := mover.OnVolume("/no-such-folder/file"); err == nil {
		t.Error("a path on the root file system is taken for a volume")
	}
}
