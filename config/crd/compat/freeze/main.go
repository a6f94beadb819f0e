// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command freeze keeps the CRDs of a release for the comparison with later ones: freeze <CRDs> <folder>.
//
// Descriptions are left out. They are three quarters of a CRD, and no object depends on them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: freeze <folder of CRDs> <folder to write>")
		os.Exit(2)
	}
	if err := freeze(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "freeze:", err)
		os.Exit(1)
	}
}

func freeze(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("finding CRDs in %s: %d files, %w", from, len(files), err)
	}
	stale, err := filepath.Glob(filepath.Join(to, "*.json"))
	if err != nil {
		return fmt.Errorf("listing %s: %w", to, err)
	}
	for _, file := range stale {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("removing what an earlier release had: %w", err)
		}
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a CRD: %w", err)
		}
		var object any
		if err := yaml.Unmarshal(content, &object); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		out, err := json.Marshal(bare(object))
		if err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(to, strings.TrimSuffix(filepath.Base(file), ".yaml")+".json"), append(out, '\n'), 0o644); err != nil {
			return fmt.Errorf("writing a CRD: %w", err)
		}
	}
	return nil
}

// bare takes descriptions away. A property that is called description is a schema, not a string, and stays.
func bare(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if _, words := value.(string); words && key == "description" {
				delete(v, key)
				continue
			}
			v[key] = bare(value)
		}
	case []any:
		for i := range v {
			v[i] = bare(v[i])
		}
	}
	return v
}
