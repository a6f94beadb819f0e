// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/crdify/pkg/config"
	"sigs.k8s.io/crdify/pkg/runner"
	"sigs.k8s.io/crdify/pkg/validations"
	"sigs.k8s.io/yaml"
)

// CRD is one kind's definition.
type CRD = apiextensionsv1.CustomResourceDefinition

// Read reads the CRDs of a folder, by their names.
func Read(folder string) (map[string]*CRD, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("listing the CRDs: %w", err)
	}
	crds := map[string]*CRD{}
	for _, entry := range entries {
		unmarshal := json.Unmarshal
		switch filepath.Ext(entry.Name()) {
		case ".json":
		case ".yaml":
			unmarshal = func(content []byte, into any) error { return yaml.UnmarshalStrict(content, into) }
		default:
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading a CRD: %w", err)
		}
		c := &CRD{}
		if err := unmarshal(content, c); err != nil {
			return nil, fmt.Errorf("reading %s: %w", entry.Name(), err)
		}
		crds[c.Name] = c
	}
	return crds, nil
}

// Breaks says what no longer works, a line for each, sorted.
func Breaks(before, after map[string]*CRD) ([]string, error) {
	judge, err := runner.New(&config.Config{
		Conversion: config.ConversionPolicyIgnore, UnhandledEnforcement: config.EnforcementPolicyError,
		Validations: []config.ValidationConfig{
			{Name: "description", Enforcement: config.EnforcementPolicyNone},
			{Name: "enum", Enforcement: config.EnforcementPolicyError, Configuration: map[string]any{"additionPolicy": "Allow"}},
		},
	}, runner.DefaultRegistry())
	if err != nil {
		return nil, fmt.Errorf("setting the comparison up: %w", err)
	}
	var breaks []string
	for name, old := range before {
		now := after[name]
		if now == nil {
			breaks = append(breaks, name+": the kind is gone")
			continue
		}
		results := judge.Run(old, now)
		add := func(where string, results []validations.ComparisonResult) {
			for _, r := range results {
				for _, e := range r.Errors {
					breaks = append(breaks, strings.TrimSpace(fmt.Sprintf("%s %s: %s: %s", name, where, r.Name, e)))
				}
			}
		}
		add("", results.CRDValidation)
		for _, byVersion := range []map[string]map[string][]validations.ComparisonResult{results.SameVersionValidation, results.ServedVersionValidation} {
			for version, byProperty := range byVersion {
				for property, results := range byProperty {
					add(version+" "+property, results)
				}
			}
		}
	}
	slices.Sort(breaks)
	return slices.Compact(breaks), nil
}
