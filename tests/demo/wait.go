// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// patience is for everything on a machine of two cores; what takes longer is stuck.
const patience = 10 * time.Minute

// stuckError names the object that didn't become what it should.
type stuckError struct {
	resource, namespace, name, state string
	cause                            error
}

func (e *stuckError) Error() string {
	return fmt.Sprintf("waiting for %s %s: %v; it is: %s", e.resource, e.name, e.cause, e.state)
}

func (e *stuckError) Unwrap() error { return e.cause }

var errFailed = errors.New("it failed")

// A verdict is what a look at an object says.
type verdict struct {
	done, failed bool
	// state is told to people whenever it changes.
	state string
}

// await looks at an object until it's done or has failed, and tells how it goes.
func (d *demo) await(ctx context.Context, resource string, object client.Object, look func(ctx context.Context) (verdict, error)) error {
	start, last := time.Now(), ""
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		v := verdict{state: "not there yet"}
		err := d.client.Get(ctx, client.ObjectKeyFromObject(object), object)
		if err == nil {
			v, err = look(ctx)
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return false, err
		}
		if v.state != last {
			d.say("%7.1fs  %s: %s", time.Since(start).Seconds(), resource, v.state)
			last = v.state
		}
		if v.failed {
			return false, errFailed
		}
		return v.done, nil
	})
	if err != nil {
		return &stuckError{resource, object.GetNamespace(), object.GetName(), last, err}
	}
	return nil
}
