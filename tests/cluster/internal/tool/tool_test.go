// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/modfile"
)

// write makes a tool's folder with the given files.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var sample = Tool{Name: "x", Module: "example.com/x", Packages: []string{"example.com/x/cmd/x"}, Binaries: []string{"x"}}

const sampleMod = "module m\n\ngo 1.26\n\nrequire example.com/x v1.2.3\n"

func TestKeyChangesWithEverythingThatDecides(t *testing.T) {
	base := map[string]string{"x/go.mod": sampleMod, "x/go.sum": "a"}
	resolve := func(files map[string]string, tool Tool) Pin {
		dir := t.TempDir()
		write(t, dir, files)
		p, err := Resolve(dir, tool)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := resolve(base, sample)
	if again := resolve(base, sample); again.Key != first.Key {
		t.Errorf("two checkouts of one pin have the keys %s and %s", first.Key, again.Key)
	}
	if first.Version != "v1.2.3" {
		t.Errorf("version is %q", first.Version)
	}
	tagged, stampedTool := sample, sample
	tagged.Tags = []string{"no_x"}
	stampedTool.Variables = map[string]string{"main.v": "{version}"}
	crossed := sample
	crossed.Arch = "riscv64"
	unoptimized := plain(sample)
	for sentence, p := range map[string]Pin{
		"another go.sum":    resolve(map[string]string{"x/go.mod": sampleMod, "x/go.sum": "b"}, sample),
		"another go.mod":    resolve(map[string]string{"x/go.mod": sampleMod + "// x\n", "x/go.sum": "a"}, sample),
		"a source of ours":  resolve(map[string]string{"x/go.mod": sampleMod, "x/go.sum": "a", "x/main.go": "package main"}, sample),
		"a module of ours":  resolve(map[string]string{"x/go.mod": sampleMod, "x/go.sum": "a", "x/y/z/z.go": "package z"}, sample),
		"a build tag":       resolve(base, tagged),
		"a linker variable": resolve(base, stampedTool),
		"an architecture":   resolve(base, crossed),
		"no optimizations":  resolve(base, unoptimized),
	} {
		if p.Key == first.Key {
			t.Errorf("%s doesn't change the key", sentence)
		}
	}
}

func TestResolveRefusesAPinWithoutItsModule(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"x/go.mod": "module m\n", "x/go.sum": ""})
	if _, err := Resolve(dir, sample); err == nil {
		t.Error("resolved a tool whose go.mod doesn't require it")
	}
}

func TestArgumentsStampTheVersion(t *testing.T) {
	p := Pin{Tool: kubernetes("1.36"), Version: "v1.36.3"}
	got := strings.Join(p.Arguments(), " ")
	for _, want := range []string{
		"version.gitVersion=v1.36.3", "version.gitMajor=1 ", "version.gitMinor=36 ", "k8s.io/kubernetes/cmd/kubelet",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q isn't in %q", want, got)
		}
	}
}

func TestMinorOf(t *testing.T) {
	for version, want := range map[string]string{"": "1.36", "1.33": "1.33", "v1.36": "1.36", "1.33.13": "1.33", " 1.36 ": "1.36"} {
		if got, err := MinorOf(version); err != nil || got != want {
			t.Errorf("MinorOf(%q) = %q, %v, want %q", version, got, err, want)
		}
	}
	for _, version := range []string{"1.2", "1", "latest", "1.336"} {
		if got, err := MinorOf(version); err == nil {
			t.Errorf("MinorOf(%q) = %q, want an error", version, got)
		}
	}
}

func TestFind(t *testing.T) {
	for sentence, c := range map[string]struct{ name, minor, tool, program string }{
		"a tool by its name":                    {"restic", "1.36", "restic", "restic"},
		"a program of a tool":                   {"ctr", "1.36", "containerd", "ctr"},
		"a Kubernetes program of the default":   {"kubectl", "1.36", "kubernetes-1.36", "kubectl"},
		"a Kubernetes program of the oldest":    {"kube-apiserver", "1.33", "kubernetes-1.33", "kube-apiserver"},
		"Kubernetes as a whole":                 {"kubernetes", "1.33", "kubernetes-1.33", "kube-apiserver"},
		"a tool by its full name, in any minor": {"kubernetes-1.33", "1.36", "kubernetes-1.33", "kube-apiserver"},
	} {
		t.Run(sentence, func(t *testing.T) {
			tool, program, err := Find(c.name, c.minor)
			if err != nil || tool.Name != c.tool || program != c.program {
				t.Errorf("Find(%q, %q) = %q, %q, %v", c.name, c.minor, tool.Name, program, err)
			}
		})
	}
	if _, _, err := Find("docker", "1.36"); err == nil {
		t.Error("found a tool that isn't there")
	}
}

func TestEveryToolOfTheCatalogIsPinned(t *testing.T) {
	for _, tool := range Catalog() {
		p, err := Resolve(filepath.Join("..", "..", "tools"), tool)
		if err != nil {
			t.Error(err)
		}
		if len(p.Packages) != len(p.Binaries) {
			t.Errorf("%s has %d packages and %d binaries", tool.Name, len(p.Packages), len(p.Binaries))
		}
	}
}

