// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backend_test

import (
	"errors"
	"fmt"
	"testing"

	"kubestash.com/kubestash/internal/backend"
)

func TestCleanKey(t *testing.T) {
	for sentence, c := range map[string]struct {
		key, want string
		refused   bool
	}{
		"a clean key stays":                 {key: "demo/app/repository.yaml", want: "demo/app/repository.yaml"},
		"slashes at the ends are no names":  {key: "/demo/app/", want: "demo/app"},
		"doubled slashes and dots are none": {key: "demo//./app", want: "demo/app"},
		"dots may be part of a name":        {key: "a..b/...", want: "a..b/..."},
		"spaces are kept":                   {key: "pre fix/ x", want: "pre fix/ x"},
		"it must not climb":                 {key: "../x", refused: true},
		"not even within":                   {key: "a/../b", refused: true},
		"nor at the end":                    {key: "a/..", refused: true},
		"nothing is no key":                 {key: "", refused: true},
		"a slash is no key":                 {key: "//", refused: true},
		"a dot is no key":                   {key: ".", refused: true},
		"a NUL byte ends names in C":        {key: "a\x00b", refused: true},
	} {
		got, err := backend.CleanKey(c.key)
		if got != c.want || (err != nil) != c.refused {
			t.Errorf("%s: CleanKey(%q) = %q, %v", sentence, c.key, got, err)
		}
		prefix, err := backend.CleanPrefix(c.key)
		isEmpty := c.key == "" || c.key == "//" || c.key == "."
		if prefix != c.want || (err != nil) != (c.refused && !isEmpty) {
			t.Errorf("%s: CleanPrefix(%q) = %q, %v", sentence, c.key, prefix, err)
		}
	}
}

func TestIsNotFound(t *testing.T) {
	if !backend.IsNotFound(fmt.Errorf("reading x: %w", backend.ErrNotFound)) || backend.IsNotFound(errors.New("x")) || backend.IsNotFound(nil) {
		t.Error("a missing object is not told from others")
	}
}
