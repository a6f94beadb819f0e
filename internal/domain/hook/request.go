// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	vars "kubestash.com/kubestash/internal/domain/template"
)

// defaultTimeout is how long an attempt may take when nobody says. It is documented at HookInfo.
const defaultTimeout = 5 * time.Minute

// Request is what one attempt does, with everything resolved.
type Request struct {
	Namespace string
	Executor  corev1alpha1.HookExecutorType
	// Pod selects where; nil for other executors.
	Pod *corev1alpha1.HookPod
	// Action is rendered; nil for a Function.
	Action *corev1alpha1.HookAction
	// Function is nil for other executors.
	Function *Function
	Timeout  time.Duration
}

// Function is the pod of a Function, resolved.
type Function struct {
	Spec         addonsv1alpha1.FunctionSpec
	Env          []corev1.EnvVar
	Volumes      []metav1alpha1.Volume
	VolumeMounts []corev1.VolumeMount
	Settings     metav1alpha1.RuntimeSettings
}

// Reference is an object as templates see it.
type Reference struct {
	APIGroup  string `json:"apiGroup,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
}

// Outcome is how a session went so far, as templates see it.
type Outcome struct {
	// Phase is Succeeded unless something has failed.
	Phase    string `json:"phase,omitempty"`
	Duration string `json:"duration,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Summary is a session as templates see it.
type Summary struct {
	Name      string    `json:"name,omitempty"`
	Namespace string    `json:"namespace,omitempty"`
	Invoker   Reference `json:"invoker,omitzero"`
	Target    Reference `json:"target,omitzero"`
	Status    Outcome   `json:"status,omitzero"`
}

// data is the root of every template. The order of embedding makes .Name that of the session.
type data struct {
	Summary
	Params    map[string]string `json:"params,omitempty"`
	Variables map[string]string `json:"variables,omitempty"`
}

// request resolves what an attempt does. An error is final: trying again changes no text.
func (k Known) request(s Summary) (Request, error) {
	t := k.Template
	if t == nil || t.Executor == nil {
		return Request{}, errors.New("its HookTemplate names no executor")
	}
	d := data{Summary: s}
	var problems, more []string
	d.Params, problems = params(t.Params, k.Info.Params)
	d.Variables, more = values(k.Info.Variables, t.Executor.Type == corev1alpha1.HookExecutorFunction)
	if problems = append(problems, more...); len(problems) > 0 {
		return Request{}, errors.New(strings.Join(problems, "; "))
	}
	r := Request{Namespace: s.Namespace, Executor: t.Executor.Type, Timeout: defaultTimeout}
	if k.Info.Timeout != nil && k.Info.Timeout.Duration > 0 {
		r.Timeout = k.Info.Timeout.Duration
	}
	if t.Executor.Type == corev1alpha1.HookExecutorFunction {
		function, err := k.function(d)
		r.Function = function
		return r, err
	}
	if t.Action == nil {
		return r, errors.New("its HookTemplate names no action")
	}
	r.Pod = t.Executor.Pod.DeepCopy()
	var err error
	r.Action, err = rendered(t.Action, "action", d)
	return r, err
}

// Check says what keeps a hook from being carried out, as far as that is known before its turn.
func (k Known) Check(s Summary) error {
	if k.Problem != "" {
		return errors.New(strings.TrimSuffix(k.Problem, "."))
	}
	_, err := k.request(s)
	return err
}

// function resolves a Function as tasks do: its own strings may hold ${name}. The env of the template is the template's text.
func (k Known) function(d data) (*Function, error) {
	declared := k.Template.Executor.Function
	switch {
	case declared == nil || declared.Name == "":
		return nil, errors.New("its HookTemplate names no Function")
	case k.Function == nil:
		return nil, fmt.Errorf("Function %s doesn't exist", declared.Name)
	case k.Function.Image == "":
		return nil, fmt.Errorf("Function %s names no image", declared.Name)
	}
	if c := k.Info.RuntimeSettings.Container; c != nil && (c.Nice != nil || c.IONice != nil) {
		return nil, errors.New("runtimeSettings.container.nice and ionice are for KubeStash's own image: remove them")
	}
	spec, err := resolved(*k.Function.DeepCopy(), func(name string) (string, bool) {
		for _, known := range []map[string]string{d.Variables, d.Params, {
			metav1alpha1.VarNamespace: d.Namespace, metav1alpha1.VarInvokerKind: d.Invoker.Kind, metav1alpha1.VarInvokerName: d.Invoker.Name,
		}} {
			if value, ok := known[name]; ok {
				return value, true
			}
		}
		return "", false
	})
	if err != nil {
		return nil, fmt.Errorf("Function %s: %w", declared.Name, err)
	}
	env, err := rendered(&declared.EnvVariables, "executor.function.env", d)
	if err != nil {
		return nil, err
	}
	return &Function{
		Spec: spec, Env: append(*env, k.Info.Variables...), Settings: *k.Info.RuntimeSettings.DeepCopy(),
		Volumes:      append(append([]metav1alpha1.Volume{}, declared.Volumes...), k.Info.Volumes...),
		VolumeMounts: append(append([]corev1.VolumeMount{}, declared.VolumeMounts...), k.Info.VolumeMounts...),
	}, nil
}

// rendered executes every string of a value. The copy goes through JSON, which is how the value was written.
func rendered[T any](value *T, path string, d data) (*T, error) {
	return mapped(value, func(tree any) (any, error) { return renderTree(tree, path, d) })
}

func resolved[T any](value T, known func(string) (string, bool)) (T, error) {
	out, err := mapped(&value, func(tree any) (any, error) { return vars.ResolveTree(tree, known) })
	if err != nil {
		return value, err
	}
	return *out, nil
}

func mapped[T any](value *T, change func(any) (any, error)) (*T, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", value, err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("decoding %T: %w", value, err)
	}
	if tree, err = change(tree); err != nil {
		return nil, err
	}
	if raw, err = json.Marshal(tree); err != nil {
		return nil, fmt.Errorf("encoding %T: %w", value, err)
	}
	out := new(T)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("decoding %T: %w", value, err)
	}
	return out, nil
}

func renderTree(tree any, path string, d data) (any, error) {
	switch node := tree.(type) {
	case string:
		out, err := render(node, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return out, nil
	case []any:
		for i := range node {
			var err error
			if node[i], err = renderTree(node[i], fmt.Sprintf("%s[%d]", path, i), d); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range node {
			var err error
			if node[key], err = renderTree(node[key], path+"."+key, d); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}

// Texts calls f for each string of an action, with its path: to check them without executing them.
func Texts(action *corev1alpha1.HookAction, f func(path, text string)) {
	_, err := mapped(action, func(tree any) (any, error) { walk(tree, "", f); return tree, nil })
	_ = err // an API type encodes
}

func walk(tree any, path string, f func(path, text string)) {
	switch node := tree.(type) {
	case string:
		f(path, node)
	case []any:
		for i := range node {
			walk(node[i], fmt.Sprintf("%s[%d]", path, i), f)
		}
	case map[string]any:
		for key := range node {
			walk(node[key], cmp.Or(path, "action")+"."+key, f)
		}
	}
}
