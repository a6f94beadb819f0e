// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"kubestash.com/kubestash/controllers/addons/catalogue"
	"kubestash.com/kubestash/controllers/core/backupblueprint"
)

const (
	// maxRounds is far more than the path of an object through all controllers is long.
	maxRounds = 12
	// hottest is the shortest time after which a controller may want to look again at what has not changed.
	hottest = time.Second
)

// pass is one look of one controller at one object.
type pass struct {
	controller string
	key        client.ObjectKey
}

func (p pass) String() string { return p.controller + " " + p.key.String() }

// Settle passes over every object of a namespace, round after round, until a round writes nothing and tells nothing,
// and no attempt of a hook has ended in it.
// It is an error when that never happens, when a controller fails in that last round, or when one wants to look again
// in less than a second although nothing has changed. Of a controller that Kill has killed the error is ErrDead.
func (d *Driver) Settle(ctx context.Context, namespace string) error {
	var moved []string
	for range maxRounds {
		writes, events := len(d.wire.since(0)), len(d.recorder.since(0))
		failures, err := d.round(ctx, namespace)
		if err != nil {
			return err
		}
		moved = d.wire.since(writes)
		for _, e := range d.recorder.since(events) {
			moved = append(moved, e.String())
		}
		if called := d.set.called(); len(moved) == 0 && !called {
			return errors.Join(failures...)
		}
	}
	return fmt.Errorf("after %d rounds over facts that don't change, there is still: %s", maxRounds, strings.Join(moved, "; "))
}

// Round passes over everything once, and returns what went wrong in it.
func (d *Driver) Round(ctx context.Context, namespace string) error {
	failures, err := d.round(ctx, namespace)
	return errors.Join(append(failures, err)...)
}

// round passes over everything once. The failures are those of controllers.
func (d *Driver) round(ctx context.Context, namespace string) (failures []error, err error) {
	for _, g := range groups() {
		passes, err := d.passes(ctx, namespace, g)
		if err != nil {
			return nil, err
		}
		for _, p := range passes {
			result, err := d.set.reconcile[p.controller](d.context(ctx), p.key)
			switch {
			case d.fate.isDead():
				return nil, ErrDead
			case err != nil:
				failures = append(failures, fmt.Errorf("reconciling %s: %w", p, err))
			case result.RequeueAfter > 0 && result.RequeueAfter < hottest:
				failures = append(failures, fmt.Errorf("reconciling %s: it wants to look again after %s", p, result.RequeueAfter))
			}
		}
	}
	return failures, nil
}

func (d *Driver) passes(ctx context.Context, namespace string, g group) ([]pass, error) {
	if err := d.Client.List(ctx, g.list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing %T: %w", g.list, err)
	}
	items, err := meta.ExtractList(g.list)
	if err != nil {
		return nil, fmt.Errorf("reading %T: %w", g.list, err)
	}
	var out []pass
	for _, item := range items {
		o, ok := item.(client.Object)
		if !ok {
			return nil, fmt.Errorf("reading %T: %T is no object", g.list, item)
		}
		if g.controller == configurations {
			out = append(out, d.targetOf(o)...)
		}
		out = append(out, pass{g.controller, client.ObjectKeyFromObject(o)})
	}
	return out, nil
}

// targetOf leads from what a blueprint has made to its target, which may be gone: the watch of BackupConfigurations
// does the same.
func (d *Driver) targetOf(configuration client.Object) []pass {
	var out []pass
	for _, key := range backupblueprint.TargetOf(configuration) {
		if parts := strings.Split(key, "/"); len(parts) == 3 {
			out = append(out, pass{targets + " " + parts[0], client.ObjectKey{Namespace: parts[1], Name: parts[2]}})
		}
	}
	return out
}

// Catalogue puts the Addons and Functions into the cluster that the operator ships, as it does when it starts to lead.
func (d *Driver) Catalogue(ctx context.Context) error {
	var started starter
	if err := catalogue.Register(&started, catalogue.Deps{Client: d.client, Files: d.deps.Addons}); err != nil {
		return fmt.Errorf("reading the catalogue: %w", err)
	}
	for _, r := range started.runnables {
		if err := r.Start(d.context(ctx)); err != nil {
			return fmt.Errorf("applying the catalogue: %w", err)
		}
	}
	return nil
}

// starter is a manager that keeps what it should start.
type starter struct {
	manager.Manager
	runnables []manager.Runnable
}

func (s *starter) Add(r manager.Runnable) error {
	s.runnables = append(s.runnables, r)
	return nil
}
