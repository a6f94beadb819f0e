// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Applying an Addon or Function: act.go, apply.
// +kubebuilder:rbac:groups=addons.kubestash.com,resources=addons;functions,verbs=create;patch

// Deps are what the catalogue needs.
type Deps struct {
	Client client.Client
	// Files holds a folder per addon, with YAML in it.
	Files fs.FS
}

// Register lets the manager apply the catalogue once it leads. It fails on a catalogue that can't be read,
// which is a defect of the program.
func Register(mgr ctrl.Manager, deps Deps) error {
	objects, err := read(deps.Files)
	if err != nil {
		return err
	}
	if err := mgr.Add(&applier{client: deps.Client, objects: objects}); err != nil {
		return fmt.Errorf("adding the addon catalogue: %w", err)
	}
	return nil
}

type applier struct {
	client  client.Client
	objects []*unstructured.Unstructured
}

// NeedLeaderElection says that two replicas don't write at the same time.
func (a *applier) NeedLeaderElection() bool { return true }

// Start applies until everything is in the cluster. It never fails: an operator without its catalogue still
// serves the addons that are there.
func (a *applier) Start(ctx context.Context) error {
	logger := log.FromContext(ctx).WithName("catalogue")
	ctx = log.IntoContext(ctx, logger)
	pending := a.objects
	retry := wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.1, Steps: 10, Cap: time.Minute}
	err := retry.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		pending = a.pass(ctx, pending)
		return len(pending) == 0, nil
	})
	if err == nil {
		logger.Info("Applied the addon catalogue", "objects", len(a.objects))
	}
	return nil
}

// pass applies each object and returns those that have to be tried again.
func (a *applier) pass(ctx context.Context, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	var failed []*unstructured.Unstructured
	for _, obj := range objects {
		if err := a.apply(ctx, obj); err != nil {
			log.FromContext(ctx).Error(err, "Applying the addon catalogue", "kind", obj.GetKind(), "name", obj.GetName())
			failed = append(failed, obj)
		}
	}
	return failed
}
