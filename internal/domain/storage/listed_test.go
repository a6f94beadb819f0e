// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

func named(from, to int) []storagev1alpha1.RepositoryInfo {
	var out []storagev1alpha1.RepositoryInfo
	for i := from; i < to; i++ {
		out = append(out, storagev1alpha1.RepositoryInfo{Namespace: "shop", Name: fmt.Sprintf("repo-%05d", i), Path: fmt.Sprintf("shop/%05d", i), Synced: ptr.To(true)})
	}
	return out
}

func broken(of storagev1alpha1.RepositoryInfo, why string) storagev1alpha1.RepositoryInfo {
	of.Synced, of.Error = ptr.To(false), &why
	return of
}

func TestListed(t *testing.T) {
	long := strings.Repeat("x", 250)
	var longest []storagev1alpha1.RepositoryInfo
	for i := range 5000 {
		longest = append(longest, broken(storagev1alpha1.RepositoryInfo{Namespace: long, Name: fmt.Sprint(i, long), Path: strings.Repeat(long, 4)}, long))
	}
	for sentence, c := range map[string]struct {
		of    []storagev1alpha1.RepositoryInfo
		lists int
		// has are names that must be in it.
		has []string
	}{
		"none":                                    {nil, 0, nil},
		"one, however long":                       {[]storagev1alpha1.RepositoryInfo{{Name: "one", Path: strings.Repeat(long, 10_000)}}, 1, []string{"one"}},
		"as many as there is room for":            {named(0, 1000), 1000, []string{"repo-00000", "repo-00999"}},
		"of more, the first by name":              {named(0, 10_000), 1000, []string{"repo-00000", "repo-00999"}},
		"those with an error before all others":   {append(named(0, 3000), broken(named(9999, 10_000)[0], "broken")), 1000, []string{"repo-00000", "repo-00998", "repo-09999"}},
		"fewer of those that take a lot of space": {longest, 279, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			status := storagev1alpha1.BackupStorageStatus{Repositories: slices.Clone(c.of)}
			slices.Reverse(status.Repositories)
			Listed(&status)
			if len(status.Repositories) != c.lists || int(status.RepositoryCount) != len(c.of) {
				t.Errorf("%d of %d are listed", len(status.Repositories), status.RepositoryCount)
			}
			if !slices.IsSortedFunc(status.Repositories, byName) {
				t.Error("they are not sorted")
			}
			for _, name := range c.has {
				if !slices.ContainsFunc(status.Repositories, func(r storagev1alpha1.RepositoryInfo) bool { return r.Name == name }) {
					t.Errorf("%s isn't listed", name)
				}
			}
			if content, err := json.Marshal(status); err != nil || len(c.of) > 1 && len(content) > 600<<10 {
				t.Errorf("it takes %d bytes; %v", len(content), err)
			}
		})
	}
}

func TestRemember(t *testing.T) {
	status := storagev1alpha1.BackupStorageStatus{Repositories: named(0, 600)}
	if !Remember(&status, named(0, 1500)) || len(status.Repositories) != 1000 {
		t.Errorf("%d are listed", len(status.Repositories))
	}
	if Remember(&status, named(0, 1500)) {
		t.Error("a full list takes more")
	}
	isListed := Lists(status)
	if !isListed(named(999, 1000)[0]) || isListed(named(1000, 1001)[0]) {
		t.Error("it doesn't know what it lists")
	}
	status.Repositories = nil
	if Remember(&status, nil) || status.Repositories != nil {
		t.Error("nothing was added")
	}
}
