// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package mover answers: in which order is the work inside a pod done?
//
// It reads one Task, does it, and leaves one Report. It knows what must come first (the store answers, the
// source is whole, a stale lock is gone) and what may only come after a success (the forgetting of what
// retention dropped). How restic spells a thing, or how a store is reached, it asks others. It never talks to
// an API server, and no secret that it reads gets into a line that it writes.
package mover
