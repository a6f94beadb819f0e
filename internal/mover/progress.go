// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"encoding/json"
	"io"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// interval is the least time between two lines about one path: a little less than the second after which
// restic tells again, so that its ticks never fall just short of it.
const interval = 900 * time.Millisecond

// printer writes progress as lines of JSON. One path is worked on at a time, so it needs no lock.
type printer struct {
	out  io.Writer
	now  func() time.Time
	last map[string]time.Time
}

func newPrinter(out io.Writer, now func() time.Time) *printer {
	return &printer{out: out, now: now, last: map[string]time.Time{}}
}

// print drops what comes too soon; a line that can't be written is no failure of the work.
func (p *printer) print(repository string, progress engine.Progress) {
	key, now := repository+"\x00"+progress.Path, p.now()
	if last, ok := p.last[key]; ok && now.Sub(last) < interval {
		return
	}
	p.last[key] = now
	line, err := json.Marshal(task.ProgressLine{Progress: &progress, Repository: repository})
	if err != nil {
		return
	}
	_, _ = p.out.Write(append(line, '\n'))
}
