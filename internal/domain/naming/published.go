// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"regexp"
	"strconv"
	"strings"
)

// The prefixes of published names.
const (
	PrefixTrigger         = "trigger"
	PrefixTriggerVerifier = "trigger-verifier"
	PrefixInit            = "init"
	PrefixSync            = "sync"
	PrefixUpload          = "upload"
	PrefixCleanup         = "cleanup"
	PrefixRetentionPolicy = "retentionpolicy"
	PrefixPopulate        = "populate"
	PrefixPrime           = "prime"
)

var timestamped = regexp.MustCompile(`^(.*)-([0-9]+)$`)

// CronJob names the CronJob that triggers one session of a BackupConfiguration.
func CronJob(backupConfiguration, session string) string {
	return Join(CronJobLimit, PrefixTrigger, backupConfiguration, session)
}

// BackupSession names one run of an invoker's session; unix is its time in seconds.
func BackupSession(invoker, session string, unix int64) string {
	return Join(Limit, invoker, session, strconv.FormatInt(unix, 10))
}

// Snapshot names what a BackupSession leaves in a Repository. The time at the end of the BackupSession's name
// survives a cut, because it is at the end here too.
func Snapshot(repository, backupSession string) string {
	if match := timestamped.FindStringSubmatch(backupSession); match != nil {
		return Join(Limit, repository, match[1], match[2])
	}
	return Join(Limit, repository, backupSession)
}

// Job names the Job that backs up one component. A session with a single component has a single Job, and that
// is named as the session, as published.
func Job(backupSession, component string, components int) string {
	return jobOf(backupSession, component, components)
}

// TargetRun names what is made once for a target of a BackupSession, such as its Secret. Target is the target's name
// among several; for the only one, which has none, it is the BackupSession's own name.
func TargetRun(backupSession, target string) string {
	if target == "" {
		return backupSession
	}
	return Child(backupSession, target)
}

// TargetJob names the Job that backs up one component of a target.
func TargetJob(backupSession, target, component string, components int) string {
	if target == "" {
		return Job(backupSession, component, components)
	}
	return Child(backupSession, target, component)
}

// TargetRetentionPolicyJob names the Job that forgets what retention has dropped in a target's Repositories.
func TargetRetentionPolicyJob(backupSession, target string) string {
	if target == "" {
		return RetentionPolicyJob(backupSession)
	}
	return Child(PrefixRetentionPolicy, backupSession, target)
}

// RestoreJob names the Job that restores one component; a single one is named as the RestoreSession.
func RestoreJob(restoreSession, component string, components int) string {
	return jobOf(restoreSession, component, components)
}

// InitJob names the Job that initialises a BackupStorage on a volume.
func InitJob(backupStorage string) string {
	return Prefixed(Limit, PrefixInit, backupStorage)
}

// SyncJob names the Job that reads the documents of a BackupStorage on a volume.
func SyncJob(backupStorage string) string {
	return Prefixed(Limit, PrefixSync, backupStorage)
}

// UploadJob names the Job that writes the documents of an object to a storage on a volume.
func UploadJob(name string) string {
	return Prefixed(Limit, PrefixUpload, name)
}

// CleanupJob names the Job that erases a BackupStorage's data.
func CleanupJob(backupStorage string) string {
	return Prefixed(Limit, PrefixCleanup, backupStorage)
}

// RetentionPolicyJob names the Job that forgets what retention has dropped after a BackupSession.
func RetentionPolicyJob(backupSession string) string {
	return Prefixed(Limit, PrefixRetentionPolicy, backupSession)
}

// MaintenanceJob names the Job that checks and prunes a Repository; unix is the second after the last one was started,
// or, for the first, when the Repository was made. So the name stays the same until the Job is there, and none comes
// twice: a lock of a Job that has ended is nobody's for ever.
func MaintenanceJob(repository string, unix int64) string {
	return Child("maintain", repository, strconv.FormatInt(unix, 10))
}

// VolumeSnapshot names the VolumeSnapshot of a PersistentVolumeClaim; unix is its session's time in seconds.
func VolumeSnapshot(claim string, unix int64) string {
	return Join(Limit, claim, strconv.FormatInt(unix, 10))
}

// BlueprintConfiguration names the BackupConfiguration that a blueprint makes for a target. Outside the target's
// namespace its name starts with that namespace. Published names have no cut; past 63 bytes, where labels made
// of the name would no longer be valid, it is shortened with a hash.
func BlueprintConfiguration(kind, targetName, targetNamespace string, inTargetNamespace bool) string {
	kind = strings.ToLower(kind)
	if inTargetNamespace {
		return Child(kind, targetName)
	}
	return Child(targetNamespace, kind, targetName)
}

func jobOf(session, component string, components int) string {
	if components <= 1 {
		return Child(session)
	}
	return Child(session, component)
}

// HookJob names the Job of one attempt of a hook.
func HookJob(session, stage string, index int, attempt int32) string {
	return Child("hook", session, stage, strconv.Itoa(index), strconv.Itoa(int(attempt)))
}
