// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package integration answers: do the controllers, the CRDs and the operator's rights fit together on a real API server?
//
// The tests have the build tag integration, so that go test ./... needs no API server:
//
//	go test -tags integration ./tests/integration/...
//
// There is a kube-apiserver with its etcd and an S3 server, and nothing else: no manager runs. A test applies objects
// and has package hand drive the controllers, one pass at a time, as the user that config/rbac makes of the operator.
// Jobs don't run here; the test reads their Task, and leaves the Report that their pod would have left.
package integration
