// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e answers: does the operator, as it is deployed, do on a real cluster what users were promised?
//
// The tests have the build tag e2e, so that go test ./... needs no cluster:
//
//	go test -tags e2e ./tests/e2e/... -timeout 30m
//
// They run on the machine's own cluster, which is brought up when it isn't, or on the one that KUBECONFIG names. The
// suite deploys the operator of this checkout and an S3 server first. Each test has a namespace of its own; what a test
// that failed leaves behind is written to .cluster/logs/e2e-<name>.
//
// What users were promised, and who looks:
//
//	the life of a session            TestSessionLife, TestSlotStartsNoPod, TestBatch, TestProgressMoves
//	the queue                        TestQueue
//	workloads                        TestAnnotatedDeployment…, TestAnnotatedClaim…, TestAnnotatedStatefulSet, TestAnnotatedDaemonSet
//	restores                         TestRestoresElsewhereAndFromEarlier, and nearly all others
//	several repositories, defaults   TestSeveralRepositories
//	hooks                            TestHooks, TestPreHookFails, TestOperatorKilledBetweenHooks, TestSessionDeletedBetweenHooks
//	retention and maintenance        TestSpaceIsFreed
//	the life of a blueprint          TestBlueprintLife
//	the bucket is the truth          TestBucketIsTheTruth, TestVolumeIsTheTruth
//	never green on bad data          TestWrongPassword, TestMissingBucket, TestMissingPath, Test…Killed…, and tests/e2e/fault
package e2e
