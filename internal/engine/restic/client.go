// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kubestash.com/kubestash/internal/engine"
)

// Options say how to run restic on one repository.
type Options struct {
	// Binary is the path of the program.
	Binary string
	// URL is restic's --repo.
	URL string
	// PasswordFile names the file with the password. restic drops white space around its content.
	PasswordFile string
	// Environ is the environment to start from, as "name=value"; variables that would aim restic elsewhere
	// are taken out of it. Env is put over it; an empty value unsets a variable.
	Environ []string
	Env     map[string]string
	// GlobalArgs are put before the command.
	GlobalArgs []string
	// CacheDir is where the cache lives; empty means none.
	CacheDir string
	// TempDir is a writable folder, for temporary files and as home; empty leaves restic its defaults.
	TempDir string
	// Nice and IONice are restic's priorities; nil leaves them.
	Nice   *int
	IONice *IONice
	// RetryLock bounds how long a command waits for somebody else's lock; zero means DefaultRetryLock.
	RetryLock time.Duration
	// Grace is the time between SIGINT and SIGKILL; zero means 15 s.
	Grace time.Duration
	// MemoryLimit is the amount, in bytes, above which restic's runtime collects garbage eagerly; zero means none.
	MemoryLimit int64
	// GOGC is the garbage collector's target in percent; zero leaves the default. A low value costs time and
	// saves memory.
	GOGC int
	// Redact takes secrets out of a text that a person will read; nil means there are none.
	Redact func(string) string
}

// DefaultRetryLock outlasts a forget and a short check of somebody else, and is much less than any
// backup's deadline. A prune of a large repository takes longer: the Job's retry is for that.
const DefaultRetryLock = 2 * time.Minute

// Client is an engine.Engine. It may be used by several goroutines, as it only starts processes.
type Client struct {
	o Options
}

var _ engine.Engine = (*Client)(nil)

// New checks the options; it starts nothing.
func New(o Options) (*Client, error) {
	switch {
	case o.Binary == "":
		return nil, errors.New("setting up restic: no binary")
	case o.URL == "":
		return nil, errors.New("setting up restic: no repository")
	case o.PasswordFile == "":
		return nil, errors.New("setting up restic: no password file")
	}
	if o.RetryLock == 0 {
		o.RetryLock = DefaultRetryLock
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	return &Client{o: o}, nil
}

func (c *Client) redact(text string) string {
	if c.o.Redact == nil {
		return text
	}
	return c.o.Redact(text)
}

// collect runs a command that answers at once and returns its standard output.
func (c *Client) collect(ctx context.Context, doing string, args []string) ([]byte, error) {
	var out bytes.Buffer
	o := c.run(ctx, args, nil, func(line []byte) {
		out.Write(line)
		out.WriteByte('\n')
	})
	return out.Bytes(), c.failure(doing, o)
}

// Exists implements engine.Engine.
func (c *Client) Exists(ctx context.Context) (bool, error) {
	_, err := c.collect(ctx, "opening the repository", existsArgs())
	if engine.ClassOf(err) == engine.ClassAbsent {
		return false, nil
	}
	return err == nil, err
}

// Init implements engine.Engine. On S3, restic would create a missing bucket too: the caller proves first
// that there is one.
func (c *Client) Init(ctx context.Context) error {
	_, err := c.collect(ctx, "creating the repository", initArgs())
	return err
}

// Backup implements engine.Engine.
func (c *Client) Backup(ctx context.Context, req engine.BackupRequest, progress func(engine.Progress)) (engine.Summary, error) {
	name := firstOf(req.Path, req.StdinName)
	if (req.Path == "") == (req.Stdin == nil) {
		return engine.Summary{}, &engine.Error{Class: engine.ClassInvalidTask, Message: "exactly one of a path and a stream can be backed up"}
	}
	var summary *message
	o := c.run(ctx, backupArgs(req), req.Stdin, func(line []byte) {
		m, ok := decodeMessage(line)
		switch {
		case ok && m.Type == "summary":
			summary = &m
		case ok && m.Type == "status" && progress != nil:
			progress(engine.Progress{Path: name, SecondsElapsed: m.SecondsElapsed, TotalFiles: m.TotalFiles,
				FilesDone: m.FilesDone, TotalBytes: m.TotalBytes, BytesDone: m.BytesDone})
		}
	})
	err := c.failure("backing up "+name, o)
	// With exit code 3 restic keeps a snapshot of what it could store.
	if err != nil && (o.code != exitUnreadable || summary == nil) {
		return engine.Summary{}, err
	}
	if summary == nil {
		return engine.Summary{}, &engine.Error{Class: engine.ClassUnknown, Message: "backing up " + name + ": " + errNoSummary.Error()}
	}
	if summary.SnapshotID == "" {
		return engine.Summary{}, &engine.Error{Class: engine.ClassUnknown,
			Message: "backing up " + name + ": restic kept no snapshot; look at the arguments that were given to it"}
	}
	return engine.Summary{ID: summary.SnapshotID, Path: name, Files: summary.FilesProcessed, TotalBytes: summary.BytesProcessed,
		AddedBytes: summary.AddedPacked, StartTime: summary.BackupStart, EndTime: summary.BackupEnd}, err
}

// Restore implements engine.Engine. The mode, owner and times of the path itself are restored where the
// file system permits it; that it doesn't is no failure, as a volume's root often is not the pod's.
func (c *Client) Restore(ctx context.Context, req engine.RestoreRequest, progress func(engine.Progress)) (engine.RestoreSummary, error) {
	plan := planRestore(req)
	if plan.nothing {
		return engine.RestoreSummary{Path: req.Path}, nil
	}
	var summary *message
	o := c.run(ctx, restoreArgs(req.SnapshotID, plan, req.Args), nil, func(line []byte) {
		m, ok := decodeMessage(line)
		switch {
		case ok && m.Type == "summary":
			summary = &m
		case ok && m.Type == "status" && progress != nil:
			progress(engine.Progress{Path: req.Path, SecondsElapsed: m.SecondsElapsed, TotalFiles: m.TotalFiles,
				FilesDone: m.FilesRestored + m.FilesSkipped, TotalBytes: m.TotalBytes, BytesDone: m.BytesRestored + m.BytesSkipped})
		}
	})
	err := c.failure("restoring "+req.Path, o)
	if err != nil && (summary == nil || !o.stderr.onlyTop(plan.top)) {
		return engine.RestoreSummary{}, withPath(err, o, req)
	}
	if summary == nil {
		return engine.RestoreSummary{}, &engine.Error{Class: engine.ClassUnknown, Message: "restoring " + req.Path + ": " + errNoSummary.Error()}
	}
	return engine.RestoreSummary{Path: req.Path, Files: summary.TotalFiles, TotalBytes: summary.TotalBytes}, nil
}

// onlyTop reports whether all that failed was to set the restored path's own metadata.
func (c *complaint) onlyTop(top string) bool {
	if top == "" || len(c.items) == 0 || c.more > 0 || !strings.Contains(c.verdict, "errors") {
		return false
	}
	for _, e := range c.items {
		if e.item != top || !isPermission(e.text) {
			return false
		}
	}
	return true
}

// withPath tells a snapshot without the path from one that is there: restic says "path x: not found".
func withPath(err error, o outcome, req engine.RestoreRequest) error {
	if strings.HasPrefix(o.stderr.verdict, "path ") && strings.HasSuffix(o.stderr.verdict, ": not found") {
		return &engine.Error{Class: engine.ClassSnapshotMissing, Cause: err,
			Message: fmt.Sprintf("restoring %s: snapshot %.8s does not hold that path", req.Path, req.SnapshotID)}
	}
	return err
}

// Snapshots implements engine.Engine.
func (c *Client) Snapshots(ctx context.Context) ([]engine.Snapshot, error) {
	const doing = "listing the snapshots"
	out, err := c.collect(ctx, doing, snapshotsArgs())
	if err != nil {
		return nil, err
	}
	var list []snapshotJSON
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, unexpected(doing, err)
	}
	snapshots := make([]engine.Snapshot, 0, len(list))
	for _, s := range list {
		snapshots = append(snapshots, engine.Snapshot{ID: s.ID, Time: s.Time, Paths: s.Paths, Host: s.Hostname, Tags: s.Tags, Rewritten: s.Original != ""})
	}
	slices.SortStableFunc(snapshots, func(a, b engine.Snapshot) int { return a.Time.Compare(b.Time) })
	return snapshots, nil
}

