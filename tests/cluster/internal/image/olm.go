// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// olmUser is who OLM's own images run as, and whom OLM makes the owner of a catalog's cache.
const olmUser = "1001"

// olmRecipes are the images that OLM starts: its operators, and opm, which serves catalogs and unpacks bundles.
func olmRecipes() map[string]recipe {
	return map[string]recipe{
		// The Job that unpacks a bundle copies cpb out of this image with /bin/cp, and opm's probes find their program in PATH.
		"olm":                 shellRecipe("OLM's operators", []string{"olm", "catalog", "copy-content", "cpb"}, nil, "/bin/olm"),
		"opm":                 shellRecipe("serves catalogs and unpacks bundles", []string{"opm"}, map[string]string{"grpc-health-probe": "grpc_health_probe"}, "/bin/opm"),
		"operator-controller": shellRecipe("OLM v1's operators", []string{"operator-controller", "catalogd"}, nil, "/bin/operator-controller"),
		"cert-manager":        shellRecipe("what OLM v1 needs of cert-manager", []string{"cert-manager"}, nil, "/bin/cert-manager"),
		// scorecard passes it the arguments of tar, so it has no entrypoint.
		"untar":          shellRecipe("tar, for scorecard", nil, nil, ""),
		"scorecard-test": shellRecipe("the SDK's own scorecard tests", []string{"scorecard-test"}, nil, ""),
	}
}

// shellRecipe is busybox with programs in /bin: under their own names, and those of renamed under another.
func shellRecipe(help string, programs []string, renamed map[string]string, entrypoint string) recipe {
	names := map[string]string{}
	for _, name := range programs {
		names[name] = name
	}
	for name, as := range renamed {
		names[name] = as
	}
	image := programs
	if len(image) == 0 {
		image = []string{"untar"}
	}
	return recipe{
		repositories: []string{image[0]}, tags: []string{"latest"}, help: help,
		inputs: func(ctx context.Context, k Kitchen) ([]string, error) {
			inputs, err := busyboxRecipe().inputs(ctx, k)
			for _, name := range slices.Sorted(maps.Keys(names)) {
				binary, _, findErr := k.Binary(ctx, name)
				if findErr != nil {
					return nil, findErr
				}
				inputs = append(inputs, binary, names[name])
			}
			return append(inputs, olmUser), err
		},
		make: func(ctx context.Context, k Kitchen) (v1.Image, error) {
			ref, err := k.Ensure(ctx, "busybox")
			if err != nil {
				return nil, err
			}
			base, err := k.Store.Get(ctx, ref)
			if err != nil {
				return nil, err
			}
			var files []File
			for _, name := range slices.Sorted(maps.Keys(names)) {
				binary, _, err := k.Binary(ctx, name)
				if err != nil {
					return nil, err
				}
				files = append(files, File{Path: "/bin/" + names[name], Source: binary})
			}
			c := Config{User: olmUser}
			if entrypoint != "" {
				c.Entrypoint = []string{entrypoint}
			}
			if len(files) == 0 {
				return Compose(base, c)
			}
			layer, err := Layer(files)
			if err != nil {
				return nil, err
			}
			return Compose(base, c, layer)
		},
	}
}
