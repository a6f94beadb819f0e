// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/validate"
)

func template() *corev1alpha1.HookTemplate {
	return &corev1alpha1.HookTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "platform", Name: "t"},
		Spec: corev1alpha1.HookTemplateSpec{
			Params: []metav1alpha1.ParameterDefinition{{Name: "a"}},
			Action: &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: []string{"sh", "-c", "echo {{ .Name }} ${HOME}"}}},
			Executor: &corev1alpha1.HookExecutor{
				Type: corev1alpha1.HookExecutorPod, Pod: &corev1alpha1.HookPod{Selector: "app=web, tier=front"},
			},
		},
	}
}

func TestHookTemplate(t *testing.T) {
	type spec = corev1alpha1.HookTemplateSpec
	get := func(g corev1alpha1.HookHTTPGet) *corev1alpha1.HookAction {
		return &corev1alpha1.HookAction{HTTPGet: &g}
	}
	operator := func(s *spec) { s.Executor = &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorOperator} }
	for sentence, row := range map[string]struct {
		change func(*spec)
		want   []string
	}{
		"a command in pods":               {func(*spec) {}, nil},
		"nobody to do it":                 {func(s *spec) { s.Executor = nil }, []string{"spec.executor: Required value: say who carries"}},
		"nothing to do":                   {func(s *spec) { s.Action = nil }, []string{"spec.action: Required value: say what is done"}},
		"two things to do":                {func(s *spec) { s.Action.TCPSocket = &corev1alpha1.HookTCPSocket{} }, []string{"spec.action: Invalid value: 2: set exactly one"}},
		"an empty command":                {func(s *spec) { s.Action.Exec.Command = nil }, []string{"spec.action.exec.command: Required value"}},
		"a command that is no template":   {func(s *spec) { s.Action.Exec.Command[2] = "{{ secret" }, []string{"spec.action.exec.command[2]: Forbidden: it is no Go template"}},
		"no pods":                         {func(s *spec) { s.Executor.Pod = nil }, []string{"spec.executor.pod.selector: Required value"}},
		"a selector of no label":          {func(s *spec) { s.Executor.Pod.Selector = "web" }, []string{`spec.executor.pod.selector: Invalid value: "web"`}},
		"a parameter without a name":      {func(s *spec) { s.Params[0].Name = "" }, []string{"spec.params[0].name: Required value"}},
		"a parameter that is there twice": {func(s *spec) { s.Params = append(s.Params, s.Params[0]) }, []string{"spec.params[1].name: Duplicate value"}},
		"a selector that isn't there": {
			func(s *spec) { s.UsagePolicy = selecting(nil) }, []string{"spec.usagePolicy.allowedNamespaces.selector: Required value"}},
		"a command in the operator": {operator, []string{"spec.action.exec: Forbidden: exec needs a pod"}},
		"a request by the operator": {func(s *spec) {
			operator(s)
			s.Action = get(corev1alpha1.HookHTTPGet{Host: "h", Port: intstr.FromInt32(443), Scheme: corev1.URISchemeHTTPS})
		}, nil},
		"a request by the operator to nowhere": {func(s *spec) {
			operator(s)
			s.Action = get(corev1alpha1.HookHTTPGet{Port: intstr.FromString("web")})
		}, []string{"spec.action.httpGet.host: Required value", `spec.action.httpGet.port: Invalid value: "web"`}},
		"a request with a scheme of its own": {func(s *spec) {
			s.Action = get(corev1alpha1.HookHTTPGet{Port: intstr.FromString("web"), Scheme: "FTP"})
		}, []string{`spec.action.httpGet.scheme: Unsupported value: "FTP"`}},
		"a port beyond the last": {func(s *spec) {
			s.Action = &corev1alpha1.HookAction{TCPSocket: &corev1alpha1.HookTCPSocket{Port: intstr.FromInt32(65536)}}
		}, []string{"spec.action.tcpSocket.port: Invalid value: 65536"}},
		"a body and a form": {func(s *spec) {
			s.Action = &corev1alpha1.HookAction{HTTPPost: &corev1alpha1.HookHTTPPost{
				HookHTTPGet: corev1alpha1.HookHTTPGet{Port: intstr.FromInt32(80)}, Body: "b", Form: []corev1alpha1.HookFormEntry{{Key: "k"}},
			}}
		}, []string{"spec.action.httpPost.form: Forbidden"}},
		"a Function": {func(s *spec) {
			s.Action, s.Executor = nil, &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorFunction, Function: &corev1alpha1.HookFunction{Name: "f"}}
		}, nil},
		"a Function with an action, and without a name": {func(s *spec) {
			s.Executor = &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorFunction}
		}, []string{"spec.executor.function.name: Required value", "spec.action: Forbidden"}},
		"somebody else": {func(s *spec) { s.Executor.Type = "Nobody" }, []string{`spec.executor.type: Unsupported value: "Nobody"`}},
	} {
		obj := template()
		row.change(&obj.Spec)
		expect(t, sentence, validate.HookTemplate(obj), row.want...)
	}
}

func TestHooksAreUsedByWhomTheyAllow(t *testing.T) {
	bc := &corev1alpha1.BackupConfiguration{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	at := func(namespace, name string) corev1alpha1.HookInfo {
		return corev1alpha1.HookInfo{HookTemplate: &metav1alpha1.ObjectReference{Namespace: namespace, Name: name}}
	}
	for sentence, row := range map[string]struct {
		hook corev1alpha1.HookInfo
		from metav1alpha1.NamespacesFromPolicy
		want []string
	}{
		"one of another namespace that is for its own": {at("platform", "t"), metav1alpha1.NamespacesFromSame, []string{
			"spec.sessions[0].hooks.postBackup[0].hookTemplate: Forbidden: HookTemplate platform/t: its usage policy allows only its own namespace",
		}},
		"one of another namespace that is for all": {at("platform", "t"), metav1alpha1.NamespacesFromAll, nil},
		"one that isn't there yet":                 {at("platform", "later"), metav1alpha1.NamespacesFromSame, nil},
		"one without a namespace is one's own":     {at("", "t"), metav1alpha1.NamespacesFromSame, nil},
		"none": {corev1alpha1.HookInfo{}, metav1alpha1.NamespacesFromSame, []string{
			"spec.sessions[0].hooks.postBackup[0].hookTemplate: Required value",
		}},
	} {
		obj := template()
		obj.Spec.UsagePolicy = &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: row.from}}
		bc.Spec.Sessions = []corev1alpha1.Session{{SessionConfig: corev1alpha1.SessionConfig{
			Hooks: &corev1alpha1.BackupHooks{PostBackup: []corev1alpha1.HookInfo{row.hook}},
		}}}
		expect(t, sentence, validate.InvokerAmong(invoker.Of(bc), validate.Surroundings{
			Hooks: map[types.NamespacedName]*corev1alpha1.HookTemplate{{Namespace: "platform", Name: "t"}: obj},
		}), row.want...)
	}
}