// Forget implements engine.Engine. restic ends with 0 though it could not remove or even read a snapshot,
// so its words are read too.
func (c *Client) Forget(ctx context.Context, ids []string) error {
	const doing = "forgetting snapshots"
	for batch := range slices.Chunk(ids, forgetBatch) {
		o := c.run(ctx, forgetArgs(batch), nil, func([]byte) {})
		if err := c.failure(doing, o); err != nil {
			return err
		}
		if words := o.stderr.notForgotten(); words != "" {
			return &engine.Error{Class: classOfWords(words), Message: c.redact(bound(doing+": "+words, maxMessage))}
		}
	}
	return nil
}

// gone are the words with which the stores say that a snapshot isn't there, which is what was wanted.
var gone = []string{"no matching ID found", "no such file or directory", "specified key does not exist",
	"object doesn't exist", "BlobNotFound"}

func (c *complaint) notForgotten() string {
	for _, line := range c.words {
		if strings.Contains(line, "unable to remove") {
			return line
		}
		if !strings.HasPrefix(line, "Ignoring ") {
			continue
		}
		if !slices.ContainsFunc(gone, func(words string) bool { return strings.Contains(line, words) }) {
			return line
		}
	}
	return ""
}

// Stats implements engine.Engine.
func (c *Client) Stats(ctx context.Context) (engine.Stats, error) {
	const doing = "measuring the repository"
	out, err := c.collect(ctx, doing, statsArgs())
	if err != nil {
		return engine.Stats{}, err
	}
	var s statsJSON
	if err := json.Unmarshal(out, &s); err != nil {
		return engine.Stats{}, unexpected(doing, err)
	}
	return engine.Stats{RawBytes: s.TotalSize, Snapshots: s.SnapshotsCount}, nil
}

// Locks implements engine.Engine. A lock that vanishes between the listing and the look at it is left out.
func (c *Client) Locks(ctx context.Context) ([]engine.Lock, error) {
	const doing = "listing the locks"
	out, err := c.collect(ctx, doing, listLocksArgs())
	if err != nil {
		return nil, err
	}
	var locks []engine.Lock
	for _, id := range strings.Fields(string(out)) {
		content, err := c.collect(ctx, doing, catLockArgs(id))
		if err != nil {
			if class := engine.ClassOf(err); class == engine.ClassUnknown || class == engine.ClassSnapshotMissing {
				continue
			}
			return nil, err
		}
		var l lockJSON
		if err := json.Unmarshal(content, &l); err != nil {
			return nil, unexpected(doing, err)
		}
		locks = append(locks, engine.Lock{ID: id, Host: l.Hostname, PID: l.PID, Exclusive: l.Exclusive, Time: l.Time})
	}
	return locks, nil
}

func unexpected(doing string, err error) error {
	return &engine.Error{Class: engine.ClassUnknown, Message: doing + ": restic's answer is not what was expected: " + err.Error(), Cause: err}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
