// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package naming answers: what is this object called?
//
// Every name is a pure function of what the object is for, so creating one that exists means adopting it, and a
// step can be repeated after a crash. The published names are kept to the letter, including how a long one is
// shortened: the middle is cut out. That rule lets two long names collide; whoever meets a foreign object under
// a name calls Disambiguate. Names that nobody has published are collision-free from the start (Child).
package naming
