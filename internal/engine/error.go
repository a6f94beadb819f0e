// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import "errors"

// Class is what a failure means to the one who must act on it.
type Class string

const (
	// ClassAbsent: there is no repository at this place.
	ClassAbsent Class = "RepositoryAbsent"
	// ClassLocked: somebody else holds the repository.
	ClassLocked Class = "RepositoryLocked"
	// ClassPassword: the password opens none of the repository's keys.
	ClassPassword Class = "WrongPassword"
	// ClassUnreadable: some source files could not be read.
	ClassUnreadable Class = "SourceUnreadable"
	// ClassPathMissing: the path to be backed up does not exist.
	ClassPathMissing Class = "PathNotFound"
	// ClassSourceEmpty: the source holds no file though the last snapshot held some.
	ClassSourceEmpty Class = "SourceEmpty"
	// ClassBucketMissing: the bucket or container does not exist.
	ClassBucketMissing Class = "BucketNotFound"
	// ClassDenied: the store refused the credentials.
	ClassDenied Class = "AccessDenied"
	// ClassUnreachable: DNS, connection or time-out.
	ClassUnreachable Class = "BackendUnreachable"
	// ClassTLS: the certificate could not be verified.
	ClassTLS Class = "TLSVerificationFailed"
	// ClassStorageFull: no space is left in the store, or on the target's volume.
	ClassStorageFull Class = "NoSpaceLeft"
	// ClassSnapshotMissing: the repository has no such snapshot.
	ClassSnapshotMissing Class = "SnapshotNotFound"
	// ClassInterrupted: the work was stopped before its end.
	ClassInterrupted Class = "Interrupted"
	// ClassOutOfMemory: the kernel killed the worker.
	ClassOutOfMemory Class = "OutOfMemory"
	// ClassProducer: the command that produces a stream failed.
	ClassProducer Class = "ProducerFailed"
	// ClassDamaged: the repository's structure does not hold.
	ClassDamaged Class = "RepositoryDamaged"
	// ClassInvalidTask: the order itself can't be carried out.
	ClassInvalidTask Class = "InvalidTask"
	// ClassUnknown: none of the above; the message holds the tool's own words.
	ClassUnknown Class = "Failed"
)

// Error is a failure with a meaning. Message is for a person and holds no secret.
type Error struct {
	Class   Class
	Message string
	// Cause is the underlying error, if there is one.
	Cause error
}

func (e *Error) Error() string { return string(e.Class) + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Cause }

// ClassOf returns the class of the first *Error in err's chain, and ClassUnknown when there is none.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassUnknown
}
