// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// ErrNotFound is in the chain of every error of Objects.Get that means "there is no such object".
var ErrNotFound = errors.New("object not found")

// IsNotFound reports whether err says that an object does not exist, as opposed to its bucket.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// CleanKey returns key in the one form in which members of this port use it: slash-separated, without
// slashes at the ends, dots or doubled slashes. A key that is empty or that climbs out of its store is an
// error: it comes from a field that a user wrote.
func CleanKey(key string) (string, error) {
	for element := range strings.SplitSeq(key, "/") {
		if element == ".." {
			return "", fmt.Errorf("cleaning key %q: it must not contain %q", key, "..")
		}
	}
	if strings.ContainsRune(key, 0) {
		return "", fmt.Errorf("cleaning key %q: it must not contain a NUL byte", key)
	}
	cleaned := strings.Trim(path.Clean("/"+key), "/")
	if cleaned == "" {
		return "", fmt.Errorf("cleaning key %q: it is empty", key)
	}
	return cleaned, nil
}

// CleanPrefix is CleanKey for a prefix, which may be empty.
func CleanPrefix(prefix string) (string, error) {
	if strings.Trim(prefix, "/.") == "" && !strings.Contains(prefix, "..") {
		return "", nil
	}
	return CleanKey(prefix)
}
