// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package s3 answers: how is a bucket reached that speaks the S3 protocol?
//
// A missing bucket is never created. restic would do so in passing when it creates a repository, and a
// mistyped name would then end as a second bucket that nobody watches; so whoever calls Init lists the
// bucket first. That listing is also what tells the causes apart: restic asks for an object by HEAD, whose
// answer has no body, so that a missing bucket or a refused key look like a missing object to it.
package s3
