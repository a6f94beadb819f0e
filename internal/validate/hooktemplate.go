// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

// HookTemplate checks a HookTemplate alone.
func HookTemplate(obj *corev1alpha1.HookTemplate) field.ErrorList {
	spec := field.NewPath("spec")
	list := usagePolicy(spec.Child("usagePolicy"), obj.Spec.UsagePolicy)
	seen := map[string]bool{}
	for i, p := range obj.Spec.Params {
		at := spec.Child("params").Index(i).Child("name")
		switch {
		case p.Name == "":
			list = append(list, field.Required(at, "name the parameter"))
		case seen[p.Name]:
			list = append(list, field.Duplicate(at, p.Name))
		}
		seen[p.Name] = true
	}
	executor := obj.Spec.Executor
	if executor == nil {
		return append(list, field.Required(spec.Child("executor"), "say who carries the hook out"))
	}
	list = append(list, hookExecutor(spec.Child("executor"), executor)...)
	at := spec.Child("action")
	isFunction := executor.Type == corev1alpha1.HookExecutorFunction
	switch action := obj.Spec.Action; {
	case action == nil && !isFunction:
		list = append(list, field.Required(at, "say what is done: exec, httpGet, httpPost or tcpSocket"))
	case action != nil && isFunction:
		list = append(list, field.Forbidden(at, "a Function does what its image does, and reads no action: remove it"))
	case action != nil:
		list = append(list, hookAction(at, action, executor.Type == corev1alpha1.HookExecutorOperator)...)
	}
	return list
}

func hookExecutor(at *field.Path, e *corev1alpha1.HookExecutor) field.ErrorList {
	switch e.Type {
	case corev1alpha1.HookExecutorOperator:
		return nil
	case corev1alpha1.HookExecutorFunction:
		if e.Function == nil || e.Function.Name == "" {
			return field.ErrorList{field.Required(at.Child("function", "name"), "say which Function")}
		}
		return nil
	case corev1alpha1.HookExecutorPod:
		if e.Pod == nil || strings.TrimSpace(e.Pod.Selector) == "" {
			return field.ErrorList{field.Required(at.Child("pod", "selector"), "say which pods, as in app=web, tier=front")}
		}
		if _, err := hook.PodSelector(e.Pod.Selector); err != nil {
			return field.ErrorList{field.Invalid(at.Child("pod", "selector"), e.Pod.Selector, err.Error())}
		}
		return nil
	default:
		return field.ErrorList{field.NotSupported(at.Child("type"), e.Type, []corev1alpha1.HookExecutorType{
			corev1alpha1.HookExecutorFunction, corev1alpha1.HookExecutorPod, corev1alpha1.HookExecutorOperator,
		})}
	}
}

func hookAction(at *field.Path, a *corev1alpha1.HookAction, byOperator bool) field.ErrorList {
	var list field.ErrorList
	set := 0
	for _, isSet := range []bool{a.Exec != nil, a.HTTPGet != nil, a.HTTPPost != nil, a.TCPSocket != nil} {
		if isSet {
			set++
		}
	}
	if set != 1 {
		return field.ErrorList{field.Invalid(at, set, "set exactly one of exec, httpGet, httpPost and tcpSocket")}
	}
	switch {
	case a.Exec != nil && byOperator:
		list = append(list, field.Forbidden(at.Child("exec"), "exec needs a pod: use executor.type Pod, or another action"))
	case a.Exec != nil && len(a.Exec.Command) == 0:
		list = append(list, field.Required(at.Child("exec", "command"), "say what to run"))
	case a.HTTPGet != nil:
		list = append(list, hookRequest(at.Child("httpGet"), a.HTTPGet, byOperator)...)
	case a.HTTPPost != nil:
		list = append(list, hookRequest(at.Child("httpPost"), &a.HTTPPost.HookHTTPGet, byOperator)...)
		if a.HTTPPost.Body != "" && len(a.HTTPPost.Form) > 0 {
			list = append(list, field.Forbidden(at.Child("httpPost", "form"), "set body or form, not both"))
		}
	case a.TCPSocket != nil:
		list = append(list, hookAddress(at.Child("tcpSocket"), a.TCPSocket.Host, a.TCPSocket.Port, byOperator)...)
	}
	hook.Texts(a, func(path, text string) {
		if err := hook.Check(text); err != nil {
			// The text itself may hold a password.
			list = append(list, field.Forbidden(field.NewPath("spec", path), "it is no Go template: "+err.Error()))
		}
	})
	return list
}

func hookRequest(at *field.Path, g *corev1alpha1.HookHTTPGet, byOperator bool) field.ErrorList {
	list := hookAddress(at, g.Host, g.Port, byOperator)
	if scheme := strings.ToUpper(string(g.Scheme)); scheme != "" && scheme != "HTTP" && scheme != "HTTPS" && !strings.Contains(scheme, "{{") {
		list = append(list, field.NotSupported(at.Child("scheme"), g.Scheme, []string{"HTTP", "HTTPS"}))
	}
	return list
}

func hookAddress(at *field.Path, host string, port intstr.IntOrString, byOperator bool) field.ErrorList {
	var list field.ErrorList
	if byOperator && host == "" {
		list = append(list, field.Required(at.Child("host"), "the operator's own pod is not meant: say where to connect to"))
	}
	switch {
	case port.Type == intstr.Int && (port.IntVal < 1 || port.IntVal > 65535):
		list = append(list, field.Invalid(at.Child("port"), port.IntVal, "a port is a number from 1 to 65535"))
	case port.Type == intstr.String && port.StrVal == "":
		list = append(list, field.Required(at.Child("port"), "say which port"))
	case port.Type == intstr.String && byOperator && port.IntValue() == 0 && !strings.Contains(port.StrVal, "{{"):
		list = append(list, field.Invalid(at.Child("port"), port.StrVal, "only a pod's ports have names: set a number"))
	}
	return list
}

// backupHooks checks which HookTemplates may be used. One that doesn't exist may come.
func backupHooks(at *field.Path, namespace string, hooks *corev1alpha1.BackupHooks, around Surroundings) field.ErrorList {
	return append(around.mayUseHooks(at.Child("preBackup"), namespace, hooks.PreBackup),
		around.mayUseHooks(at.Child("postBackup"), namespace, hooks.PostBackup)...)
}

func (s Surroundings) mayUseHooks(at *field.Path, namespace string, infos []corev1alpha1.HookInfo) field.ErrorList {
	var list field.ErrorList
	for i, info := range infos {
		if info.HookTemplate == nil {
			list = append(list, field.Required(at.Index(i).Child("hookTemplate"), "say which HookTemplate"))
			continue
		}
		key := named(*info.HookTemplate, namespace)
		if t := s.Hooks[key]; t != nil {
			list = append(list, s.mayUse(at.Index(i).Child("hookTemplate"), "HookTemplate", key, t.Spec.UsagePolicy, namespace)...)
		}
	}
	return list
}

func (s Surroundings) missingHooks(at *field.Path, namespace string, infos []corev1alpha1.HookInfo) []string {
	var out []string
	for i, info := range infos {
		if info.HookTemplate == nil || info.HookTemplate.Name == "" {
			continue
		}
		if key := named(*info.HookTemplate, namespace); s.Hooks[key] == nil {
			out = append(out, missing(at.Index(i).Child("hookTemplate"), "HookTemplate", key))
		}
	}
	return out
}
