// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

import (
	"errors"
	"slices"

	"kubestash.com/kubestash/internal/domain/session"
	"kubestash.com/kubestash/internal/kube"
)

// unit finds what is done for a target.
func (g *gathered) unit(target string) *session.Unit {
	i := slices.IndexFunc(g.facts.Units, func(u session.Unit) bool { return u.Target == target })
	if i < 0 {
		return nil
	}
	return &g.facts.Units[i]
}

// targetOf names the target whose backups are kept in a Repository.
func (g *gathered) targetOf(repository string) string {
	for _, u := range g.facts.Units {
		if slices.ContainsFunc(u.Repositories, func(r session.Repository) bool { return r.Name == repository }) {
			return u.Target
		}
	}
	return ""
}

// unitError is what went wrong with one target; the others are none the worse for it.
type unitError struct {
	target string
	cause  error
}

func (e *unitError) Error() string { return e.cause.Error() }
func (e *unitError) Unwrap() error { return e.cause }

func of(target string, err error) error {
	if err == nil {
		return nil
	}
	return &unitError{target: target, cause: err}
}

// refused makes a fact of what can't be created and will not be by trying again: its target has failed, with
// these words. It reports whether it learned something.
func (g *gathered) refused(err error) bool {
	if !kube.IsRefused(err) {
		return false
	}
	told := []session.Problem{{Message: err.Error()}}
	var which *unitError
	if errors.As(err, &which) {
		if u := g.unit(which.target); u != nil && !slices.Equal(u.Problems, told) {
			u.Problems = told
			return true
		}
		return false
	}
	if slices.Equal(g.facts.Problems, told) {
		return false
	}
	g.facts.Problems = told
	return true
}
