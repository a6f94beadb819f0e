// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/internal/engine"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Version is the version of both documents. A mover refuses a Task of another version.
const Version = "v1"

// Paths inside the pod. The operator mounts them, the mover reads them.
const (
	// Dir holds the Task and the credential files; it is mounted read-only from a Secret.
	Dir = "/kubestash/task"
	// FileName is the Task's name under Dir.
	FileName = "task.json"
	// ScratchDir is a writable volume for restic's cache and temporary files.
	ScratchDir = "/kubestash-tmp"
)

// Kind says which work a Task asks for.
type Kind string

const (
	// KindBackup backs one component up into each of Repositories.
	KindBackup Kind = "Backup"
	// KindRestore writes one component back from the only entry of Repositories.
	KindRestore Kind = "Restore"
	// KindFinish forgets what retention dropped, and writes documents, once every component of a run is done. One
	// entry of Repositories is one component's restic repository, so a name can occur more than once.
	KindFinish Kind = "Finish"
	// KindMaintain checks and prunes. The entries of Repositories are restic repositories, each named by its path.
	KindMaintain Kind = "Maintain"
	// KindInitStorage writes those of Files that are not there yet into a volume backend, and proves that it can
	// be written.
	KindInitStorage Kind = "InitStorage"
	// KindWipe erases Wipe paths in a volume backend.
	KindWipe Kind = "Wipe"
	// KindReadDocuments prints the documents that lie in a volume backend, from After on, a bounded number of them.
	KindReadDocuments Kind = "ReadDocuments"
)

// Task is one order to one pod.
type Task struct {
	Version string `json:"version"`
	Kind    Kind   `json:"kind"`
	// Name is the session's name, for tags and messages.
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	// Component is the component's name: the restic host.
	Component string `json:"component,omitempty"`
	// Job is the name of the Job whose pod reads this Task. A lock that a pod of the same Job holds is
	// stale by construction: the Job replaces a pod only once it has ended.
	Job string `json:"job,omitempty"`
	// EndedJobs name earlier Jobs on the same data of which the operator has proved that no pod runs any
	// more: their locks are stale too. Empty means that nothing is known of earlier Jobs.
	EndedJobs []string `json:"endedJobs,omitempty"`
	// Repositories are worked on in this order. One failing doesn't stop the others.
	Repositories []Repository `json:"repositories,omitempty"`
	// Backup is set for KindBackup, Restore for KindRestore.
	Backup  *Backup  `json:"backup,omitempty"`
	Restore *Restore `json:"restore,omitempty"`
	// Maintain is set for KindMaintain.
	Maintain *Maintain `json:"maintain,omitempty"`
	// RetryLock is how long somebody else's lock is waited for; empty means the mover's own patience. It is set when the
	// holder is known, and how long it may take.
	RetryLock *metav1.Duration `json:"retryLock,omitempty"`
	// After is the last document that the operator has got already; empty for all.
	After string `json:"after,omitempty"`
	// Storage is set for KindInitStorage, KindWipe and KindReadDocuments, Files for the first.
	Storage *Storage `json:"storage,omitempty"`
	Files   []File   `json:"files,omitempty"`
	// Wipe has keys of documents; one that ends in a slash is a folder, with all below it.
	Wipe []string `json:"wipe,omitempty"`
	// EnableCache keeps restic's cache under ScratchDir; without it restic runs with no cache.
	EnableCache bool `json:"enableCache,omitempty"`
	// Deadline ends the work; empty means none.
	Deadline *metav1.Time `json:"deadline,omitempty"`
	// Nice and IONice set the priorities of restic; nil leaves them.
	Nice   *int32  `json:"nice,omitempty"`
	IONice *IONice `json:"ionice,omitempty"`
}

// IONice is the I/O scheduling class and level, as ionice(1) has them.
type IONice struct {
	Class int32 `json:"class"`
	Level int32 `json:"level,omitempty"`
}

// Storage says where bytes live. It holds no secret: CredentialsDir names a directory under Dir with
// one file per key of the storage's Secret, and is empty in credential-less mode.
type Storage struct {
	Backend        storagev1alpha1.Backend `json:"backend"`
	CredentialsDir string                  `json:"credentialsDir,omitempty"`
}

// Repository is one restic repository to work on.
type Repository struct {
	// Name and Snapshot name the Repository and Snapshot objects, for messages and Report.
	Name     string  `json:"name"`
	Snapshot string  `json:"snapshot"`
	Storage  Storage `json:"storage"`
	// Directory is the repository's place, relative to the storage's prefix or mount: the Repository's
	// path joined with the component's path.
	Directory string `json:"directory"`
	// PasswordFile names the file with the encryption password, relative to Dir. White space around the
	// password is not part of it, as for everything that restic reads from a file.
	PasswordFile string `json:"passwordFile"`
	// Forget lists ids that retention dropped. They are forgotten after a successful backup only.
	Forget []string `json:"forget,omitempty"`
	// Mark is a tag on all that this run stores here, and on nothing else: it tells what an earlier pod of the same Job,
	// which died before it could report, has stored. Empty means none.
	Mark string `json:"mark,omitempty"`
	// Untold are the marks of earlier runs of which nobody will report any more, and Known the beginnings of all restic ids
	// that somebody was told of. What bears such a mark and isn't known goes with the first backup that succeeds.
	Untold []string `json:"untold,omitempty"`
	Known  []string `json:"known,omitempty"`
	// Check asks for a check of the repository after the backup.
	Check bool `json:"check,omitempty"`
	// Before are files written into the storage before the work, and Record is written after it. They
	// are set for volume backends only: the operator itself writes to the others.
	Before []File  `json:"before,omitempty"`
	Record *Record `json:"record,omitempty"`
	// Remove are documents that go once Forget has been carried out, as those of the Snapshots that
	// retention dropped. Set for volume backends only.
	Remove []string `json:"remove,omitempty"`
}

