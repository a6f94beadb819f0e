// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kubestash.com/kubestash/tests/cluster/internal/image"
)

// images are the commands about the local registry. Each prints the image's reference, by content, and nothing else.
func (a *app) images() []*cobra.Command {
	return []*cobra.Command{a.image(), a.buildImage(), a.pushIndex(), a.pushFiles(), a.load(), a.registry()}
}

// withRegistry runs f while the registry runs and nobody else makes images.
func (a *app) withRegistry(ctx context.Context, f func(context.Context) error) error {
	m := a.machine()
	if err := m.CheckMachine(); err != nil {
		return err
	}
	held, err := m.Lock(ctx)
	if err != nil {
		return err
	}
	if err = m.InstallPackages(ctx); err == nil {
		err = m.EnsureRegistry(ctx)
	}
	held.Release()
	if err != nil {
		return err
	}
	images, err := m.LockImages(ctx)
	if err != nil {
		return err
	}
	defer images.Release()
	return f(ctx)
}

func (a *app) image() *cobra.Command {
	long := "Add known images to the local registry unless it has them, and print their references.\n\nKnown:\n"
	for _, k := range image.Known() {
		long += fmt.Sprintf("  %-16s %s\n", k[0], k[1])
	}
	return &cobra.Command{
		Use: "image NAME...", Short: "Add a known image to the local registry", Long: long, Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRegistry(cmd.Context(), func(ctx context.Context) error {
				for _, name := range args {
					ref, err := a.machine().Kitchen(a.minor).Ensure(ctx, name)
					if err != nil {
						return err
					}
					fmt.Fprintln(a.Out, ref)
				}
				return nil
			})
		},
	}
}

