// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"encoding/json"
	"time"
)

// message is any line that restic prints with --json. The field names are restic's.
type message struct {
	Type string `json:"message_type"`

	// status, of backup and of restore
	SecondsElapsed int64 `json:"seconds_elapsed"`
	TotalFiles     int64 `json:"total_files"`
	FilesDone      int64 `json:"files_done"`
	FilesRestored  int64 `json:"files_restored"`
	FilesSkipped   int64 `json:"files_skipped"`
	TotalBytes     int64 `json:"total_bytes"`
	BytesDone      int64 `json:"bytes_done"`
	BytesRestored  int64 `json:"bytes_restored"`
	BytesSkipped   int64 `json:"bytes_skipped"`

	// summary of backup
	SnapshotID     string    `json:"snapshot_id"`
	FilesProcessed int64     `json:"total_files_processed"`
	BytesProcessed int64     `json:"total_bytes_processed"`
	AddedPacked    int64     `json:"data_added_packed"`
	BackupStart    time.Time `json:"backup_start"`
	BackupEnd      time.Time `json:"backup_end"`

	// summary of check
	NumErrors int64 `json:"num_errors"`

	// error, exit_error
	Item    string `json:"item"`
	During  string `json:"during"`
	Message string `json:"message"`
	Error   struct {
		Message string `json:"message"`
	} `json:"error"`
}

// decodeMessage returns false for a line that isn't a message; restic prints some in plain words.
func decodeMessage(line []byte) (message, bool) {
	var m message
	if len(line) == 0 || line[0] != '{' || json.Unmarshal(line, &m) != nil || m.Type == "" {
		return message{}, false
	}
	return m, true
}

type snapshotJSON struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	Paths    []string  `json:"paths"`
	Hostname string    `json:"hostname"`
	Tags     []string  `json:"tags"`
	// Original is there once "restic tag" or "restic rewrite" has put this snapshot in another one's place.
	Original string `json:"original"`
}

type statsJSON struct {
	TotalSize      int64 `json:"total_size"`
	SnapshotsCount int64 `json:"snapshots_count"`
}

type lockJSON struct {
	Time      time.Time `json:"time"`
	Exclusive bool      `json:"exclusive"`
	Hostname  string    `json:"hostname"`
	PID       int       `json:"pid"`
}
