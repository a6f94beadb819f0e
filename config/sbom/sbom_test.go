// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is shipped is linked of these packages, in these modules.
var shipped = map[string]struct {
	folder   string
	packages []string
	atLeast  int
}{
	"operator and mover": {"../..", []string{"./cmd/operator", "./cmd/mover"}, 40},
	"restic":             {"../../tests/cluster/tools/restic", []string{"github.com/restic/restic/cmd/restic"}, 40},
}

func TestEveryModuleThatIsShippedHasALicenceThatMayBe(t *testing.T) {
	s, err := findSources()
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range shipped {
		for _, arch := range []string{"amd64", "arm64"} {
			t.Run(what+" for "+arch, func(t *testing.T) {
				parts := linked(t, c.folder, arch, c.packages)
				if len(parts) < c.atLeast {
					t.Fatalf("only %d modules", len(parts))
				}
				for _, p := range parts {
					if err := p.readLicences(s, allowed()); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// linked asks go which modules a build would link, without building.
func linked(t *testing.T, folder, arch string, packages []string) (parts []part) {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}} {{if .Version}}{{.Version}}{{else}}here{{end}}{{end}}"}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS=-mod=readonly", "GOWORK=off")
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, problem.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		if path, version, ok := strings.Cut(line, " "); ok {
			parts = append(parts, part{path: path, version: version})
		}
	}
	return append(parts, part{path: "std"})
}

const gpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by
the Free Software Foundation, either version 3 of the License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or
FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.

You should have received a copy of the GNU General Public License along with this program. If not, see <https://www.gnu.org/licenses/>.
`

func TestALicenceThatMayNotBeIsRefused(t *testing.T) {
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"one that is allowed":     {map[string]string{"LICENSE": string(apache)}, ""},
		"a notice beside it":      {map[string]string{"LICENSE": string(apache), "NOTICE.txt": "Made by somebody."}, ""},
		"none":                    {map[string]string{"README": "hello"}, "has no licence that is known"},
		"words of one's own":      {map[string]string{"LICENSE": "Nobody may use this on Mondays."}, "text that no known licence has"},
		"one with a clause added": {map[string]string{"LICENSE": string(apache) + strings.Repeat("\nNobody may sell this on Mondays, nor on Tuesdays.", 120)}, "text that no known licence has"},
		"one that isn't allowed":  {map[string]string{"LICENSE": string(apache), "COPYING": gpl}, "is under GPL-3.0-or-later"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sources{cache: t.TempDir()}
			p := part{path: "example.com/Some/thing", version: "v1.0.0"}
			folder := filepath.Join(s.cache, "example.com", "!some", "thing@v1.0.0")
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := p.readLicences(s, allowed())
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

// A real static binary of this repository, for another architecture than most machines that the test runs on.
func TestABinaryTellsWhatIsInIt(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "finish")
	cmd := exec.Command("go", "build", "-trimpath", "-o", file, "../manifests/finish")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var log strings.Builder
	if err := run(&log, folder, "2026-01-02T03:04:05Z", []string{"finish-arm64=" + file}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "finish-arm64.spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	known, names := map[string]bool{d.ID: true}, []string{}
	for _, p := range d.Packages {
		if known[p.ID] || p.LicenceDeclared == unknown {
			t.Errorf("%s comes twice or has no licence: %+v", p.ID, p)
		}
		known[p.ID] = true
		names = append(names, p.Name)
	}
	for _, r := range d.Relationships {
		if !known[r.From] || !known[r.To] {
			t.Errorf("a relationship to nothing: %+v", r)
		}
	}
	for _, want := range []string{"finish-arm64", ours, "sigs.k8s.io/yaml", "std"} {
		if !slices.Contains(names, want) {
			t.Errorf("%q lacks %s", names, want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "licenses", "std@"+d.Packages[len(d.Packages)-1].Version, "LICENSE")); err != nil {
		t.Error(err)
	}
	if err := run(&log, folder, "", []string{"finish-amd64=" + file}); err == nil || !strings.Contains(err.Error(), "is for arm64") {
		t.Errorf("one that is for another architecture than its name: %v", err)
	}
}
