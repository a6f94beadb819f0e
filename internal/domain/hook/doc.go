// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hook answers: which hook is next, what is it asked to do, and what does its outcome mean?
//
// A HookTemplate is text that somebody else wrote and that the operator executes, so rendering it is bounded in steps and in size: a
// template can waste neither the operator's time nor its memory. That is also why the functions are our own and not a library's: those
// have some that make a gigabyte of one word, read the environment, or answer differently each time.
//
// Run is called again and again with the same list of hooks and what was recorded of them. It keeps no state: an attempt whose outcome
// nobody remembers is made again.
package hook
