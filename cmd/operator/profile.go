// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "runtime"

// usualRate is how rarely Go notes who takes memory, in bytes.
var usualRate = runtime.MemProfileRate

// profile has Go note who takes memory, or not: the notes take some MiB, and are for those who ask for profiles.
func profile(notes bool) {
	runtime.MemProfileRate = 0
	if notes {
		runtime.MemProfileRate = usualRate
	}
}
