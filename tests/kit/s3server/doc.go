// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package s3server answers: which real S3 server does a test talk to?
//
// It is a versitygw process of the test's own, over a temporary folder, with one bucket in it.
package s3server
