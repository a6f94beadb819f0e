// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import "bytes"

// maxLine bounds one line of restic's output. Only a listing of many thousand snapshots comes near it.
const maxLine = 64 << 20

// lineWriter hands on whole lines of what is written to it, in whatever pieces that comes. A line longer
// than limit is dropped and counted, not kept: a hostile file name must not exhaust the pod.
type lineWriter struct {
	limit   int
	each    func(line []byte)
	buf     []byte
	skip    bool
	dropped int
}

func (w *lineWriter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			w.keep(p)
			break
		}
		w.keep(p[:end])
		w.Flush()
		p = p[end+1:]
	}
	return written, nil
}

func (w *lineWriter) keep(piece []byte) {
	if w.skip {
		return
	}
	if len(w.buf)+len(piece) > w.limit {
		w.skip = true
		w.dropped++
		w.buf = nil
		return
	}
	w.buf = append(w.buf, piece...)
}

// Flush hands on what has no newline yet; a process may end without one.
func (w *lineWriter) Flush() {
	line := bytes.TrimRight(w.buf, "\r")
	if !w.skip && len(bytes.TrimSpace(line)) > 0 {
		w.each(line)
	}
	w.buf, w.skip = w.buf[:0], false
}
