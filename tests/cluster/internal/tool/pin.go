// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Pin is a tool with its version read from its go.mod, and the key under which its binaries are cached.
type Pin struct {
	Tool
	// Dir is the tool's module in the checkout.
	Dir string
	// Version is the module's version, for example v1.36.3.
	Version string
	// Key is twelve hex digits over everything that decides what the binary does: go.mod, go.sum, our sources, tags, linker variables, and
	// the platform. Not the Go release: a patch of Go must not cost a user fifteen minutes.
	Key string
}

// Resolve reads the pin of a tool from the checkout's tools folder.
func Resolve(toolsDir string, t Tool) (Pin, error) {
	p := Pin{Tool: t, Dir: filepath.Join(toolsDir, t.Name)}
	data, err := os.ReadFile(filepath.Join(p.Dir, "go.mod"))
	if err != nil {
		return p, fmt.Errorf("reading the pin of %s: %w", t.Name, err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return p, fmt.Errorf("parsing the pin of %s: %w", t.Name, err)
	}
	for _, r := range mod.Require {
		if r.Mod.Path == t.Module {
			p.Version = r.Mod.Version
		}
	}
	if p.Module == "" {
		p.Version = "v1"
	}
	if p.Version == "" {
		return p, fmt.Errorf("resolving %s: its go.mod doesn't require %s", t.Name, t.Module)
	}
	p.Key, err = p.key()
	return p, err
}

func (p Pin) key() (string, error) {
	// A program without dependencies has no go.sum, and a tool may bring a module of ours below it.
	files := []string{filepath.Join(p.Dir, "go.sum")}
	if err := filepath.WalkDir(p.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (filepath.Ext(path) == ".go" || entry.Name() == "go.mod") {
			files = append(files, path)
		}
		return err
	}); err != nil {
		return "", fmt.Errorf("listing the sources of %s: %w", p.Name, err)
	}
	slices.Sort(files)
	h := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("hashing the sources of %s: %w", p.Name, err)
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(f), len(data))
		h.Write(data)
	}
	fmt.Fprintf(h, "%q %q %s/%s", p.Arguments(), p.Binaries, runtime.GOOS, cmp.Or(p.Arch, runtime.GOARCH))
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// Arguments are the arguments of "go build", without the output.
func (p Pin) Arguments() []string {
	flags := []string{"-s", "-w"}
	major, minor := p.majorMinor()
	replace := strings.NewReplacer("{version}", p.Version, "{major}", major, "{minor}", minor)
	var names []string
	for name := range p.Variables {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		flags = append(flags, "-X", name+"="+replace.Replace(p.Variables[name]))
	}
	args := []string{"-trimpath", "-ldflags", strings.Join(flags, " ")}
	if p.IsPlain {
		// The standard library stays as it is: it's compiled for the others anyway, and does the hashing.
		args = append(args, "-gcflags", "all=-N -l", "-gcflags", "std=")
	}
	if len(p.Tags) > 0 {
		args = append(args, "-tags", strings.Join(p.Tags, ","))
	}
	return append(args, p.Packages...)
}

func (p Pin) majorMinor() (string, string) {
	parts := strings.SplitN(strings.TrimPrefix(p.Version, "v"), ".", 3)
	if len(parts) < 2 {
		return "", ""
	}
	return parts[0], parts[1]
}
