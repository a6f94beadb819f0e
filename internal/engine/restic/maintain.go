// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"context"
	"regexp"

	"kubestash.com/kubestash/internal/domain/size"
	"kubestash.com/kubestash/internal/engine"
)

// Check implements engine.Engine.
func (c *Client) Check(ctx context.Context, req engine.CheckRequest) (engine.CheckResult, error) {
	const doing = "checking the repository"
	var summary *message
	o := c.run(ctx, checkArgs(req), nil, func(line []byte) {
		if m, ok := decodeMessage(line); ok && m.Type == "summary" {
			summary = &m
		}
	})
	err := c.failure(doing, o)
	if err == nil {
		return engine.CheckResult{Whole: true}, nil
	}
	// A check that could not run at all counts one error too; its class tells the two apart.
	class := engine.ClassOf(err)
	if summary != nil && summary.NumErrors > 0 && o.code == 1 && (class == engine.ClassUnknown || class == engine.ClassDamaged) {
		return engine.CheckResult{Damage: c.redact(bound(o.stderr.say(o.code), maxDamage))}, nil
	}
	return engine.CheckResult{}, err
}

// maxDamage bounds what is kept of restic's words on damage: the first of them tell enough.
const maxDamage = 400

// freed is how restic sums a prune up. It knows no JSON for that.
var freed = regexp.MustCompile(`^total prune:\s+\d+ blobs / (\d+(?:\.\d+)? (?:B|KiB|MiB|GiB|TiB))\s*$`)

// Prune implements engine.Engine. What was freed is as exact as restic's own words, which have three decimals.
func (c *Client) Prune(ctx context.Context, req engine.PruneRequest) (engine.PruneSummary, error) {
	var summary engine.PruneSummary
	o := c.run(ctx, pruneArgs(req), nil, func(line []byte) {
		match := freed.FindSubmatch(ansi.ReplaceAll(line, nil))
		if match == nil {
			return
		}
		if bytes, err := size.Parse(string(match[1])); err == nil {
			summary.FreedBytes = &bytes
		}
	})
	if err := c.failure("pruning the repository", o); err != nil {
		return engine.PruneSummary{}, err
	}
	return summary, nil
}
