// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"embed"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

//go:embed entrypoint
var entrypoints embed.FS

// database is a userland of Debian packages that keeps the conventions of an official image: entrypoint, variables, user 999, folders.
type database struct {
	name     string
	packages []string
	// exclude are files to leave out.
	exclude []string
	// user is the packages' user, which becomes 999:999 as in the official images: manifests say fsGroup: 999.
	user string
	// dirs belong to the user.
	dirs []string
	// files make Debian's defaults the official image's.
	files  []File
	tags   []string
	config Config
}

const entrypointPath = "/usr/local/bin/docker-entrypoint.sh"

// redisServer starts Redis out of its protected mode, in which it refuses every client from another address: the official image is built without
// that mode. It stands before Debian's program in PATH, so it also serves manifests that name the command themselves.
const redisServer = `#!/bin/sh
for argument in "$@"; do
	if [ "$argument" = --protected-mode ]; then
		exec /usr/bin/redis-server "$@"
	fi
done
exec /usr/bin/redis-server "$@" --protected-mode no
`

// databases are of the versions that Debian has. A tag never claims another version.
func databases() []database {
	return []database{
		{
			name: "postgres", user: "postgres", packages: []string{"postgresql-15", "postgresql-client-15"},
			// A third of the image, for a compiler of queries that a test never needs.
			exclude: []string{"/usr/lib/x86_64-linux-gnu/libLLVM-*", "/usr/lib/postgresql/15/lib/llvmjit*", "/usr/lib/postgresql/15/lib/bitcode/*"},
			dirs:    []string{"/var/lib/postgresql", "/var/lib/postgresql/data", "/var/run/postgresql"},
			tags:    []string{"latest", "15", "15-bookworm", "bookworm"},
			config: Config{
				Command: []string{"postgres"}, Ports: []string{"5432/tcp"},
				Env: []string{
					"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin", "LANG=C.UTF-8",
					"PG_MAJOR=15", "PGDATA=/var/lib/postgresql/data",
				},
			},
		},
		{
			name: "mariadb", user: "mysql", packages: []string{"mariadb-server", "mariadb-client", "mariadb-backup"},
			dirs: []string{"/var/lib/mysql", "/run/mysqld"},
			files: []File{{
				Path: "/etc/mysql/mariadb.conf.d/99-container.cnf", Text: "[mariadb]\nbind-address = *\nskip-name-resolve\n",
			}},
			tags:   []string{"latest", "10", "10.11", "lts"},
			config: Config{Command: []string{"mariadbd"}, Ports: []string{"3306/tcp"}, Env: []string{"LANG=C.UTF-8"}},
		},
		{
			name: "redis", user: "redis", packages: []string{"redis-server", "redis-tools"}, dirs: []string{"/data"},
			files:  []File{{Path: "/usr/local/bin/redis-server", Mode: 0o755, Text: redisServer}},
			tags:   []string{"latest", "7", "7.0", "7-bookworm", "bookworm"},
			config: Config{Command: []string{"redis-server"}, Ports: []string{"6379/tcp"}, WorkingDir: "/data"},
		},
	}
}

func databaseRecipes() map[string]recipe {
	m := map[string]recipe{}
	for _, d := range databases() {
		m[d.name] = recipe{
			repositories: []string{d.name, "library/" + d.name}, tags: d.tags,
			help: "the server, of Debian packages, with the official image's conventions",
			inputs: func(_ context.Context, k Kitchen) ([]string, error) {
				script, err := d.entrypoint()
				return slices.Concat([]string{"database 1", k.Suite, script, fmt.Sprintf("%+v", d)}), err
			},
			make: d.make,
		}
	}
	return m
}

func (d database) entrypoint() (string, error) {
	data, err := entrypoints.ReadFile("entrypoint/" + d.name + ".sh")
	if err != nil {
		return "", fmt.Errorf("reading the entrypoint of %s: %w", d.name, err)
	}
	return string(data), nil
}

func (d database) make(ctx context.Context, k Kitchen) (v1.Image, error) {
	script, err := d.entrypoint()
	if err != nil {
		return nil, err
	}
	archive, err := k.Debian.Bootstrap(ctx, d.name, Userland{Suite: k.Suite, Packages: d.packages, Exclude: d.exclude, User: d.user})
	if err != nil {
		return nil, err
	}
	userland, err := rootfsLayer(archive)
	if err != nil {
		return nil, err
	}
	files := []File{
		{Path: entrypointPath, Text: script, Mode: 0o755},
		{Path: "/docker-entrypoint-initdb.d", Dir: true},
	}
	files = append(files, d.files...)
	for _, dir := range d.dirs {
		files = append(files, File{Path: dir, Dir: true, UID: databaseID, GID: databaseID, Mode: 0o755})
	}
	ours, err := Layer(files)
	if err != nil {
		return nil, err
	}
	c := d.config
	c.Entrypoint = []string{"docker-entrypoint.sh"}
	// Before the others, so that theirs counts.
	c.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, c.Env...)
	return Compose(nil, c, userland, ours)
}
