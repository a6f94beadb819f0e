// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Entry is everything about one name in a tree that a backup has to bring back. Path, Target and LinkedWith are quoted as Go
// strings, since a file name need not be text.
type Entry struct {
	// Path is relative to the root, which itself is ".".
	Path string `json:"path"`
	// Type is file, folder, symlink, fifo, socket or device.
	Type string `json:"type"`
	// Mode is octal, with the set-id and sticky bits.
	Mode string `json:"mode"`
	UID  uint32 `json:"uid"`
	GID  uint32 `json:"gid"`
	// Modified is in seconds since 1970, with nine decimals.
	Modified string `json:"modified"`
	// Size and SHA256 are those of a file's content.
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// Target is where a symlink points.
	Target string `json:"target,omitempty"`
	// LinkedWith is the first name, in order, of the same file; empty for that name itself, and for a file with one name.
	LinkedWith string `json:"linkedWith,omitempty"`
	// Attributes are the extended attributes of users, in hex.
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Encode writes one line for each entry. Equal trees give equal bytes.
func Encode(w io.Writer, entries []Entry) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("encoding %s: %w", e.Path, err)
		}
	}
	return nil
}

// Decode reads what Encode wrote.
func Decode(r io.Reader) ([]Entry, error) {
	decoder := json.NewDecoder(bufio.NewReader(r))
	var entries []Entry
	for {
		var e Entry
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decoding entry %d of a tree: %w", len(entries)+1, err)
		}
		entries = append(entries, e)
	}
}

// Count says what is in a tree.
func Count(entries []Entry) (types map[string]int, bytes int64) {
	types = map[string]int{}
	for _, e := range entries {
		types[e.Type]++
		if e.LinkedWith == "" {
			bytes += e.Size
		}
	}
	return types, bytes
}

// Compare says in one line each what differs, in the order of paths; none means that the trees are equal. Names say
// what the trees are, as "before" and "after".
func Compare(names [2]string, one, other []Entry) []string {
	left, right := byPath(one), byPath(other)
	all := map[string]bool{}
	for path := range left {
		all[path] = true
	}
	for path := range right {
		all[path] = true
	}
	var differences []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		a, hasA := left[path]
		b, hasB := right[path]
		switch {
		case !hasB:
			differences = append(differences, fmt.Sprintf("%s: only %s", path, names[0]))
		case !hasA:
			differences = append(differences, fmt.Sprintf("%s: only %s", path, names[1]))
		default:
			differences = append(differences, fields(names, a, b)...)
		}
	}
	return differences
}

func byPath(entries []Entry) map[string]Entry {
	m := make(map[string]Entry, len(entries))
	for _, e := range entries {
		m[e.Path] = e
	}
	return m
}

func fields(names [2]string, a, b Entry) []string {
	var differences []string
	differ := func(what string, x, y any) {
		if x != y {
			differences = append(differences, fmt.Sprintf("%s: %s is %v %s and %v %s", a.Path, what, x, names[0], y, names[1]))
		}
	}
	differ("type", a.Type, b.Type)
	differ("mode", a.Mode, b.Mode)
	differ("owner", a.UID, b.UID)
	differ("group", a.GID, b.GID)
	differ("modification time", a.Modified, b.Modified)
	differ("size", a.Size, b.Size)
	differ("content (SHA-256)", a.SHA256, b.SHA256)
	differ("link target", a.Target, b.Target)
	differ("other name of the file", a.LinkedWith, b.LinkedWith)
	differ("extended attributes", fmt.Sprint(a.Attributes), fmt.Sprint(b.Attributes))
	return differences
}
