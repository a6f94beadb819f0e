// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// maxChanges is how many changed fields an event lists.
const maxChanges = 10

// Changes lists the fields in which two specs, as decoded JSON, differ: "sessions[daily].scheduler.schedule". It
// names fields and tells no values: those may be long.
func Changes(before, after map[string]any) []string {
	var paths []string
	compare("", before, after, &paths)
	slices.Sort(paths)
	if len(paths) > maxChanges {
		more := len(paths) - maxChanges
		paths = append(paths[:maxChanges:maxChanges], fmt.Sprintf("and %d more", more))
	}
	return paths
}

func compare(path string, before, after any, paths *[]string) {
	if reflect.DeepEqual(before, after) {
		return
	}
	oldMap, oldIsMap := before.(map[string]any)
	newMap, newIsMap := after.(map[string]any)
	if oldIsMap && newIsMap {
		compareMaps(path, oldMap, newMap, paths)
		return
	}
	oldList, oldIsList := before.([]any)
	newList, newIsList := after.([]any)
	if oldIsList && newIsList {
		if a, b, ok := byName(oldList, newList); ok {
			compareMaps(path, a, b, paths)
			return
		}
	}
	*paths = append(*paths, strings.TrimPrefix(path, "."))
}

func compareMaps(path string, before, after map[string]any, paths *[]string) {
	keys := map[string]bool{}
	for key := range before {
		keys[key] = true
	}
	for key := range after {
		keys[key] = true
	}
	for key := range keys {
		below := path + "." + key
		if strings.HasPrefix(key, "[") {
			below = path + key
		}
		compare(below, before[key], after[key], paths)
	}
}

// byName turns two lists of named objects into maps, so that an item which moved is no change.
func byName(lists ...[]any) (map[string]any, map[string]any, bool) {
	maps := make([]map[string]any, 0, len(lists))
	for _, list := range lists {
		named := map[string]any{}
		for _, item := range list {
			object, _ := item.(map[string]any)
			name, ok := object["name"].(string)
			if !ok {
				return nil, nil, false
			}
			named["["+name+"]"] = item
		}
		maps = append(maps, named)
	}
	return maps[0], maps[1], true
}
