// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const passwd = `root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
`

const group = `root:x:0:
tty:x:5:
staff:x:50:
nobody:x:65534:
nonroot:x:65532:
`

const nsswitch = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"

// basePackages are unpacked for the base image: release data, certificate authorities, time zones, service names.
var basePackages = []string{"base-files", "ca-certificates", "netbase", "tzdata"}

func baseInputs(k Kitchen) []string {
	return append([]string{"base 1", k.Suite, passwd, group, nsswitch}, basePackages...)
}

// baseRecipe is an image for static programs, the like of a distroless one: what a program without a libc still expects to find, no shell,
// and the user 65532.
func baseRecipe() recipe {
	return recipe{
		repositories: []string{"base", "distroless/static", "distroless/static-debian12"},
		tags:         []string{"latest", "nonroot"},
		help:         "for static programs: certificates, time zones, users; no shell",
		inputs:       func(_ context.Context, k Kitchen) ([]string, error) { return baseInputs(k), nil },
		make: func(ctx context.Context, k Kitchen) (v1.Image, error) {
			root, err := k.Debian.Unpack(ctx, "base", basePackages...)
			if err != nil {
				return nil, err
			}
			files, err := baseFiles(root)
			if err != nil {
				return nil, err
			}
			layer, err := Layer(files)
			if err != nil {
				return nil, err
			}
			return Compose(nil, Config{
				User: "65532:65532", WorkingDir: "/home/nonroot",
				Env: []string{
					"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
					"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
				},
			}, layer)
		},
	}
}

func baseFiles(root string) ([]File, error) {
	certificates, err := Certificates(root)
	if err != nil {
		return nil, err
	}
	files := []File{
		{Path: "/etc/passwd", Text: passwd},
		{Path: "/etc/group", Text: group},
		{Path: "/etc/nsswitch.conf", Text: nsswitch},
		{Path: "/etc/ssl/certs/ca-certificates.crt", Text: certificates},
		{Path: "/home/nonroot", Dir: true, Mode: 0o700, UID: 65532, GID: 65532},
		{Path: "/root", Dir: true, Mode: 0o700},
		{Path: "/tmp", Dir: true, Mode: 0o1777},
		{Path: "/var/tmp", Dir: true, Mode: 0o1777},
		{Path: "/run", Dir: true},
	}
	for _, dir := range []string{"/etc", "/etc/ssl", "/etc/ssl/certs", "/home", "/usr", "/usr/share", "/usr/lib", "/var"} {
		files = append(files, File{Path: dir, Dir: true})
	}
	for _, path := range []string{"/etc/protocols", "/etc/services", "/etc/debian_version", "/usr/lib/os-release"} {
		source := filepath.Join(root, path)
		if _, err := os.Stat(source); err != nil {
			return nil, err
		}
		files = append(files, File{Path: path, Source: source, Mode: 0o644})
	}
	files = append(files, File{Path: "/etc/os-release", Link: "../usr/lib/os-release"})
	zones, err := Tree(filepath.Join(root, "usr/share/zoneinfo"), "/usr/share/zoneinfo")
	return append(append(files, zones...), File{Path: "/usr/share/zoneinfo", Dir: true}), err
}