func (a *app) buildImage() *cobra.Command {
	var b image.Build
	base := ""
	cmd := &cobra.Command{
		Use:   "build-image [CONTEXT]",
		Short: "Build a Dockerfile with buildah, push it, and print its reference",
		Long: `Build a Dockerfile with buildah, push it to the local registry, and print its reference, whose tag is its content.

The context is a folder (default: the working directory). Names of public registries in FROM are looked up in the local registry.`,
		Example: "  bin/cluster build-image --name kubestash-operator --file Dockerfile --base base .",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Context = "."
			if len(args) > 0 {
				b.Context = args[0]
			}
			if b.File == "" {
				b.File = filepath.Join(b.Context, "Dockerfile")
			}
			return a.withRegistry(cmd.Context(), func(ctx context.Context) error {
				if base != "" {
					ref, err := a.base(ctx, base)
					if err != nil {
						return err
					}
					b.Arguments = append(b.Arguments, "BASE="+ref)
				}
				ref, err := a.machine().Buildah().Build(ctx, b)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(a.Out, ref)
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.Name, "name", "", "the image's name in the registry")
	f.StringVarP(&b.File, "file", "f", "", "the Dockerfile (default: the context's)")
	f.StringVar(&base, "base", "", "value of the build argument BASE: a reference, or the name of a known image, which is made first")
	f.StringArrayVar(&b.Arguments, "build-arg", nil, "a build argument, NAME=VALUE")
	f.StringVar(&b.Arch, "arch", "", "the architecture to build for, in Go's name (default: amd64)")
	f.StringVar(&b.Target, "target", "", "the stage to build")
	f.StringSliceVar(&b.Tags, "tag", nil, "further tags")
	_ = cmd.MarkFlagRequired("name")
	return cmd
}

// base turns the name of a known image into its reference, and leaves references alone.
func (a *app) base(ctx context.Context, name string) (string, error) {
	for _, k := range image.Known() {
		if k[0] == name {
			return a.machine().Kitchen(a.minor).Ensure(ctx, name)
		}
	}
	return name, nil
}

func (a *app) pushFiles() *cobra.Command {
	var repository, base string
	var sources, tags []string
	var c image.Config
	cmd := &cobra.Command{
		Use:     "push-files",
		Short:   "Make an image of files or folders on a base, push it, and print its reference",
		Example: "  bin/cluster push-files --name tree --base busybox --file ./testdata:/data --file ./run.sh:/run.sh:0755 --entrypoint /run.sh",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := parseFiles(sources)
			if err != nil {
				return err
			}
			return a.withRegistry(cmd.Context(), func(ctx context.Context) error {
				ref, err := a.compose(ctx, repository, base, files, c, tags)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(a.Out, ref)
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&repository, "name", "", "the image's name in the registry")
	f.StringVar(&base, "base", "", "the base: a reference, or the name of a known image; empty means nothing")
	f.StringArrayVar(&sources, "file", nil, "SOURCE:PATH[:MODE], a file or a folder; may be repeated")
	f.StringSliceVar(&tags, "tag", nil, "further tags")
	configFlags(f, &c)
	_ = cmd.MarkFlagRequired("name")
	_ = cmd.MarkFlagRequired("file")
	return cmd
}

func configFlags(f *pflag.FlagSet, c *image.Config) {
	f.StringArrayVar(&c.Entrypoint, "entrypoint", nil, "one word of the entrypoint; may be repeated")
	f.StringArrayVar(&c.Command, "cmd", nil, "one word of the default command; may be repeated")
	f.StringArrayVar(&c.Env, "env", nil, "NAME=VALUE; may be repeated")
	f.StringVar(&c.User, "user", "", "user, or user:group")
	f.StringVar(&c.WorkingDir, "workdir", "", "working directory")
}

func (a *app) compose(
	ctx context.Context, repository, base string, files []image.File, c image.Config, tags []string,
) (string, error) {
	layer, err := image.Layer(files)
	if err != nil {
		return "", err
	}
	store := a.machine().Store()
	if base == "" {
		img, err := image.Compose(nil, c, layer)
		if err != nil {
			return "", err
		}
		return store.Push(ctx, img, repository, tags...)
	}
	ref, err := a.base(ctx, base)
	if err != nil {
		return "", err
	}
	from, err := store.Get(ctx, ref)
	if err != nil {
		return "", err
	}
	img, err := image.Compose(from, c, layer)
	if err != nil {
		return "", err
	}
	return store.Push(ctx, img, repository, tags...)
}

// parseFiles reads SOURCE:PATH[:MODE].
func parseFiles(specs []string) ([]image.File, error) {
	var files []image.File
	for _, spec := range specs {
		parts := strings.Split(spec, ":")
		if len(parts) < 2 || len(parts) > 3 || !strings.HasPrefix(parts[1], "/") {
			return nil, fmt.Errorf("reading --file %q: want SOURCE:/PATH or SOURCE:/PATH:MODE", spec)
		}
		info, err := os.Stat(parts[0])
		if err != nil {
			return nil, fmt.Errorf("reading --file %q: %w", spec, err)
		}
		if info.IsDir() {
			tree, err := image.Tree(parts[0], parts[1])
			if err != nil {
				return nil, err
			}
			files = append(append(files, image.File{Path: parts[1], Dir: true}), tree...)
			continue
		}
		file := image.File{Path: parts[1], Source: parts[0], Mode: int64(info.Mode().Perm())}
		if len(parts) == 3 {
			if file.Mode, err = strconv.ParseInt(parts[2], 8, 64); err != nil {
				return nil, fmt.Errorf("reading the mode of --file %q: %w", spec, err)
			}
		}
		files = append(files, file)
	}
	return files, nil
}

func (a *app) load() *cobra.Command {
	var repository string
	var tags []string
	var c image.Config
	cmd := &cobra.Command{
		Use:   "load ARCHIVE",
		Short: "Push a docker or OCI archive, or a root file system, and print its reference",
		Long: `Push an image to the local registry and print its reference.

ARCHIVE is what "docker save" writes, an OCI layout (folder or tar), or a root file system (folder or tar); tars may be compressed with gzip. The
flags about the process apply to a root file system.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRegistry(cmd.Context(), func(ctx context.Context) error {
				scratch, err := os.MkdirTemp("", "cluster-load-")
				if err != nil {
					return fmt.Errorf("making a work folder: %w", err)
				}
				defer os.RemoveAll(scratch)
				ref, err := a.machine().Store().Put(ctx, args[0], scratch, repository, c, tags...)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(a.Out, ref)
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&repository, "name", "", "the image's name in the registry")
	f.StringSliceVar(&tags, "tag", nil, "further tags")
	configFlags(f, &c)
	_ = cmd.MarkFlagRequired("name")
	return cmd
}

func (a *app) registry() *cobra.Command {
	return &cobra.Command{
		Use:   "registry",
		Short: "Start the local registry alone, and print its name",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withRegistry(cmd.Context(), func(context.Context) error {
				_, err := fmt.Fprintln(a.Out, a.machine().Store().Shown)
				return err
			})
		},
	}
}