// File is a small document in a storage, relative to its prefix or mount.
type File struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Record is the Snapshot object that a pod completes with its own component's outcome and writes
// beside the data, as YAML.
type Record struct {
	Path     string          `json:"path"`
	Snapshot json.RawMessage `json:"snapshot"`
}

// Backup says what to back up.
type Backup struct {
	// Paths are absolute; each becomes one restic snapshot.
	Paths   []string `json:"paths"`
	Exclude []string `json:"exclude,omitempty"`
	Args    []string `json:"args,omitempty"`
	// OnReadError is Fail (also when empty) or Warn: what unreadable files mean.
	OnReadError string `json:"onReadError,omitempty"`
	// PreviousFiles tells for a path how many files its last good snapshot had, so that a source that is
	// suddenly empty is noticed. A path that is not in it had none.
	PreviousFiles map[string]int64 `json:"previousFiles,omitempty"`
}

// Restore says what to write back.
type Restore struct {
	Snapshots []RestoreSnapshot `json:"snapshots"`
	// EmptyPaths are mounts that must hold no file yet: volumes that were there before and that nobody has named as a
	// target to be written over.
	EmptyPaths []string `json:"emptyPaths,omitempty"`
	Include    []string `json:"include,omitempty"`
	Exclude    []string `json:"exclude,omitempty"`
	Args       []string `json:"args,omitempty"`
}

// Maintain says what to do for the data's sake.
type Maintain struct {
	// Check asks for a check, which also reads ReadDataSubset of the data: "3/52", "5%", "10G"; empty means none of it.
	Check          bool   `json:"check,omitempty"`
	ReadDataSubset string `json:"readDataSubset,omitempty"`
	// Prune asks for a prune, which a check that finds damage prevents.
	Prune         bool   `json:"prune,omitempty"`
	MaxUnused     string `json:"maxUnused,omitempty"`
	MaxRepackSize string `json:"maxRepackSize,omitempty"`
}

// RestoreSnapshot is one restic snapshot and the path it holds.
type RestoreSnapshot struct {
	ID   string `json:"id"`
	Path string `json:"path"`
}

// Report is what a pod leaves behind.
type Report struct {
	Version   string `json:"version"`
	Component string `json:"component,omitempty"`
	// Succeeded is true only when every repository succeeded.
	Succeeded bool `json:"succeeded"`
	// Class and Message tell of a failure that isn't one repository's.
	Class   engine.Class `json:"class,omitempty"`
	Message string       `json:"message,omitempty"`
	// Repositories has one entry per Task.Repositories, by Name.
	Repositories []RepositoryReport `json:"repositories,omitempty"`
	// Inventory is set for KindReadDocuments.
	Inventory *Inventory  `json:"inventory,omitempty"`
	StartTime metav1.Time `json:"startTime"`
	EndTime   metav1.Time `json:"endTime"`
}

// RepositoryReport is the outcome for one repository.
type RepositoryReport struct {
	Name      string       `json:"name"`
	Snapshot  string       `json:"snapshot,omitempty"`
	Succeeded bool         `json:"succeeded"`
	Class     engine.Class `json:"class,omitempty"`
	Message   string       `json:"message,omitempty"`
	// Warning tells what was kept although some files could not be read.
	Warning string `json:"warning,omitempty"`
	// Summaries has one entry per path that was stored.
	Summaries []engine.Summary        `json:"summaries,omitempty"`
	Restored  []engine.RestoreSummary `json:"restored,omitempty"`
	Stats     *engine.Stats           `json:"stats,omitempty"`
	// Integrity is nil when no check was asked for.
	Integrity *bool `json:"integrity,omitempty"`
	// Pruned is nil when it was not pruned.
	Pruned *Pruned `json:"pruned,omitempty"`
	// Created is true when this pod created the restic repository.
	Created bool `json:"created,omitempty"`
	// Forgotten are the ids of Task.Repositories[].Forget that are gone now. A report that would not fit
	// otherwise leaves out those at the end: what isn't named here is asked for again.
	Forgotten []string `json:"forgotten,omitempty"`
	// ForgetError tells why retention could not be applied; the backup itself stands.
	ForgetError string `json:"forgetError,omitempty"`
	// LocksRemoved tells whose stale locks were removed.
	LocksRemoved []string `json:"locksRemoved,omitempty"`
}

// Pruned is what a prune did.
type Pruned struct {
	// FreedBytes is what was freed; nil when that is not known.
	FreedBytes *int64 `json:"freedBytes,omitempty"`
}

// ProgressLine is one line of a pod's standard output.
type ProgressLine struct {
	// Progress is the marker by which such a line is told from others.
	Progress   *engine.Progress `json:"progress"`
	Repository string           `json:"repository,omitempty"`
}
