// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/around"
	"kubestash.com/kubestash/internal/validate"
)

// patience is how long what an object refers to is looked up. It ends before the API server gives up (timeoutSeconds in the markers).
const patience = 3 * time.Second

// Deps are what the webhooks need; every field is required.
type Deps struct {
	// Cached and Fresh read what objects refer to. Nothing is refused that is right by what somebody wrote a moment ago, which only Fresh sees.
	Cached, Fresh around.Reader
	// Backends finds a backend by its provider.
	Backends validate.Find
	// Self is the name under which the operator writes.
	Self string
}

// Register adds every webhook to the manager's webhook server.
func Register(mgr ctrl.Manager, d Deps) error {
	k := kinds{Deps: d}
	for _, register := range []func(ctrl.Manager, Deps) error{
		add(k.backupStorage(), k.trimStorage), add(k.retentionPolicy(), nil), add(k.backupConfiguration(), k.fillIn), add(k.backupBatch(), nil),
		add(k.backupBlueprint(), nil), add(k.hookTemplate(), nil), add(k.restoreSession(), nil),
	} {
		if err := register(mgr, d); err != nil {
			return err
		}
	}
	return nil
}

// add serves the rules of a kind, and its defaults if it has some, at the published paths.
func add[T any, P kube.Object[T]](of rules[T, P], defaults func(ctx context.Context, before, obj P) error) func(ctrl.Manager, Deps) error {
	return func(mgr ctrl.Manager, deps Deps) error {
		obj := P(new(T))
		kind, err := mgr.GetClient().GroupVersionKindFor(obj)
		if err != nil {
			return fmt.Errorf("adding the webhooks of a %T: %w", obj, err)
		}
		of.kind, of.deps = kind.GroupKind(), deps
		b := ctrl.NewWebhookManagedBy(mgr, obj).WithValidator(&validator[T, P]{of})
		if defaults != nil {
			b = b.WithDefaulter(&defaulter[T, P]{rules: of, fill: defaults})
		}
		if err := b.Complete(); err != nil {
			return fmt.Errorf("adding the webhooks of a %s: %w", of.kind.Kind, err)
		}
		return nil
	}
}

// isOwn is true of what the operator writes. It has its own ways to tell what is wrong, and a webhook must not stand in them.
func isOwn(ctx context.Context, self string) bool {
	request, err := admission.RequestFromContext(ctx)
	return err == nil && request.UserInfo.Username == self
}
