// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package s3fault answers: what does a storage look like to its users when it isn't well?
//
// A Proxy stands before an S3 server and passes requests on until a test says what is wrong: the server answers 503,
// 403 or 507, is slow, or resets connections. It keeps the Host header, which S3's signatures cover.
package s3fault
