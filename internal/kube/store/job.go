// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/task"
)

// Outcome is what is known of a Job that works on a volume.
type Outcome struct {
	Exists bool
	// Ended is true once the Job won't start another pod.
	Ended bool
	// Failure tells why it failed; nil when it succeeded, or has not ended.
	Failure *engine.Error
	// Waiting tells why its newest pod, made at Since, has not started; empty when it has.
	Waiting string
	Since   time.Time
}

// SecretFor builds the Secret of a Job that exists, with its Task.
type SecretFor func(job *batchv1.Job) (*corev1.Secret, error)

// EnsureJob makes a Job and then its Secret, owned by the Job. Both can exist already, and then nothing is written: a
// Job that takes its time is ensured every few seconds. The pod waits for its Secret, so a crash in between is mended
// by the next call.
func EnsureJob(ctx context.Context, c client.Client, live client.Reader, job *batchv1.Job, secretFor SecretFor) error {
	owner := metav1.GetControllerOf(job)
	err := ensure(ctx, c, live, job, func(existing *batchv1.Job) bool {
		has := metav1.GetControllerOf(existing)
		return owner != nil && has != nil && has.UID == owner.UID
	})
	if err != nil {
		return err
	}
	secret, err := secretFor(job)
	if err != nil {
		return err
	}
	return ensure(ctx, c, live, secret, func(existing *corev1.Secret) bool {
		has := metav1.GetControllerOf(existing)
		return has != nil && has.UID == job.UID
	})
}

// ensure looks before it creates. obj then holds what exists.
func ensure[T any, P kube.Object[T]](ctx context.Context, c client.Client, live client.Reader, obj P, isOurs func(P) bool) error {
	existing, found, err := kube.Get[T, P](ctx, live, obj.GetNamespace(), obj.GetName())
	if err != nil {
		return err
	}
	if found && isOurs(existing) {
		*obj = *existing
		return nil
	}
	_, err = kube.Create(ctx, c, live, obj, isOurs)
	return err
}

// ReadOutcome tells how a Job is doing.
func ReadOutcome(ctx context.Context, cached, live client.Reader, namespace, name string) (Outcome, error) {
	work, err := kube.ReadWork(ctx, cached, live, namespace, name)
	if err != nil || !work.Exists {
		return Outcome{}, err
	}
	out := Outcome{Exists: true, Ended: work.Ended, Waiting: work.Waiting, Since: work.Since}
	if work.Ended {
		out.Failure = failureOf(work)
	}
	return out, nil
}

// failureOf believes the pod's own Report before anything else. A pod that is gone took its Report along; then the
// Job's own outcome stands for it.
func failureOf(work kube.Work) *engine.Error {
	report, err := task.DecodeReport(work.Message)
	switch {
	case work.Message != "" && err == nil && report.Succeeded:
		return nil
	case work.Message != "" && err == nil:
		return &engine.Error{Class: cmp.Or(report.Class, engine.ClassUnknown), Message: report.Message}
	case work.Succeeded:
		return nil
	default:
		return &engine.Error{Class: engine.ClassUnknown, Message: cmp.Or(work.Failure, "its Job failed without a reason.")}
	}
}

// IsForeign reports whether EnsureJob has met an object of somebody else under the name that it wanted.
func IsForeign(err error) bool {
	var foreign *kube.ForeignError
	return errors.As(err, &foreign)
}
