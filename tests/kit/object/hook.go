// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"k8s.io/apimachinery/pkg/util/intstr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// HookTemplate is one that an executor carries out.
func HookTemplate(namespace, name string, executor corev1alpha1.HookExecutor, action *corev1alpha1.HookAction) *corev1alpha1.HookTemplate {
	return &corev1alpha1.HookTemplate{
		ObjectMeta: Meta(namespace, name),
		Spec:       corev1alpha1.HookTemplateSpec{Action: action, Executor: &executor},
	}
}

// Post sends a body.
func Post(host string, port int32, path, body string) *corev1alpha1.HookAction {
	return &corev1alpha1.HookAction{HTTPPost: &corev1alpha1.HookHTTPPost{
		HookHTTPGet: corev1alpha1.HookHTTPGet{Host: host, Port: intstr.FromInt32(port), Path: path}, Body: body,
	}}
}

// Command runs something.
func Command(command ...string) *corev1alpha1.HookAction {
	return &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: command}}
}

// ByOperator is the operator as an executor.
func ByOperator() corev1alpha1.HookExecutor {
	return corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorOperator}
}

// InPods is pods as an executor.
func InPods(selector string, strategy corev1alpha1.HookStrategy) corev1alpha1.HookExecutor {
	return corev1alpha1.HookExecutor{
		Type: corev1alpha1.HookExecutorPod, Pod: &corev1alpha1.HookPod{Selector: selector, Strategy: strategy},
	}
}

// ByFunction is a Function as an executor.
func ByFunction(name string) corev1alpha1.HookExecutor {
	return corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorFunction, Function: &corev1alpha1.HookFunction{Name: name}}
}

// Hook uses the HookTemplate of its name.
func Hook(name string) corev1alpha1.HookInfo {
	return corev1alpha1.HookInfo{Name: name, HookTemplate: &metav1alpha1.ObjectReference{Name: name}}
}

// Hooks runs HookTemplates, by their names, before and after each backup of a session.
func Hooks(pre, post []string) *corev1alpha1.BackupHooks {
	h := &corev1alpha1.BackupHooks{}
	for _, name := range pre {
		h.PreBackup = append(h.PreBackup, Hook(name))
	}
	for _, name := range post {
		h.PostBackup = append(h.PostBackup, Hook(name))
	}
	return h
}
