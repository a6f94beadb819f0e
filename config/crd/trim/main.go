// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: trim <directory of CRDs>")
		os.Exit(2)
	}
	if err := trimDirectory(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

func trimDirectory(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return fmt.Errorf("listing %s: %w", dir, err)
	}
	if len(files) == 0 {
		return fmt.Errorf("listing %s: no CRD there", dir)
	}
	for _, file := range files {
		if err := trimFile(file); err != nil {
			return fmt.Errorf("trimming %s: %w", file, err)
		}
	}
	return nil
}

func trimFile(file string) error {
	in, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	out, err := trimmed(in)
	if err != nil {
		return err
	}
	return os.WriteFile(file, out, 0o644)
}

// trimmed returns a CRD without the descriptions that are not ours. Keys come out sorted, so the same schema gives the same bytes.
func trimmed(in []byte) ([]byte, error) {
	crd := schema{}
	if err := yaml.Unmarshal(in, &crd); err != nil {
		return nil, err
	}
	spec := crd.child("spec")
	kind, _ := spec.child("names")["kind"].(string)
	group, _ := spec["group"].(string)
	versions, _ := spec["versions"].([]any)
	for _, v := range versions {
		version := schema(v.(map[string]any))
		name, _ := version["name"].(string)
		goType, err := goTypeOf(group, name, kind)
		if err != nil {
			return nil, err
		}
		dropForeign(version.child("schema").child("openAPIV3Schema"), goType)
	}
	body, err := yaml.Marshal(crd)
	if err != nil {
		return nil, err
	}
	return append([]byte("---\n"), body...), nil
}
