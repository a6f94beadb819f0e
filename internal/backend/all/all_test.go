// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package all_test

import (
	"strings"
	"testing"

	"kubestash.com/kubestash/internal/backend/all"
)

func TestFind(t *testing.T) {
	for _, b := range all.Backends() {
		if found, err := all.Find(b.Provider()); err != nil || found != b {
			t.Errorf("%s: %v, %v", b.Provider(), found, err)
		}
	}
	for _, provider := range []string{"", "azure", "swift"} {
		_, err := all.Find(provider)
		if err == nil || !strings.Contains(err.Error(), "local and s3") || !strings.Contains(err.Error(), provider) {
			t.Errorf("%q: %v", provider, err)
		}
	}
}
