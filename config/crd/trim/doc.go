// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command trim answers: which words of the generated CRDs are ours to say?
//
// controller-gen copies the comments of every Go type into a CRD, also those of the Kubernetes types that ours embed: a container, a
// probe, a claim. With them a BackupConfiguration's CRD takes more than the 262,144 bytes that `kubectl apply` can remember in an
// annotation. So trim walks each schema next to the Go type that it was made from, keeps the descriptions of our own fields, and drops
// those below a field of a foreign type, with the few keywords that say what Kubernetes assumes anyway. It changes nothing that validates.
//
// Usage: trim <directory of CRDs>. It rewrites the files in place; to run it again changes nothing.
package main
