// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gateway answers: where is a real S3 server that this process can reach?
//
// It runs versitygw on a loopback port, over a folder: a bucket is a folder in it and an object a file, so that a
// test can look at what was written without asking the server.
package gateway
