// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// Entry is what lies right below a folder.
type Entry struct {
	Name     string
	IsFolder bool
}

// Browser is a store that can look into one folder without listing all that lies below it. A member of the port that
// doesn't implement it is listed instead.
type Browser interface {
	// Browse calls each with what lies right below the folder, in no particular order, and stops with its error. A
	// missing folder is empty.
	Browse(ctx context.Context, folder string, each func(Entry) error) error
}

// Browse returns what lies right below a folder, sorted by name.
func Browse(ctx context.Context, objects Objects, folder string) ([]Entry, error) {
	found := map[Entry]bool{}
	take := func(e Entry) error {
		found[e] = true
		return nil
	}
	var err error
	if browser, ok := objects.(Browser); ok {
		err = browser.Browse(ctx, folder, take)
	} else {
		err = browseList(ctx, objects, folder, take)
	}
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }), nil
}

func browseList(ctx context.Context, objects Objects, folder string, each func(Entry) error) error {
	within, err := CleanPrefix(folder)
	if err != nil {
		return err
	}
	if within != "" {
		within += "/"
	}
	return objects.List(ctx, within, func(key string) error {
		rest, below := strings.CutPrefix(key, within)
		if !below || rest == "" {
			return nil
		}
		name, _, isFolder := strings.Cut(rest, "/")
		return each(Entry{Name: name, IsFolder: isFolder})
	})
}
