// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package image

// databaseRecipes are userlands of Debian packages that follow the conventions of the official images.
func databaseRecipes() map[string]recipe { return nil }
