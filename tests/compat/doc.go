// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package compat answers: what does KubeStash do with each field that a user can write?
//
// It is one table, with a row for a field or for a group of fields below one: the test that shows it at work, or the words with which it is
// refused. Tests compare the table with the types, with the tests that it names, and with what users are told; docs/compatibility.md is written
// from it.
package compat
