// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func digest(t *testing.T, files []File) string {
	t.Helper()
	layer, err := Layer(files)
	if err != nil {
		t.Fatal(err)
	}
	d, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func TestALayersDigestDependsOnItsContentAlone(t *testing.T) {
	source := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte("x"), 0o700); err != nil {
		t.Fatal(err)
	}
	a, b := File{Path: "/a", Text: "1"}, File{Path: "/b", Source: source}
	first := digest(t, []File{a, b})
	if err := os.Chtimes(source, epoch, epoch); err != nil {
		t.Fatal(err)
	}
	if digest(t, []File{b, a}) != first {
		t.Error("order or times change the digest")
	}
	for sentence, files := range map[string][]File{
		"another text": {{Path: "/a", Text: "2"}, b}, "another mode": {{Path: "/a", Text: "1", Mode: 0o600}, b},
		"another owner": {{Path: "/a", Text: "1", UID: 7}, b}, "another name": {{Path: "/c", Text: "1"}, b},
	} {
		if digest(t, files) == first {
			t.Errorf("%s doesn't change the digest", sentence)
		}
	}
}

func entries(t *testing.T, layer v1.Layer) map[string]*tar.Header {
	t.Helper()
	r, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found := map[string]*tar.Header{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = h
	}
}

func TestALayerKeepsModesLinksAndFolders(t *testing.T) {
	layer, err := Layer([]File{
		{Path: "/tmp", Dir: true, Mode: 0o1777}, {Path: "/bin/sh", Link: "busybox"}, {Path: "/etc/passwd", Text: "x"}, {Path: "/run", Dir: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := entries(t, layer)
	if got["tmp/"].Mode != 0o1777 || got["run/"].Mode != 0o755 || got["etc/passwd"].Mode != 0o644 {
		t.Errorf("modes are %o, %o, %o", got["tmp/"].Mode, got["run/"].Mode, got["etc/passwd"].Mode)
	}
	if sh := got["bin/sh"]; sh.Typeflag != tar.TypeSymlink || sh.Linkname != "busybox" {
		t.Errorf("the link is %+v", sh)
	}
}

func TestComposeSetsWhatARuntimeAsksFor(t *testing.T) {
	layer, err := Layer([]File{{Path: "/a", Text: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	base, err := Compose(nil, Config{Entrypoint: []string{"/old"}, Command: []string{"x"}, Env: []string{"A=1", "B=2"}, User: "7"}, layer)
	if err != nil {
		t.Fatal(err)
	}
	img, err := Compose(base, Config{Entrypoint: []string{"/new"}, Env: []string{"A=3"}})
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.OS != "linux" || file.Architecture == "" {
		t.Error("the platform is missing")
	}
	c := file.Config
	if !slices.Equal(c.Entrypoint, []string{"/new"}) || c.Cmd != nil || !slices.Equal(c.Env, []string{"A=3", "B=2"}) || c.User != "7" {
		t.Errorf("got %+v", c)
	}
	// A mixture of Docker's and OCI's media types is refused by buildah.
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if m.MediaType != types.OCIManifestSchema1 || m.Config.MediaType != types.OCIConfigJSON || m.Layers[0].MediaType != types.OCILayer {
		t.Errorf("media types are %s, %s, %s", m.MediaType, m.Config.MediaType, m.Layers[0].MediaType)
	}
}

func TestLocalName(t *testing.T) {
	for ref, want := range map[string]string{
		"busybox": "library/busybox", "busybox:1.36": "library/busybox:1.36", "docker.io/library/busybox": "library/busybox",
		"docker.io/busybox": "library/busybox", "restic/restic:1": "restic/restic:1", "quay.io/brancz/kube-rbac-proxy": "brancz/kube-rbac-proxy",
		"localhost:5000/x": "x", "localhost/x": "x", "gcr.io/a/b/c:d": "a/b/c:d",
	} {
		if got := LocalName(ref); got != want {
			t.Errorf("LocalName(%q) = %q, want %q", ref, got, want)
		}
	}
}

func TestStripKeepsTheNamesOfTheLocalRegistry(t *testing.T) {
	s := Store{Address: "10.210.0.1:5000", Shown: "127.0.0.1:5000"}
	for ref, want := range map[string]string{"127.0.0.1:5000/base:1": "base:1", "10.210.0.1:5000/a/b": "a/b", "base": "library/base"} {
		if got := s.strip(ref); got != want {
			t.Errorf("strip(%q) = %q, want %q", ref, got, want)
		}
	}
}

func TestTagOf(t *testing.T) {
	for digest, want := range map[string]string{"sha256:0123456789abcdef": "0123456789ab", "0123456789abcdef": "0123456789ab", "sha256:01": "01"} {
		if got := TagOf(digest); got != want {
			t.Errorf("TagOf(%q) = %q", digest, got)
		}
	}
}

// archive writes a tar file with empty entries of the given names.
func archive(t *testing.T, zipped bool, names ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var w io.Writer = f
	if zipped {
		z := gzip.NewWriter(f)
		defer z.Close()
		w = z
	}
	tw := tar.NewWriter(w)
	defer tw.Close()
	for _, name := range names {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestKindOf(t *testing.T) {
	for sentence, c := range map[string]struct {
		zipped bool
		names  []string
		want   Kind
	}{
		"docker save":              {false, []string{"manifest.json", "x.json"}, DockerArchive},
		"a newer docker save":      {false, []string{"oci-layout", "index.json", "manifest.json"}, DockerArchive},
		"an OCI layout":            {true, []string{"./oci-layout", "./index.json"}, OCIArchive},
		"a root file system":       {true, []string{"./bin/sh", "./etc/passwd"}, Rootfs},
		"a manifest further below": {false, []string{"./usr/share/manifest.json"}, Rootfs},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got, err := KindOf(archive(t, c.zipped, c.names...)); err != nil || got != c.want {
				t.Errorf("KindOf = %q, %v, want %q", got, err, c.want)
			}
		})
	}
	if kind, err := KindOf("/nonexistent"); err == nil {
		t.Errorf("a file that isn't there is %q", kind)
	}
}

func TestUnpackRefusesToLeaveItsFolder(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(archive(t, false, "../escaped"), filepath.Join(dir, "in")); err == nil {
		t.Error("unpacked a name that leads out of the folder")
	}
	if _, err := os.Stat(filepath.Join(dir, "escaped")); err == nil {
		t.Error("the file is there")
	}
}

func TestSuite(t *testing.T) {
	const release = "PRETTY_NAME=\"Debian\"\nVERSION_CODENAME=bookworm\nID=debian\n"
	if got := Suite(release); got != "bookworm" {
		t.Errorf("Suite = %q", got)
	}
	if got := Suite(strings.ReplaceAll(release, "bookworm", "\"trixie\"")); got != "trixie" {
		t.Errorf("Suite = %q", got)
	}
}

func TestKeyOfTellsListsApart(t *testing.T) {
	if keyOf([]string{"ab", "c"}) == keyOf([]string{"a", "bc"}) || keyOf([]string{"a", "b"}) == keyOf([]string{"b", "a"}) {
		t.Error("two lists share a key")
	}
}

func TestKnownImagesHaveHelpAndStandForOthers(t *testing.T) {
	for name, r := range recipes() {
		if r.help == "" || len(r.repositories) == 0 || r.repositories[0] != name {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
