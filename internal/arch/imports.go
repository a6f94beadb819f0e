// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// pkg is a package as the rules see it. Paths inside the module are relative to it.
type pkg struct {
	path string
	// imports are those of the files that are built; testImports those of test files only.
	imports, testImports []string
}

// checkImports returns what is wrong with a house, in sentences that name the import and the rule.
// graph holds the packages of the module, and whatever else is known; only the module's are checked.
func checkImports(graph []pkg, isOurs func(path string) bool) []string {
	var wrong []string
	for _, p := range graph {
		if !isOurs(p.path) {
			continue
		}
		home := roomOf(p.path)
		if home == nil {
			wrong = append(wrong, fmt.Sprintf("%s has no room: give it one in internal/arch/rooms.go, or a place in a room", p.path))
			continue
		}
		for _, imported := range p.imports {
			wrong = append(wrong, checkBans(p.path, imported)...)
			if isOurs(imported) {
				wrong = append(wrong, checkImport(p.path, home, imported)...)
			}
		}
		for _, imported := range p.testImports {
			if there := roomOf(imported); isOurs(imported) && there != nil && there.wing != outside && crosses(home.wing, there.wing) {
				wrong = append(wrong, fmt.Sprintf("a test of %s imports %s: from the %s nobody enters the %s",
					p.path, imported, home.wing, there.wing))
			}
		}
	}
	return append(wrong, checkDataWing(graph, isOurs)...)
}

func checkImport(from string, home *room, imported string) []string {
	there := roomOf(imported)
	if there == nil {
		// Its own line says so.
		return nil
	}
	if crosses(home.wing, there.wing) {
		return []string{fmt.Sprintf("%s imports %s: from the %s nobody enters the %s", from, imported, home.wing, there.wing)}
	}
	if isTestKit(imported) && home.wing != outside && !isTestKit(from) {
		return []string{fmt.Sprintf("%s imports %s: what tests share isn't built into a binary", from, imported)}
	}
	for _, list := range lists {
		if matches(list.to, imported) && !matches(list.from, from) && !inFamily(from, imported) {
			return []string{fmt.Sprintf("%s imports the list %s: %s", from, imported, list.reason)}
		}
	}
	if there.floor < home.floor || there.wing == outside && home.wing == outside || inFamily(from, imported) {
		return nil
	}
	return []string{fmt.Sprintf("%s (floor %d) imports %s (floor %d): an import goes to a strictly lower floor",
		from, home.floor, imported, there.floor)}
}

func checkBans(from, imported string) []string {
	var wrong []string
	for _, b := range bans {
		if imported != b.imported && !strings.HasPrefix(imported, b.imported+"/") {
			continue
		}
		if b.only != "" && !matches(b.only, from) || b.never != "" && matches(b.never, from) {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", from, imported, b.rule))
		}
	}
	return wrong
}

// checkDataWing follows imports to the end: what the hall brings along ends in the mover's binary too.
func checkDataWing(graph []pkg, isOurs func(string) bool) []string {
	byPath := map[string]pkg{}
	for _, p := range graph {
		byPath[p.path] = p
	}
	var wrong []string
	for _, p := range graph {
		if home := roomOf(p.path); !isOurs(p.path) || home == nil || home.wing != data {
			continue
		}
		for _, never := range dataWingNever {
			if way := wayTo(byPath, p.path, never); way != nil {
				wrong = append(wrong, fmt.Sprintf("%s depends on %s: the data wing never sees a Kubernetes client (%s)",
					p.path, way[len(way)-1], strings.Join(way, " → ")))
			}
		}
	}
	return wrong
}

// wayTo returns a shortest chain of imports to the package or one below it, nil when there is none.
func wayTo(byPath map[string]pkg, from, to string) []string {
	ways := map[string][]string{from: {from}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		way := ways[queue[0]]
		for _, next := range byPath[queue[0]].imports {
			if ways[next] != nil {
				continue
			}
			ways[next] = append(slices.Clip(way), next)
			if next == to || strings.HasPrefix(next, to+"/") {
				return ways[next]
			}
			queue = append(queue, next)
		}
	}
	return nil
}

func crosses(from, to wing) bool {
	return from != to && from != outside && to != hall
}

// isTestKit reports whether a package is one for tests, beside what it tests: a suite for the members of a port, or a
// stand-in.
func isTestKit(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(base, "test") && base == path.Base(path.Dir(name))+"test"
}

func inFamily(from, imported string) bool {
	if isTestKit(from) && imported == path.Dir(from) {
		return true
	}
	return slices.ContainsFunc(families, func(f family) bool {
		return matches(f.from, from) && matches(f.to, imported)
	})
}

func roomOf(name string) *room {
	for i := range rooms {
		if matches(rooms[i].pattern, name) {
			return &rooms[i]
		}
	}
	return nil
}

func matches(pattern, name string) bool {
	for _, one := range alternatives(pattern) {
		if folder, found := strings.CutSuffix(one, "/**"); found {
			if name == folder || strings.HasPrefix(name, folder+"/") {
				return true
			}
			continue
		}
		// The patterns are constants of this package, and a test reads each of them.
		if matched, err := path.Match(one, name); err == nil && matched {
			return true
		}
	}
	return false
}

// alternatives writes out every {a,b}, also where they nest.
func alternatives(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	depth, start := 0, open+1
	var parts []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				parts = append(parts, pattern[start:i])
				start = i + 1
			}
		case '}':
			depth--
			if depth > 0 {
				continue
			}
			var all []string
			for _, part := range append(parts, pattern[start:i]) {
				all = append(all, alternatives(pattern[:open]+part+pattern[i+1:])...)
			}
			return all
		}
	}
	return []string{pattern}
}
