// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package control answers: what does the operator cost a cluster, and how fast does it answer?
//
// It runs the operator's binary as a process against a real API server, whose audit log says who asked what, and when. There is
// no kubelet: a player makes the pods of the Jobs and ends them with a Report. It has the build tag bench, and "make bench" runs
// it. Times and memory are reported against the goals and fail nothing, as a machine may be busy; numbers are the same
// everywhere, and fail it: of pods, of writes, of backups that run at once, that are lost, or that run twice.
package control
