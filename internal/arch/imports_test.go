// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func TestImports(t *testing.T) {
	type graph map[string][]string
	for sentence, row := range map[string]struct {
		imports, testImports graph
		want                 []string
	}{
		"a house in order": {imports: graph{
			"api/core/v1alpha1":              {"api/meta/v1alpha1", "api/storage/v1alpha1", "k8s.io/apimachinery/pkg/runtime"},
			"internal/domain/session":        {"api/core/v1alpha1", "internal/domain/naming", "internal/domain/snapshot"},
			"internal/backend/s3":            {"internal/backend", "internal/engine"},
			"internal/backend/all":           {"internal/backend", "internal/backend/s3"},
			"internal/desired":               {"internal/domain/session", "internal/task"},
			"controllers/core/backupsession": {"internal/desired", "internal/kube", "sigs.k8s.io/controller-runtime"},
			"controllers":                    {"controllers/core/backupsession"},
			"internal/mover":                 {"internal/engine", "internal/task", "os/exec"},
			"cmd/operator":                   {"controllers", "internal/backend/all", "crypto/rand"},
			"cmd/mover":                      {"internal/mover", "internal/engine/restic", "internal/backend/all"},
			"tests/integration":              {"controllers", "internal/mover", "tests/kit"},
		}},
		"a leaf imports another": {
			imports: graph{"internal/domain/schedule": {"internal/domain/naming"}},
			want:    []string{"internal/domain/schedule (floor 0) imports internal/domain/naming (floor 0): an import goes to a strictly lower floor"}},
		"an arrow goes up": {
			imports: graph{"internal/desired": {"controllers/core/trigger"}},
			want:    []string{"internal/desired (floor 2) imports controllers/core/trigger (floor 3): an import goes to a strictly lower floor"}},
		"two controllers": {
			imports: graph{"controllers/core/backupsession": {"controllers/core/trigger"}},
			want:    []string{"controllers/core/backupsession (floor 3) imports controllers/core/trigger (floor 3): an import goes to a strictly lower floor"}},
		"two stores": {
			imports: graph{"internal/backend/s3": {"internal/backend/gcs"}},
			want:    []string{"internal/backend/s3 (floor 1) imports internal/backend/gcs (floor 1): an import goes to a strictly lower floor"}},
		"a port knows a member": {
			imports: graph{"internal/backend": {"internal/backend/s3"}},
			want:    []string{"internal/backend (floor 1) imports internal/backend/s3 (floor 1): an import goes to a strictly lower floor"}},
		"control enters data": {
			imports: graph{"controllers/core/backupsession": {"internal/engine/restic"}},
			want:    []string{"controllers/core/backupsession imports internal/engine/restic: from the control wing nobody enters the data wing"}},
		"data enters control": {
			imports: graph{"internal/mover": {"internal/kube"}},
			want:    []string{"internal/mover imports internal/kube: from the data wing nobody enters the control wing"}},
		"the hall enters a wing": {
			imports: graph{"internal/backend/s3": {"internal/domain/storage"}},
			want:    []string{"internal/backend/s3 imports internal/domain/storage: from the hall nobody enters the control wing"}},
		"a test enters the other wing": {
			testImports: graph{"internal/mover": {"internal/desired"}},
			want:        []string{"a test of internal/mover imports internal/desired: from the data wing nobody enters the control wing"}},
		"a test looks upstairs": {
			testImports: graph{"internal/task": {"internal/backend/backendtest"}, "internal/engine/restic": {"tests/kit/tool"}, "tests/e2e": {"internal/kube", "internal/mover"}}},
		"a kit for tests beside its port": {
			imports:     graph{"internal/backend/backendtest": {"internal/backend", "testing"}},
			testImports: graph{"internal/backend/s3": {"internal/backend/backendtest"}}},
		"a kit for tests in a binary": {
			imports: graph{"internal/backend/all": {"internal/backend/backendtest"}, "tests/kit": {"internal/backend/backendtest"}},
			want:    []string{"internal/backend/all imports internal/backend/backendtest: what tests share isn't built into a binary"}},
		"code that imports tests": {
			imports: graph{"internal/kube": {"tests/kit"}},
			want:    []string{"internal/kube imports tests/kit: from the control wing nobody enters the tests"}},
		"a list in a controller": {
			imports: graph{"controllers/storage/repository": {"internal/backend/all"}},
			want:    []string{"controllers/storage/repository imports the list internal/backend/all: a binary decides which stores it knows"}},
		"a homeless package": {
			imports: graph{"internal/toolbox": {"api/core/v1alpha1"}, "pkg/x": nil, "internal/kube": {"internal/toolbox"}},
			want: []string{
				"internal/toolbox has no room: give it one in internal/arch/rooms.go, or a place in a room",
				"pkg/x has no room: give it one in internal/arch/rooms.go, or a place in a room"}},
		"a client in a builder": {
			imports: graph{"internal/desired": {"sigs.k8s.io/controller-runtime/pkg/client"}, "internal/kube": {"k8s.io/client-go/rest"}},
			want:    []string{"internal/desired imports sigs.k8s.io/controller-runtime/pkg/client: only rooms that talk to the API server hold a client"}},
		"Kubernetes in a leaf": {
			imports: graph{"internal/domain/retention": {"k8s.io/api/core/v1"}, "internal/domain/usage": {"k8s.io/apimachinery/pkg/labels"}},
			want:    []string{"internal/domain/retention imports k8s.io/api/core/v1: leaves and the engine don't know Kubernetes"}},
		"a name that only begins like a banned one": {
			imports: graph{"internal/desired": {"k8s.io/client-gopher"}}},
		"a process from the control wing": {
			imports: graph{"internal/kube": {"os/exec"}},
			want:    []string{"internal/kube imports os/exec: only the data wing starts processes"}},
		"a rule that logs": {
			imports: graph{"internal/domain/session": {"log/slog"}},
			want:    []string{"internal/domain/session imports log/slog: a pure rule has no logger"}},
		"chance in a room": {
			imports: graph{"internal/mover": {"math/rand/v2"}},
			want:    []string{"internal/mover imports math/rand/v2: randomness is an argument"}},
		"a client that comes through the hall": {
			imports: graph{
				"internal/mover":           {"internal/backend/s3"},
				"internal/backend/s3":      {"example.org/sdk"},
				"example.org/sdk":          {"k8s.io/client-go/rest"},
				"k8s.io/client-go/rest":    nil,
				"controllers/core/trigger": {"k8s.io/client-go/rest"},
			},
			want: []string{"internal/mover depends on k8s.io/client-go/rest: the data wing never sees a Kubernetes client " +
				"(internal/mover → internal/backend/s3 → example.org/sdk → k8s.io/client-go/rest)"}},
	} {
		byPath := map[string]pkg{}
		for from, imports := range row.imports {
			byPath[from] = pkg{path: from, imports: imports}
		}
		for from, imports := range row.testImports {
			p := byPath[from]
			byPath[from] = pkg{path: from, imports: p.imports, testImports: imports}
		}
		var packages []pkg
		for _, p := range byPath {
			packages = append(packages, p)
		}
		isOurs := func(p string) bool {
			first, _, _ := strings.Cut(p, "/")
			return slices.Contains([]string{"api", "internal", "controllers", "cmd", "config", "tests", "pkg"}, first)
		}
		got := checkImports(packages, isOurs)
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", sentence, strings.Join(got, "\n"), strings.Join(row.want, "\n"))
		}
	}
}

