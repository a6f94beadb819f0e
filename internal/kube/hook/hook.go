// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/usage"
	"kubestash.com/kubestash/internal/kube"
)

// Hooks carries out the hooks of one kind of session.
type Hooks struct {
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Executor *Executor
	Runner   *Runner
	// Mistakes says what is wrong with a HookTemplate.
	Mistakes func(*corev1alpha1.HookTemplate) []string
	// Job builds the Job of a Function.
	Job func(Attempt) *batchv1.Job
}

// Attempt is one attempt of a hook that runs a Function.
type Attempt struct {
	// Name of the Job.
	Name  string
	Owner client.Object
	// NamespaceLabels tell what the namespace lets a pod do.
	NamespaceLabels map[string]string
	Request         hook.Request
}

// Gather looks at the hooks of a session: as it remembers them, or, before it has begun, as they are planned.
func (h *Hooks) Gather(ctx context.Context, owner client.Object, plan hook.Plan, status corev1alpha1.HookStatus) (hook.Hooks, error) {
	out := hook.Hooks{Target: plan.Target, Record: status.Record}
	var err error
	if out.Pre, err = h.known(ctx, owner, hook.Pre, plan.Pre, status.PreHooks); err != nil {
		return out, err
	}
	if out.Post, err = h.known(ctx, owner, hook.Post, plan.Post, status.PostHooks); err != nil || hook.Began(status) {
		return out, err
	}
	out.Record, err = hook.Record(hook.Plan{
		Pre: hook.Remember(out.Pre), Post: hook.Remember(out.Post), Target: plan.Target,
	}, owner.GetNamespace())
	return out, err
}

// known looks up what is known of a stage's hooks: their templates, as far as the session doesn't remember them, and the attempt that is
// open.
func (h *Hooks) known(ctx context.Context, owner client.Object, stage hook.Stage, hooks []hook.Hook,
	entries []corev1alpha1.HookExecutionStatus) ([]hook.Known, error) {
	known := hook.Knows(hooks)
	for i := range known {
		if err := h.template(ctx, owner.GetNamespace(), &known[i]); err != nil {
			return nil, err
		}
	}
	index, number, open := hook.Pending(entries)
	if !open || index >= len(known) {
		return known, nil
	}
	k := &known[index]
	k.Attempt = h.Runner.Look(key(owner, stage, index, number))
	if !k.Attempt.Known && runsFunction(k.Template) {
		found, err := h.job(ctx, owner, naming.HookJob(owner.GetName(), string(stage), index, number))
		if err != nil {
			return nil, err
		}
		k.Attempt = found
	}
	return known, nil
}

// template reads what a hook does, or says why that can't be.
func (h *Hooks) template(ctx context.Context, namespace string, k *hook.Known) error {
	if k.Template == nil {
		ref := k.Info.HookTemplate
		if ref == nil || ref.Name == "" {
			k.Problem = "it names no HookTemplate."
			return nil
		}
		at := client.ObjectKey{Namespace: cmp.Or(ref.Namespace, namespace), Name: ref.Name}
		object, found, err := kube.Get[corev1alpha1.HookTemplate](ctx, h.Client, at.Namespace, at.Name)
		if err != nil {
			return err
		}
		if !found {
			k.Problem = fmt.Sprintf("HookTemplate %s doesn't exist.", at)
			return nil
		}
		if k.Problem, err = h.refused(ctx, namespace, object); err != nil || k.Problem != "" {
			return err
		}
		k.Template = object.Spec.DeepCopy()
	}
	if !runsFunction(k.Template) || k.Template.Executor.Function == nil {
		return nil
	}
	function, found, err := kube.Get[addonsv1alpha1.Function](ctx, h.Client, "", k.Template.Executor.Function.Name)
	if found {
		k.Function = &function.Spec
	}
	return err
}

// refused says why a HookTemplate may not be used, or can't be. What no webhook has seen is checked here.
func (h *Hooks) refused(ctx context.Context, namespace string, t *corev1alpha1.HookTemplate) (string, error) {
	var labels map[string]string
	if usage.NeedsLabels(t.Spec.UsagePolicy) {
		var err error
		if labels, err = kube.NamespaceLabels(ctx, h.Live, namespace); err != nil {
			return "", err
		}
	}
	if allowed, reason := usage.Allowed(t.Spec.UsagePolicy, t.Namespace, namespace, labels); !allowed {
		return fmt.Sprintf("HookTemplate %s/%s: %s.", t.Namespace, t.Name, reason), nil
	}
	if list := h.Mistakes(t); len(list) > 0 {
		return fmt.Sprintf("HookTemplate %s/%s: %s.", t.Namespace, t.Name, strings.Join(list, "; ")), nil
	}
	return "", nil
}

// Start makes an attempt. One that was started before is that attempt.
func (h *Hooks) Start(ctx context.Context, owner client.Object, start hook.Start) error {
	k := key(owner, start.Stage, start.Index, start.Number)
	if start.Request.Function == nil {
		h.Runner.Run(k, owner, start.Request.Timeout, func(ctx context.Context) string {
			return told(h.Executor.Do(ctx, start.Request), start.Request.Timeout)
		})
		return nil
	}
	labels, err := kube.NamespaceLabels(ctx, h.Live, owner.GetNamespace())
	if err != nil {
		return err
	}
	job := h.Job(Attempt{
		Name: naming.HookJob(owner.GetName(), string(start.Stage), start.Index, start.Number), Owner: owner,
		NamespaceLabels: labels, Request: start.Request,
	})
	err = kube.CreateOwned(ctx, h.Client, h.Live, job, owner)
	if kube.IsRefused(err) {
		// What is refused will be refused again: the attempt has failed, with these words.
		h.Runner.Settle(k, owner, told(err, 0))
		return nil
	}
	return err
}

func runsFunction(t *corev1alpha1.HookTemplateSpec) bool {
	return t != nil && t.Executor != nil && t.Executor.Type == corev1alpha1.HookExecutorFunction
}

func key(owner client.Object, stage hook.Stage, index int, number int32) string {
	return fmt.Sprintf("%s/%s/%d/%d", owner.GetUID(), stage, index, number)
}

// Target is what templates call the target. It is nothing where there is none.
func Target(ref *metav1alpha1.TypedObjectReference, namespace string) hook.Reference {
	if ref == nil {
		return hook.Reference{}
	}
	return hook.Reference{APIGroup: ref.APIGroup, Kind: ref.Kind, Namespace: cmp.Or(ref.Namespace, namespace), Name: ref.Name}
}

// Problems tells, before the first hook runs, what would keep one from running: an application is not stopped by who can't start it again.
// The first result are those that mend themselves when an object comes that is on its way.
func Problems(all hook.Hooks, s hook.Summary) (missing, wrong []string) {
	for _, k := range slices.Concat(all.Pre, all.Post) {
		err := k.Check(s)
		switch {
		case err == nil:
		case k.Problem != "" && k.Template == nil && strings.HasSuffix(k.Problem, "doesn't exist."):
			missing = append(missing, fmt.Sprintf("Hook %s: %s", k.Info.Name, k.Problem))
		default:
			wrong = append(wrong, fmt.Sprintf("Hook %s: %v.", k.Info.Name, err))
		}
	}
	return missing, wrong
}

var errNoPod = errors.New("no pod that its selector finds is running")
