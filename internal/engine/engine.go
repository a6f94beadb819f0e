// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"io"
	"time"
)

// Engine works on one repository: one set of keys, one index, one history.
// Every method may return an *Error; its Class says what a caller may conclude.
// In particular only ClassAbsent means "there is no repository": a wrong password or a network
// fault never does, so that it never leads to Init.
type Engine interface {
	// Exists reports whether the repository is there and opens with the password.
	// It returns false with a nil error only for an absent repository.
	Exists(ctx context.Context) (bool, error)
	// Init creates the repository. It fails when there is one already.
	Init(ctx context.Context) error
	// Backup stores one path, or one stream, and calls progress (may be nil) while it works.
	// When some files could not be read it returns the Summary of what was stored together with an
	// *Error of ClassUnreadable that names the first of them. The same goes for ClassDamaged when the
	// repository lost what it was to build upon. Nobody may rely on such a snapshot, but its id is told so
	// that it can be forgotten.
	Backup(ctx context.Context, req BackupRequest, progress func(Progress)) (Summary, error)
	// Restore writes one snapshot's path back.
	Restore(ctx context.Context, req RestoreRequest, progress func(Progress)) (RestoreSummary, error)
	// Snapshots lists what the repository holds, oldest first.
	Snapshots(ctx context.Context) ([]Snapshot, error)
	Keeper
}

// Keeper keeps a repository small and whole, and tells what it is like.
type Keeper interface {
	// Forget drops the snapshots with these ids; ids that are not there are not an error.
	// It frees no space: pruning is maintenance.
	Forget(ctx context.Context, ids []string) error
	// Check proves the repository's structure, and reads as much of the data as is asked for. Damage that it finds is
	// no error.
	Check(ctx context.Context, req CheckRequest) (CheckResult, error)
	// Prune frees the space of what no snapshot needs any more.
	Prune(ctx context.Context, req PruneRequest) (PruneSummary, error)
	// Stats measures the repository.
	Stats(ctx context.Context) (Stats, error)
	// Locks lists who holds the repository.
	Locks(ctx context.Context) ([]Lock, error)
}

// BackupRequest says what to store. Exactly one of Path and Stdin is set.
type BackupRequest struct {
	// Path is an absolute path in the pod.
	Path string
	// Stdin is a stream to be stored as StdinName.
	Stdin     io.Reader
	StdinName string
	// Host is the component's name; with the path it finds the parent snapshot.
	Host string
	// Exclude holds restic patterns.
	Exclude []string
	// Tags are put on the snapshot, so that it can be told whose it is.
	Tags []string
	// Args are the user's own, appended unchanged.
	Args []string
	// Time is recorded as the snapshot's time; zero means now.
	Time time.Time
}

// RestoreRequest says what to write back.
type RestoreRequest struct {
	// SnapshotID is the full id of a snapshot in this repository.
	SnapshotID string
	// Path is the path that was backed up; its content is written to Target.
	Path string
	// Target is an existing directory. Empty means Path itself.
	Target  string
	Include []string
	Exclude []string
	Args    []string
}

// Snapshot is one entry of a repository's history.
type Snapshot struct {
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	Paths []string  `json:"paths"`
	Host  string    `json:"host,omitempty"`
	Tags  []string  `json:"tags,omitempty"`
	// Rewritten says that somebody has changed it since it was stored, so that it has another id.
	Rewritten bool `json:"rewritten,omitempty"`
}

// Summary is what one Backup did.
type Summary struct {
	// ID is the new snapshot's full id.
	ID string `json:"id"`
	// Path is the path, or the stream's name, that was stored.
	Path string `json:"path"`
	// Files is the number of files that were looked at.
	Files int64 `json:"files,omitempty"`
	// TotalBytes is the size of all that the snapshot refers to.
	TotalBytes int64 `json:"totalBytes"`
	// AddedBytes is what was written to the repository, after compression.
	AddedBytes int64     `json:"addedBytes"`
	StartTime  time.Time `json:"startTime"`
	EndTime    time.Time `json:"endTime"`
}

// RestoreSummary is what one Restore did.
type RestoreSummary struct {
	Path string `json:"path"`
	// Files is the number of files and folders, the path itself among them.
	Files      int64 `json:"files,omitempty"`
	TotalBytes int64 `json:"totalBytes"`
}

// Progress is how far a Backup or a Restore is. It is printed by the mover as one JSON line.
type Progress struct {
	// Path is the path that is being worked on.
	Path           string `json:"path,omitempty"`
	SecondsElapsed int64  `json:"secondsElapsed"`
	// TotalFiles and TotalBytes grow while the tree is still being scanned. A Restore counts folders as files, a Backup doesn't.
	TotalFiles int64 `json:"totalFiles"`
	FilesDone  int64 `json:"filesDone"`
	TotalBytes int64 `json:"totalBytes"`
	BytesDone  int64 `json:"bytesDone"`
}

// CheckRequest says how much is read.
type CheckRequest struct {
	// ReadDataSubset is a part such as "3/52", a percentage or a size; empty reads no data.
	ReadDataSubset string
}

// CheckResult is what a check found.
type CheckResult struct {
	// Whole is false when there is damage; Damage says which, in the tool's own words.
	Whole  bool
	Damage string
}

// PruneRequest says how thoroughly space is freed.
type PruneRequest struct {
	// MaxUnused is how much may stay that nothing needs: a percentage, a size, or "unlimited"; empty means the engine's default.
	MaxUnused string
	// MaxRepackSize is how much may be written anew; empty means without a limit.
	MaxRepackSize string
}

// PruneSummary is what one Prune did.
type PruneSummary struct {
	// FreedBytes is what was freed; nil when the tool didn't say.
	FreedBytes *int64
}

// Stats measures a repository.
type Stats struct {
	// RawBytes is what the repository occupies in its store.
	RawBytes int64 `json:"rawBytes"`
	// Snapshots is the number of restic snapshots in it.
	Snapshots int64 `json:"snapshots"`
}

// Lock is one holder of a repository.
type Lock struct {
	ID string `json:"id"`
	// Host is the holder's host name: in a pod, the pod's name.
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Exclusive bool      `json:"exclusive"`
	Time      time.Time `json:"time"`
}