func TestEveryPatternCanBeRead(t *testing.T) {
	var patterns []string
	for _, r := range rooms {
		patterns = append(patterns, r.pattern)
	}
	for _, f := range append(slices.Clone(families), lists...) {
		patterns = append(patterns, f.from, f.to)
		if f.reason == "" {
			t.Errorf("%s → %s has no reason", f.from, f.to)
		}
	}
	for _, b := range bans {
		patterns = append(patterns, b.only, b.never)
	}
	for _, pattern := range patterns {
		for _, one := range alternatives(pattern) {
			if _, err := path.Match(one, "x"); err != nil || strings.ContainsAny(one, "{}") {
				t.Errorf("%q of %q can't be read: %v", one, pattern, err)
			}
		}
	}
}

func TestMatches(t *testing.T) {
	for sentence, row := range map[string]struct {
		pattern, name string
		want          bool
	}{
		"itself":                       {"internal/task", "internal/task", true},
		"not what is below":            {"internal/task", "internal/task/x", false},
		"one element":                  {"cmd/*", "cmd/mover", true},
		"not two elements":             {"cmd/*", "cmd/mover/x", false},
		"the folder and all below":     {"api/**", "api", true},
		"far below":                    {"api/**", "api/core/v1alpha1", true},
		"not what only begins alike":   {"api/**", "apis", false},
		"the first alternative":        {"internal/{a,b}/**", "internal/a/x", true},
		"the last alternative":         {"internal/{a,b}/**", "internal/b", true},
		"no alternative":               {"internal/{a,b}/**", "internal/c", false},
		"alternatives in alternatives": {"{x/{a,b},y}", "x/b", true},
		"beside nested alternatives":   {"{x/{a,b},y}", "y", true},
		"a leaf":                       {leaves, "internal/domain/usage", true},
		"nothing":                      {"", "x", false},
	} {
		if got := matches(row.pattern, row.name); got != row.want {
			t.Errorf("%s: got %t", sentence, got)
		}
	}
}
