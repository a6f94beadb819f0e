// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Object is a pointer to an API type.
type Object[T any] interface {
	*T
	client.Object
}

// Skeleton is the part of a reconcile that is the same for every kind: load, finalize, reconcile, and one
// deferred status patch.
type Skeleton[T any, P Object[T]] struct {
	Client client.Client
	// Finalizer is put on the object when Finalize is set.
	Finalizer string
	// Finalize undoes what deletion must undo. The finalizer goes once it returns nil.
	Finalize func(ctx context.Context, obj P) error
	// NeedsFinalizer says which objects need it; nil means all.
	NeedsFinalizer func(obj P) bool
	// Step gathers, decides and acts. It changes obj's status in memory only; the skeleton writes it.
	// It must not change metadata or spec.
	Step func(ctx context.Context, obj P) error
	// Gone, when set, is told of an object that doesn't exist any more.
	Gone func(key client.ObjectKey)
	// Makes is set where passes make objects: then each waits until the cache has what the one before has written.
	Makes bool

	ahead ahead
}

// Reconcile runs one pass.
func (s *Skeleton[T, P]) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	obj := P(new(T))
	if err := s.Client.Get(ctx, req.NamespacedName, obj); err != nil {
		if apierrors.IsNotFound(err) {
			s.gone(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if s.ahead.isOf(obj) {
		return ctrl.Result{RequeueAfter: conflictInterval}, nil
	}
	before := obj.DeepCopyObject().(P)
	announcements := &announcements{}
	err := s.pass(context.WithValue(ctx, announcementsKey{}, announcements), obj)
	patchErr := s.patchStatus(ctx, before, obj)
	switch {
	case apierrors.IsConflict(patchErr):
		// The cache was behind. What the pass did can be repeated; look again when the cache has caught up.
		return ctrl.Result{RequeueAfter: conflictInterval}, nil
	case patchErr != nil:
		// A status that was not written must not be forgotten by a wait.
		return ctrl.Result{}, errors.Join(err, patchErr)
	}
	announcements.make()
	if IsWait(err) || IsStall(err) {
		log.FromContext(ctx).V(1).Info("Not done yet", "reason", err.Error())
	}
	return Result(err)
}

func (s *Skeleton[T, P]) gone(key client.ObjectKey) {
	s.ahead.forget(key)
	if s.Gone != nil {
		s.Gone(key)
	}
}

func (s *Skeleton[T, P]) wrote(obj P) {
	if s.Makes {
		s.ahead.wrote(obj)
	}
}

// conflictInterval is about how long a cache takes to catch up.
const conflictInterval = 100 * time.Millisecond

type announcementsKey struct{}

type announcements struct{ list []func() }

func (a *announcements) make() {
	for _, announce := range a.list {
		announce()
	}
}

// Announce calls f once the pass's status has been written, and never when it could not be. Events belong
// there: a pass over an outdated cache then tells nothing twice.
func Announce(ctx context.Context, f func()) {
	if a, ok := ctx.Value(announcementsKey{}).(*announcements); ok {
		a.list = append(a.list, f)
		return
	}
	f()
}

func forgetAnnouncements(ctx context.Context) {
	if a, ok := ctx.Value(announcementsKey{}).(*announcements); ok {
		a.list = nil
	}
}

func (s *Skeleton[T, P]) pass(ctx context.Context, obj P) error {
	if !obj.GetDeletionTimestamp().IsZero() {
		return s.finalize(ctx, obj)
	}
	needed := s.Finalize != nil && (s.NeedsFinalizer == nil || s.NeedsFinalizer(obj))
	if needed && !controllerutil.ContainsFinalizer(obj, s.Finalizer) {
		if _, err := s.setFinalizer(ctx, obj, true); err != nil {
			return fmt.Errorf("adding finalizer: %w", err)
		}
	}
	return s.Step(ctx, obj)
}

func (s *Skeleton[T, P]) finalize(ctx context.Context, obj P) error {
	if s.Finalize == nil || !controllerutil.ContainsFinalizer(obj, s.Finalizer) {
		return nil
	}
	if err := s.Finalize(ctx, obj); err != nil {
		return err
	}
	isDone, err := s.setFinalizer(ctx, obj, false)
	if !isDone {
		// The cache was behind: an earlier pass has removed it and has told so, or a later one will.
		forgetAnnouncements(ctx)
	}
	if err != nil {
		return fmt.Errorf("removing finalizer: %w", err)
	}
	return nil
}

// setFinalizer patches a copy, so that obj keeps the status which the pass has built, and carries the new
// resource version over. It reports whether it did: an object that is gone is not an error.
func (s *Skeleton[T, P]) setFinalizer(ctx context.Context, obj P, present bool) (bool, error) {
	changed := obj.DeepCopyObject().(P)
	base := client.MergeFromWithOptions(obj.DeepCopyObject().(P), client.MergeFromWithOptimisticLock{})
	if present {
		controllerutil.AddFinalizer(changed, s.Finalizer)
	} else {
		controllerutil.RemoveFinalizer(changed, s.Finalizer)
	}
	if err := s.Client.Patch(ctx, changed, base); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	obj.SetFinalizers(changed.GetFinalizers())
	obj.SetResourceVersion(changed.GetResourceVersion())
	s.wrote(changed)
	return true, nil
}

// patchStatus writes what the pass changed in the status, and nothing when it changed nothing. It is refused
// when the object changed since it was read.
func (s *Skeleton[T, P]) patchStatus(ctx context.Context, before, obj P) error {
	// The same point in time may come from the API server in another zone than from a rule.
	if equality.Semantic.DeepEqual(statusOf(before), statusOf(obj)) {
		return nil
	}
	base := obj.DeepCopyObject().(P)
	setStatus(base, before)
	changed := obj.DeepCopyObject().(P)
	err := s.Client.Status().Patch(ctx, changed, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
	switch {
	case err == nil:
		s.wrote(changed)
	case client.IgnoreNotFound(err) != nil:
		return fmt.Errorf("patching status: %w", err)
	}
	// An object that went with its finalizer in this pass has no status to write.
	return nil
}

func statusOf(obj any) any {
	field := reflect.ValueOf(obj).Elem().FieldByName("Status")
	if !field.IsValid() {
		return nil
	}
	return field.Interface()
}

func setStatus(dst, src any) {
	to := reflect.ValueOf(dst).Elem().FieldByName("Status")
	if to.IsValid() {
		to.Set(reflect.ValueOf(src).Elem().FieldByName("Status"))
	}
}
