// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package addons answers: which databases and volumes can KubeStash back up out of the box, and how?
//
// The answer is YAML: a folder per addon, with an Addon and its Functions. The operator carries the files and
// applies them when it starts. A new addon is a new folder, and no Go.
package addons

import "embed"

// Files holds one folder per addon.
//
//go:embed */*.yaml
var Files embed.FS
