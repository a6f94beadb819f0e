// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A key that is taken lies below its store, has one spelling, and nothing of it was lost on the way.
func FuzzCleanKey(f *testing.F) {
	for _, seed := range []string{"a/b", "/a//b/", "..", "a/../../b", "a/./b", "...", "a\x00b", `a\..\b`, "", "/", ".", " ", "${x}", "a/..b", strings.Repeat("a/", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		cleaned, err := CleanKey(key)
		if err != nil {
			if cleaned != "" {
				t.Errorf("%q is refused and becomes %q", key, cleaned)
			}
			return
		}
		if !filepath.IsLocal(cleaned) || cleaned != path.Clean(cleaned) || strings.HasPrefix(cleaned, "/") || strings.ContainsRune(cleaned, 0) {
			t.Errorf("%q became %q", key, cleaned)
		}
		if again, err := CleanKey(cleaned); err != nil || again != cleaned {
			t.Errorf("%q became %q, and that %q, %v", key, cleaned, again, err)
		}
		if within, err := CleanPrefix(key); err != nil || within != cleaned {
			t.Errorf("%q is the key %q and the prefix %q, %v", key, cleaned, within, err)
		}
	})
}
