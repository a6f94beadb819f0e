// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan answers: what is called what, and where is it?
//
// Names, addresses, folders and ports of the one cluster that a machine holds. Nothing here touches the machine.
package plan
