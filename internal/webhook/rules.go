// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/around"
)

// rules are how the objects of a kind are looked at.
type rules[T any, P kube.Object[T]] struct {
	// What is the same for all that a manager serves: add knows it.
	kind schema.GroupKind
	deps Deps
	// spec is what users write.
	spec func(P) any
	// look gives what is wrong with an object. It doesn't change the object.
	look func(ctx context.Context, by around.Reader, obj P) (findings, error)
	// isOneOfMany is true of a kind of which two objects can be wrong together, which only who sees both can tell.
	isOneOfMany bool
}

// findings are what is wrong with an object: whatever else there is, beside what there is, and what is probably wrong beside that.
type findings struct {
	alone, beside field.ErrorList
	doubts        []string
}

func (f findings) mistakes() field.ErrorList { return slices.Concat(f.alone, f.beside) }

// examine looks at an object by the cache, which is quick however much there is to read. What it finds wrong beside other objects may be
// what the cache doesn't know yet, so that is looked at again, past it.
func (r rules[T, P]) examine(ctx context.Context, obj P) (findings, error) {
	if !r.isOneOfMany {
		f, err := r.look(ctx, r.deps.Cached, obj)
		if err == nil && len(f.beside)+len(f.doubts) == 0 {
			return f, nil
		}
	}
	return r.look(ctx, r.deps.Fresh, obj)
}

// isIdle is true of a change that no rule is about: of metadata, of the status, or of an object that is on its way out.
func (r rules[T, P]) isIdle(before, obj P) bool {
	return !obj.GetDeletionTimestamp().IsZero() || before != nil && reflect.DeepEqual(r.spec(before), r.spec(obj))
}

// validator refuses objects.
type validator[T any, P kube.Object[T]] struct{ rules[T, P] }

// ValidateCreate refuses a new object.
func (v *validator[T, P]) ValidateCreate(ctx context.Context, obj P) (admission.Warnings, error) {
	return v.judge(ctx, nil, obj)
}

// ValidateUpdate refuses a change.
func (v *validator[T, P]) ValidateUpdate(ctx context.Context, before, obj P) (admission.Warnings, error) {
	return v.judge(ctx, before, obj)
}

// ValidateDelete refuses nothing. No configuration asks it.
func (v *validator[T, P]) ValidateDelete(context.Context, P) (admission.Warnings, error) {
	return nil, nil
}

func (v *validator[T, P]) judge(ctx context.Context, before, obj P) (admission.Warnings, error) {
	if v.isIdle(before, obj) || isOwn(ctx, v.deps.Self) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, err := v.examine(ctx, obj)
	mistakes, doubts := now.mistakes(), now.doubts
	var known map[string]bool
	if err == nil && before != nil && len(mistakes) > 0 {
		known, err = v.known(ctx, before)
	}
	if err != nil {
		log.FromContext(ctx).Error(err, "Looking up what an object refers to; it was let in", "kind", v.kind.Kind,
			"namespace", obj.GetNamespace(), "name", obj.GetName())
		return admission.Warnings{"this could not be checked now, and will be when it's used: " + err.Error()}, nil
	}
	var refused field.ErrorList
	for _, m := range mistakes {
		if known[m.Error()] {
			doubts = append(doubts, m.Error())
		} else {
			refused = append(refused, m)
		}
	}
	if len(refused) > 0 {
		return doubts, apierrors.NewInvalid(v.kind, obj.GetName(), refused)
	}
	return doubts, nil
}

// known are the mistakes that were there before. What around an object has changed since, or was written while no webhook was there,
// must not keep anybody from pausing backups, or from mending one thing after the other.
func (v *validator[T, P]) known(ctx context.Context, before P) (map[string]bool, error) {
	// What the cache doesn't know yet would be missed here, and refused there.
	then, err := v.look(ctx, v.deps.Fresh, before)
	out := map[string]bool{}
	for _, m := range then.mistakes() {
		out[m.Error()] = true
	}
	return out, err
}

// defaulter fills in what users leave out.
type defaulter[T any, P kube.Object[T]] struct {
	rules[T, P]
	// fill changes obj. Before is what stood there; nil for a new object.
	fill func(ctx context.Context, before, obj P) error
}

// Default fills in what is left out of an object. What can't be looked up now stays out: the reconcilers fill it in when they use it.
func (d *defaulter[T, P]) Default(ctx context.Context, obj P) error {
	before, err := old[T, P](ctx)
	if err != nil || d.isIdle(before, obj) || isOwn(ctx, d.deps.Self) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.fill(ctx, before, obj); err != nil {
		log.FromContext(ctx).Error(err, "Looking up defaults; none were filled in", "kind", d.kind.Kind,
			"namespace", obj.GetNamespace(), "name", obj.GetName())
	}
	return nil
}

// old is what stood there before an update; nil for a new object.
func old[T any, P kube.Object[T]](ctx context.Context) (P, error) {
	request, err := admission.RequestFromContext(ctx)
	if err != nil {
		return nil, err
	}
	if request.Operation != admissionv1.Update {
		return nil, nil
	}
	before := P(new(T))
	if err := json.Unmarshal(request.OldObject.Raw, before); err != nil {
		return nil, apierrors.NewBadRequest("decoding the former object: " + err.Error())
	}
	return before, nil
}
