// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"slices"
	"strings"
	"time"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

// Fit encodes a Report as a termination message, shortening it until it fits: first the words, then what can
// be found out again, and the ids of the snapshots last of all. It is never empty.
func Fit(r task.Report) string {
	r.Repositories = slices.Clone(r.Repositories)
	for _, shorten := range []func(*task.Report){
		func(*task.Report) {},
		words(400), words(160),
		func(r *task.Report) {
			each(r, func(e *task.RepositoryReport) { e.LocksRemoved = first(e.LocksRemoved, 3) })
		},
		forgotten(50), forgotten(20), forgotten(5),
		words(60),
		func(r *task.Report) { each(r, withoutTimes) },
		forgotten(0),
		words(20),
		func(r *task.Report) { each(r, func(e *task.RepositoryReport) { e.LocksRemoved = nil }) },
	} {
		shorten(&r)
		if message, err := task.EncodeReport(r); err == nil {
			return message
		}
	}
	// More paths than a message can name. The data is stored, but nobody would know where.
	message, err := task.EncodeReport(task.Report{
		Version: task.Version, Component: cut(r.Component, 100), Class: engine.ClassUnknown, StartTime: r.StartTime, EndTime: r.EndTime,
		Message: "the outcome does not fit into a termination message: back up fewer paths per session",
	})
	if err != nil {
		return `{"version":"` + task.Version + `","class":"` + string(engine.ClassUnknown) + `","message":"the outcome could not be encoded"}`
	}
	return message
}

func each(r *task.Report, change func(*task.RepositoryReport)) {
	for i := range r.Repositories {
		change(&r.Repositories[i])
	}
}

func words(limit int) func(*task.Report) {
	return func(r *task.Report) {
		r.Message = cut(r.Message, limit)
		each(r, func(e *task.RepositoryReport) {
			e.Message, e.Warning, e.ForgetError = cut(e.Message, limit), cut(e.Warning, limit), cut(e.ForgetError, limit)
		})
	}
}

func forgotten(limit int) func(*task.Report) {
	return func(r *task.Report) {
		each(r, func(e *task.RepositoryReport) { e.Forgotten = first(e.Forgotten, limit) })
	}
}

func first(list []string, limit int) []string {
	if len(list) <= limit {
		return list
	}
	return list[:limit]
}

func withoutTimes(e *task.RepositoryReport) {
	e.Summaries = slices.Clone(e.Summaries)
	for i := range e.Summaries {
		e.Summaries[i].StartTime = e.Summaries[i].StartTime.Truncate(time.Second)
		e.Summaries[i].EndTime = e.Summaries[i].EndTime.Truncate(time.Second)
	}
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit-len("…")], "") + "…"
}
