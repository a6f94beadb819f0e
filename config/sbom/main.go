// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed allowed.txt
var allowedText string

func main() {
	flags := flag.NewFlagSet("sbom", flag.ExitOnError)
	out := flags.String("out", "dist/sbom", "the folder to write")
	created := flags.String("created", "1970-01-01T00:00:00Z", "when the binaries were made, as RFC 3339")
	if err := flags.Parse(os.Args[1:]); err != nil {
		os.Exit(2)
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: sbom --out FOLDER NAME=BINARY...")
		os.Exit(2)
	}
	if err := run(os.Stdout, *out, *created, flags.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, out, created string, args []string) error {
	sources, err := findSources()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	all := map[string]part{}
	var wrong []error
	for _, arg := range args {
		name, file, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("reading %q: want NAME=BINARY", arg)
		}
		b, err := readBinary(name, file)
		if err != nil {
			return err
		}
		for i := range b.parts {
			if err := b.parts[i].readLicences(sources, allowed()); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			}
			all[b.parts[i].String()] = b.parts[i]
		}
		if err := writeSPDX(filepath.Join(out, name+".spdx.json"), b, created); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s.spdx.json: %d modules\n", name, len(b.parts))
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	return writeTexts(w, out, all)
}

func allowed() (names []string) {
	for line := range strings.Lines(allowedText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	return names
}

// writeTexts puts the licences beside what is shipped, as most of them ask for.
func writeTexts(w io.Writer, out string, all map[string]part) error {
	var list strings.Builder
	for _, key := range slices.Sorted(maps.Keys(all)) {
		p := all[key]
		fmt.Fprintf(&list, "%-90s %s\n", key, strings.Join(p.licences, " AND "))
		folder := filepath.Join(out, "licenses", filepath.FromSlash(key))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("making a folder for licences: %w", err)
		}
		for _, file := range p.files {
			content, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("reading a licence: %w", err)
			}
			if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), content, 0o644); err != nil {
				return fmt.Errorf("writing a licence: %w", err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(out, "licenses.txt"), []byte(list.String()), 0o644); err != nil {
		return fmt.Errorf("writing the list of licences: %w", err)
	}
	fmt.Fprintf(w, "licenses.txt: %d modules\n", len(all))
	return nil
}
