// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// busyboxPackages: Debian's dynamic busybox and its libc; the static one ignores the search list of resolv.conf. Both crash in wget, one on
// every plain HTTP address and the other with a timeout, so the image has our own.
var busyboxPackages = []string{"busybox", "libc6", "coreutils", "util-linux"}

// busyboxExtras are programs that Debian leaves out of its busybox and that others' scripts use; they need no more than libc.
var busyboxExtras = []string{"comm", "cksum", "flock", "join", "nice", "nohup", "split"}

// busyboxLibraries are what the program needs of libc6.
var busyboxLibraries = []string{"ld-linux-x86-64.so.2", "libc.so.6", "libresolv.so.2"}

const busyboxPasswd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`

const busyboxGroup = `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
tty:x:5:
mail:x:8:
www-data:x:33:
operator:x:37:
users:x:100:
nobody:x:65534:
`

// busyboxRecipe stands for Docker Hub's busybox: a shell and the usual applets. The tags are those that manifests commonly name; they all are
// one image.
func busyboxRecipe() recipe {
	return recipe{
		repositories: []string{"busybox", "library/busybox"},
		tags: []string{
			"latest", "1", "1.28", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.36.0", "1.36.1", "1.37", "1.37.0", "stable",
			"glibc", "musl", "uclibc", "1.36-glibc", "1.36-musl", "1.36-uclibc",
		},
		help: "sh and the usual applets, from Debian's busybox",
		inputs: func(ctx context.Context, k Kitchen) ([]string, error) {
			wget, _, err := k.Binary(ctx, "wget")
			return slices.Concat([]string{"busybox 2", k.Suite, wget, busyboxPasswd, busyboxGroup}, busyboxPackages, busyboxExtras), err
		},
		make: func(ctx context.Context, k Kitchen) (v1.Image, error) {
			root, err := k.Debian.Unpack(ctx, "busybox", busyboxPackages...)
			if err != nil {
				return nil, err
			}
			wget, _, err := k.Binary(ctx, "wget")
			if err != nil {
				return nil, err
			}
			files, err := busyboxFiles(ctx, root, wget)
			if err != nil {
				return nil, err
			}
			layer, err := Layer(files)
			if err != nil {
				return nil, err
			}
			return Compose(nil, Config{
				Command: []string{"sh"}, Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			}, layer)
		},
	}
}

func busyboxFiles(ctx context.Context, root, wget string) ([]File, error) {
	program := filepath.Join(root, "bin/busybox")
	list, err := exec.CommandContext(ctx, program, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the applets: %w", err)
	}
	files := []File{
		{Path: "/etc/passwd", Text: busyboxPasswd},
		{Path: "/etc/group", Text: busyboxGroup},
		{Path: "/etc/nsswitch.conf", Text: nsswitch},
		{Path: "/bin/busybox", Source: program},
		{Path: "/bin/wget", Source: wget},
		{Path: "/tmp", Dir: true, Mode: 0o1777},
		{Path: "/root", Dir: true, Mode: 0o700},
		{Path: "/lib64/ld-linux-x86-64.so.2", Link: "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"},
		{Path: "/usr/bin/env", Link: "/bin/busybox"},
	}
	for _, dir := range []string{
		"/bin", "/etc", "/home", "/lib", "/lib/x86_64-linux-gnu", "/lib64", "/usr", "/usr/bin", "/usr/sbin", "/var", "/var/www", "/var/spool",
		"/var/spool/mail", "/dev", "/proc", "/sys", "/run",
	} {
		files = append(files, File{Path: dir, Dir: true})
	}
	for _, library := range busyboxLibraries {
		source, err := filepath.EvalSymlinks(filepath.Join(root, "lib/x86_64-linux-gnu", library))
		if err != nil {
			return nil, fmt.Errorf("finding %s: %w", library, err)
		}
		files = append(files, File{Path: path.Join("/lib/x86_64-linux-gnu", library), Source: source})
	}
	for _, program := range busyboxExtras {
		files = append(files, File{Path: "/bin/" + program, Source: filepath.Join(root, "usr/bin", program)})
	}
	for applet := range strings.FieldsSeq(string(list)) {
		if applet != "busybox" && applet != "wget" {
			files = append(files, File{Path: "/bin/" + path.Base(applet), Link: "busybox"})
		}
	}
	return files, nil
}
