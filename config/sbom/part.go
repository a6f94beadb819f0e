// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"

	"github.com/google/licensecheck"
)

// ours is the module that the sources around us are of. Its licence is that of this checkout.
const ours = "kubestash.com/kubestash"

// A part is a module that is in a binary; the standard library is one, too.
type part struct {
	path, version, sum string
	// licences are SPDX names, and files where they were read.
	licences, files []string
}

func (p part) String() string { return p.path + "@" + p.version }

// A binary is one file that is shipped.
type binary struct {
	name, sha256, arch string
	// parts begin with the binary's own module.
	parts []part
}

func readBinary(name, file string) (binary, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return binary{}, fmt.Errorf("reading what is in %s: %w", file, err)
	}
	b := binary{name: name}
	for _, s := range info.Settings {
		if s.Key == "GOARCH" {
			b.arch = s.Value
		}
	}
	if err := checkStatic(file, b.arch, name); err != nil {
		return binary{}, err
	}
	if b.sha256, err = digest(file); err != nil {
		return binary{}, err
	}
	b.parts = partsOf(info)
	return b, nil
}

func partsOf(info *debug.BuildInfo) []part {
	parts := []part{{path: info.Main.Path, version: info.Main.Version, sum: info.Main.Sum}}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		parts = append(parts, part{path: d.Path, version: d.Version, sum: d.Sum})
	}
	version, _, _ := strings.Cut(info.GoVersion, " ")
	return append(parts, part{path: "std", version: version})
}

// checkStatic refuses a binary that the base image can't run: it has no C library. A name that ends with an architecture holds the binary to it.
func checkStatic(file, arch, name string) error {
	f, err := elf.Open(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	defer f.Close()
	machine, known := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]
	if !known || f.Machine != machine {
		return fmt.Errorf("%s is a program for %s, and says %s", file, f.Machine, arch)
	}
	for _, other := range []string{"amd64", "arm64"} {
		if strings.HasSuffix(name, "-"+other) && arch != other {
			return fmt.Errorf("%s is for %s", file, arch)
		}
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			return fmt.Errorf("%s isn't static", file)
		}
	}
	return nil
}

func digest(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sources are the folders that modules' sources lie in.
type sources struct{ cache, root, checkout string }

func findSources() (sources, error) {
	out, err := exec.CommandContext(context.Background(), "go", "env", "GOMODCACHE", "GOROOT", "GOMOD").Output()
	if err != nil {
		return sources{}, fmt.Errorf("asking go where sources are: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 3 {
		return sources{}, fmt.Errorf("asking go where sources are: %q", lines)
	}
	return sources{cache: lines[0], root: lines[1], checkout: filepath.Dir(lines[2])}, nil
}

func (s sources) folder(p part) string {
	switch {
	case p.path == "std":
		return s.root
	case p.path == ours || strings.HasPrefix(p.path, ours+"/"):
		return s.checkout
	}
	return filepath.Join(s.cache, escaped(p.path)+"@"+escaped(p.version))
}

// escaped is how the module cache spells a path: !a for A.
func escaped(path string) string {
	var b strings.Builder
	for _, r := range path {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return filepath.FromSlash(b.String())
}

// covered is how much of a licence file has to be known text. The rest are names and years, and a hidden clause would be longer.
const covered = 75

// readLicences finds the licences of a part, and refuses what isn't allowed, isn't known, or isn't there.
func (p *part) readLicences(s sources, allowed []string) error {
	folder := s.folder(*p)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("looking for the licence of %s: %w", p, err)
	}
	found := map[string]bool{}
	var wrong []error
	for _, e := range entries {
		if e.IsDir() || !isLicence(e.Name()) {
			continue
		}
		file := filepath.Join(folder, e.Name())
		p.files = append(p.files, file)
		if strings.HasPrefix(strings.ToUpper(e.Name()), "NOTICE") || strings.HasPrefix(strings.ToUpper(e.Name()), "PATENTS") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading the licence of %s: %w", p, err)
		}
		coverage := licensecheck.Scan(content)
		if coverage.Percent < covered {
			wrong = append(wrong, fmt.Errorf("%s: %s has text that no known licence has (%.0f %% is known)", p, e.Name(), coverage.Percent))
		}
		for _, m := range coverage.Match {
			found[m.ID] = true
		}
	}
	p.licences = slices.Sorted(maps.Keys(found))
	if len(found) == 0 {
		wrong = append(wrong, fmt.Errorf("%s has no licence that is known", p))
	}
	for _, id := range p.licences {
		if !slices.Contains(allowed, id) {
			wrong = append(wrong, fmt.Errorf("%s is under %s, which config/sbom/allowed.txt doesn't have", p, id))
		}
	}
	return errors.Join(wrong...)
}

func isLicence(name string) bool {
	name = strings.ToUpper(name)
	for _, prefix := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS", "UNLICENSE"} {
		if strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, ".GO") {
			return true
		}
	}
	return false
}
