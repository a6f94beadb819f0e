// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package s3 answers: where does a test or a demo get a real S3 server from, and what is in its buckets?
//
// The server is versitygw in a pod, on a volume of the cluster's default StorageClass. Pods reach it by its
// Service; a test, which may run anywhere, reaches it through a forwarded port.
package s3