// The project, this program, the default Kubernetes and what was raised to its versions have hundreds of packages in common, which are compiled once for all
// of them, but only where each asks for the same version.
func TestWhatIsCompiledTogetherHasTheSameVersions(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..")
	folders := []string{root, filepath.Join(root, "tests", "cluster")}
	for _, name := range []string{"kubernetes-" + KubernetesVersions[0], "coredns", "kube-rbac-proxy"} {
		folders = append(folders, filepath.Join(root, "tests", "cluster", "tools", name))
	}
	versions := map[string]string{}
	for _, folder := range folders {
		file := filepath.Join(folder, "go.mod")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mod, err := modfile.Parse(file, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range mod.Require {
			if first := versions[r.Mod.Path]; first != "" && first != r.Mod.Version {
				t.Errorf("%s asks for %s, another for %s: say \"go get %s@%s\" there, too", file, r.Mod, first, r.Mod.Path, first)
			}
			versions[r.Mod.Path] = cmp.Or(versions[r.Mod.Path], r.Mod.Version)
		}
	}
}

// ours is a program without dependencies, which the real compiler builds in a second.
func ours(t *testing.T, source string) (Builder, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{"tools/x/go.mod": "module example.com/x\n\ngo 1.26\n", "tools/x/main.go": source})
	out := &bytes.Buffer{}
	return Builder{Tools: filepath.Join(dir, "tools"), Cache: filepath.Join(dir, "cache"), Out: out, Now: time.Now}, out
}

var own = Tool{Name: "x", Packages: []string{"."}, Binaries: []string{"renamed"}}

func TestABuildIsCachedUnderOurName(t *testing.T) {
	b, out := ours(t, "package main\n\nfunc main() {}\n")
	for range 2 {
		if err := b.Ensure(context.Background(), []Tool{own}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(out.String(), "done after"); got != 1 {
		t.Errorf("built %d times, want once:\n%s", got, out)
	}
	pin, err := Resolve(b.Tools, own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(b.Dir(pin), "renamed")); err != nil {
		t.Error(err)
	}
}

func TestABuildForAnotherArchitectureIsAnotherFile(t *testing.T) {
	b, _ := ours(t, "package main\n\nfunc main() {}\n")
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	for arch, machine := range machines {
		crossed := own
		crossed.Arch = arch
		if err := b.Ensure(context.Background(), []Tool{crossed}); err != nil {
			t.Fatal(err)
		}
		pin, err := Resolve(b.Tools, crossed)
		if err != nil {
			t.Fatal(err)
		}
		program, err := elf.Open(filepath.Join(b.Dir(pin), "renamed"))
		if err != nil {
			t.Fatal(err)
		}
		defer program.Close()
		if program.Machine != machine {
			t.Errorf("for %s it is a program for %s", arch, program.Machine)
		}
	}
}

func TestAFailedBuildLeavesNothingAndSaysWhy(t *testing.T) {
	b, _ := ours(t, "package main\n\nfunc main() { undefinedThing() }\n")
	err := b.Ensure(context.Background(), []Tool{own})
	if err == nil || !strings.Contains(err.Error(), "undefinedThing") {
		t.Fatalf("got %v, want the compiler's words", err)
	}
	entries, err := os.ReadDir(filepath.Join(b.Cache, "bin", "x"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if len(entries) != 0 {
		t.Errorf("left %v behind", entries)
	}
}

func TestWhoComesWhileAToolIsBuiltWaitsForThatOneOnly(t *testing.T) {
	b, out := ours(t, "package main\n\nfunc main() {}\n")
	held, err := b.lock(t.Context(), "another")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	if err := b.Ensure(t.Context(), []Tool{own}); err != nil || strings.Contains(out.String(), "waiting") {
		t.Errorf("while another tool was built: %v\n%s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(b.Cache, "bin")); err != nil {
		t.Fatal(err)
	}
	same, err := b.lock(t.Context(), own.Name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := b.Ensure(ctx, []Tool{own}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(out.String(), "waiting for another build of x") {
		t.Errorf("while the same was built: %v\n%s", err, out)
	}
	same.Release()
	if err := b.Ensure(t.Context(), []Tool{own}); err != nil {
		t.Error(err)
	}
}

func TestPruneKeepsWhatIsPinned(t *testing.T) {
	b := Builder{Tools: filepath.Join("..", "..", "tools"), Cache: t.TempDir()}
	restic, _, err := Find("restic", "1.36")
	if err != nil {
		t.Fatal(err)
	}
	pin, err := Resolve(b.Tools, restic)
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(b.Cache, "bin", "restic", "v0.1.0-000000000000")
	for _, dir := range []string{old, b.Dir(pin)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := b.Prune(context.Background())
	if err != nil || !slices.Equal(removed, []string{old}) {
		t.Errorf("removed %q, %v, want %q", removed, err, old)
	}
	if _, err := os.Stat(b.Dir(pin)); err != nil {
		t.Errorf("what is pinned is gone: %v", err)
	}
}

func TestNamesAreUniqueAndSorted(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names are %q", names)
	}
}
