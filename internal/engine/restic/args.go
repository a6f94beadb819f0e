// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"path"
	"time"

	"kubestash.com/kubestash/internal/engine"
)

// timeFormat is how restic reads a point in time, in the zone of its process, which is always UTC here.
const timeFormat = "2006-01-02 15:04:05"

// forgetBatch bounds the ids of one forget, so that a long list does not exceed what a command line may hold.
const forgetBatch = 200

// globalArgs precede every command. Waiting for a lock is bounded, never forbidden and never endless.
func globalArgs(o Options) []string {
	args := []string{
		"--repo", o.URL,
		"--password-file", o.PasswordFile,
		"--json",
		"--retry-lock", o.RetryLock.String(),
	}
	if o.CacheDir == "" {
		args = append(args, "--no-cache")
	} else {
		args = append(args, "--cache-dir", o.CacheDir, "--cleanup-cache")
	}
	return append(args, o.GlobalArgs...)
}

// The commands that only read metadata pass --no-lock: they may run beside a prune, and they must answer
// when somebody else's lock is what is being asked about.
func existsArgs() []string             { return []string{"cat", "config", "--no-lock"} }
func initArgs() []string               { return []string{"init"} }
func snapshotsArgs() []string          { return []string{"snapshots", "--no-lock"} }
func statsArgs() []string              { return []string{"stats", "--mode", "raw-data", "--no-lock"} }
func listLocksArgs() []string          { return []string{"list", "locks", "--no-lock"} }
func catLockArgs(id string) []string   { return []string{"cat", "lock", id, "--no-lock"} }
func forgetArgs(ids []string) []string { return append([]string{"forget"}, ids...) }

func checkArgs(req engine.CheckRequest) []string {
	args := []string{"check"}
	if req.ReadDataSubset != "" {
		args = append(args, "--read-data-subset", req.ReadDataSubset)
	}
	return args
}

func pruneArgs(req engine.PruneRequest) []string {
	args := []string{"prune"}
	if req.MaxUnused != "" {
		args = append(args, "--max-unused", req.MaxUnused)
	}
	if req.MaxRepackSize != "" {
		args = append(args, "--max-repack-size", req.MaxRepackSize)
	}
	return args
}

func backupArgs(req engine.BackupRequest) []string {
	args := []string{"backup"}
	if req.Host != "" {
		args = append(args, "--host", req.Host)
	}
	for _, tag := range req.Tags {
		args = append(args, "--tag", tag)
	}
	if !req.Time.IsZero() {
		args = append(args, "--time", req.Time.UTC().Round(time.Second).Format(timeFormat))
	}
	for _, pattern := range req.Exclude {
		args = append(args, "--exclude", pattern)
	}
	if req.Stdin != nil {
		args = append(args, "--stdin", "--stdin-filename", req.StdinName)
		return append(args, req.Args...)
	}
	args = append(args, req.Args...)
	return append(args, "--", req.Path)
}

// restorePlan is one restore as restic can do it.
type restorePlan struct {
	// subfolder of the snapshot whose content is written to target.
	subfolder string
	target    string
	// top is how restic names the restored path itself in its messages; empty when it isn't a node of the
	// restore, because only its content is.
	top string
	// include and exclude are rewritten to be relative to subfolder.
	include, exclude []string
	// nothing is true when the patterns select nothing, whatever the snapshot holds.
	nothing bool
}

// planRestore chooses the parent of the path as the subfolder: so the path's own mode, owner and times
// come back too, and nothing above it is touched, as restic leaves the target of a restore alone. (With
// target / restic would set the metadata of every parent, which fails on a read-only root.) The parent
// holds nothing but the path, as a snapshot has one path only.
func planRestore(req engine.RestoreRequest) restorePlan {
	from := path.Clean("/" + req.Path)
	plan := restorePlan{subfolder: path.Dir(from), target: path.Dir(from)}
	if from != "/" {
		plan.top = "/" + path.Base(from)
	}
	if req.Target != "" && path.Clean(req.Target) != from {
		plan.subfolder, plan.target, plan.top = from, path.Clean(req.Target), ""
	}
	include, everything := rebase(req.Include, plan.subfolder)
	if !everything {
		plan.include = include
		plan.nothing = len(req.Include) > 0 && len(include) == 0
	}
	exclude, all := rebase(req.Exclude, plan.subfolder)
	plan.exclude = exclude
	plan.nothing = plan.nothing || all
	return plan
}

func restoreArgs(id string, plan restorePlan, args []string) []string {
	source := id
	if plan.subfolder != "/" {
		source = id + ":" + plan.subfolder
	}
	out := []string{"restore", source, "--target", plan.target}
	for _, pattern := range plan.include {
		out = append(out, "--include", pattern)
	}
	for _, pattern := range plan.exclude {
		out = append(out, "--exclude", pattern)
	}
	return append(out, args...)
}
