// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package olm answers: is the operator well when the Operator Lifecycle Manager installs it, upgrades it, removes it
// and brings it back, and does nobody lose a backup by that?
//
// The tests have the build tag olm. Each is one story on the machine's own cluster, and the next chapter begins with what
// the one before has left: what stands for the release before this one is installed, by a Subscription of OLM v0 or by a
// ClusterExtension of OLM v1, upgraded to this one in the middle of a backup, confused by OperatorGroups or offered a
// version that would break objects, removed, and installed again.
package olm
