// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	scapiv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// A test that isn't named is never run, and nobody misses it.
func TestEveryTestIsNamed(t *testing.T) {
	raw, err := os.ReadFile("../../config/scorecard/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config scapiv1alpha3.Configuration
	if err := yaml.UnmarshalStrict(raw, &config); err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, stage := range config.Stages {
		for _, test := range stage.Tests {
			if test.Entrypoint[0] == "/scorecard" {
				named = append(named, test.Entrypoint[1])
			}
		}
	}
	slices.Sort(named)
	if want := slices.Sorted(maps.Keys(tests)); !slices.Equal(named, want) {
		t.Errorf("config/scorecard names %q, and there are %q", named, want)
	}
}

func TestWhatWasPlantedIsCheckedByteByByte(t *testing.T) {
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := plant(ctx, folder); err != nil {
		t.Fatal(err)
	}
	if err := check(ctx, folder); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "random")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1]++
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := check(ctx, folder); err == nil || !strings.Contains(err.Error(), "random") {
		t.Errorf("a changed byte gives %v", err)
	}
}

func TestAWiderRightIsSeen(t *testing.T) {
	golden, err := written()
	if err != nil {
		t.Fatal(err)
	}
	for sentence, c := range map[string]struct {
		rule rbacv1.PolicyRule
		want bool
	}{
		"a right that is written down": {rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}}, true},
		"secrets are never listed":     {rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}, false},
		"a star is wider":              {rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			wider := widened(golden, []rbacv1.PolicyRule{c.rule})
			if (len(wider) == 0) != c.want {
				t.Errorf("wider is %+v", wider)
			}
		})
	}
}

func TestMetricsAreFoundInTheText(t *testing.T) {
	const text = "# HELP a_total x\n# TYPE a_total counter\na_total 1\n# TYPE b histogram\nb_bucket{le=\"1\"} 2\nb_sum 1\nb_count 2\n"
	if got := families(text); !slices.Equal(got, []string{"a_total", "b"}) {
		t.Errorf("families are %q", got)
	}
	if missing := undocumented([]string{"a_total", "b", "go_x", "c"}, "| `a_total` | … |\n| `b` | … |\n| `go_*` | … |"); !slices.Equal(missing, []string{"c"}) {
		t.Errorf("undocumented are %q", missing)
	}
}

func TestAnUnknownTestIsRefused(t *testing.T) {
	var errs bytes.Buffer
	if code := run(context.Background(), []string{"nothing"}, &errs, &errs); code != 2 || !strings.Contains(errs.String(), "auto-backup") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}
