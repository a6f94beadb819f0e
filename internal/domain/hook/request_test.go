// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

func poster() Known {
	return Known{Hook: Hook{
		Info: corev1alpha1.HookInfo{Name: "tell", Params: &runtime.RawExtension{Raw: []byte(`{"channel": "#x", "tries": 3}`)}},
		Template: &corev1alpha1.HookTemplateSpec{
			Params: []metav1alpha1.ParameterDefinition{
				{Name: "channel", Required: true, Usage: "Where to tell it."}, {Name: "tries"}, {Name: "greeting", Default: "Hello"},
			},
			Action: &corev1alpha1.HookAction{HTTPPost: &corev1alpha1.HookHTTPPost{
				HookHTTPGet: corev1alpha1.HookHTTPGet{
					Host: "{{ .Target.Name }}.example.com", Path: "/{{ .Params.channel | urlquery }}", Port: intstr.FromString("{{ add 8000 80 }}"),
					HTTPHeaders: []corev1.HTTPHeader{{Name: "X-Try", Value: "{{ .Params.tries }}"}},
				},
				Body: "{{ .Params.greeting }} {{ .Variables.who }}: {{ .Status.Phase }}",
			}},
			Executor: &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorOperator},
		},
	}}
}

func TestARequestIsRenderedThroughout(t *testing.T) {
	k := poster()
	k.Info.Variables = []corev1.EnvVar{{Name: "who", Value: "you"}}
	r, err := k.request(example().Summary)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Action.HTTPPost
	if p.Host != "web.example.com" || p.Path != "/%23x" || p.Port.IntValue() != 8080 || p.HTTPHeaders[0].Value != "3" || p.Body != "Hello you: Failed" {
		t.Errorf("got %+v", p)
	}
	if r.Timeout != 5*time.Minute || r.Namespace != "shop" || r.Pod != nil {
		t.Errorf("got timeout %s, namespace %q, pod %v", r.Timeout, r.Namespace, r.Pod)
	}
	if k.Template.Action.HTTPPost.Host != "{{ .Target.Name }}.example.com" {
		t.Error("the template was changed")
	}
}

func TestRequestRefuses(t *testing.T) {
	for sentence, row := range map[string]struct {
		change func(*Known)
		want   string
	}{
		"a parameter that is needed and not given": {func(k *Known) { k.Info.Params = nil }, "parameter channel is needed (Where to tell it)"},
		"a parameter that nobody declared": {
			func(k *Known) {
				k.Info.Params.Raw = []byte(`{"channel": "a", "chanel": "b"}`)
			}, "the template declares no parameter chanel"},
		"a parameter that is a list":            {func(k *Known) { k.Info.Params.Raw = []byte(`{"channel": ["a"]}`) }, "parameter channel is a list or an object"},
		"a variable of a Secret":                {func(k *Known) { k.Info.Variables[0].ValueFrom = &corev1.EnvVarSource{} }, "variable who has valueFrom"},
		"a text that can't be rendered":         {func(k *Known) { k.Template.Action.HTTPPost.Body = "{{ .Nobody }}" }, "action.httpPost.body: "},
		"a template of nobody":                  {func(k *Known) { k.Template.Executor = nil }, "names no executor"},
		"a template without an action":          {func(k *Known) { k.Template.Action = nil }, "names no action"},
		"a template that was never found":       {func(k *Known) { k.Template = nil }, "names no executor"},
		"a Function that isn't there":           {func(k *Known) { function(k); k.Function = nil }, "Function notify doesn't exist"},
		"a Function without an image":           {func(k *Known) { function(k); k.Function.Image = "" }, "Function notify names no image"},
		"a Function's variable without a value": {func(k *Known) { function(k); k.Function.Args = []string{"${nobody}"} }, "nobody"},
		"a Function that is to be nice": {
			func(k *Known) {
				function(k)
				k.Info.RuntimeSettings.Container = &metav1alpha1.ContainerRuntimeSettings{Nice: &metav1alpha1.NiceSettings{}}
			}, "nice and ionice"},
	} {
		k := poster()
		k.Info.Variables = []corev1.EnvVar{{Name: "who", Value: "you"}}
		row.change(&k)
		if _, err := k.request(example().Summary); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", sentence, err, row.want)
		}
	}
}

func function(k *Known) {
	k.Template.Action = nil
	k.Template.Executor = &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorFunction, Function: &corev1alpha1.HookFunction{
		Name: "notify", EnvVariables: []corev1.EnvVar{{Name: "STATUS", Value: "{{ .Status | toJson }}"}},
		Volumes:      []metav1alpha1.Volume{{Name: "a"}},
		VolumeMounts: []corev1.VolumeMount{{Name: "a", MountPath: "/a"}},
	}}
	k.Function = &addonsv1alpha1.FunctionSpec{
		Image: "notify:1", Args: []string{"--to=${channel}", "--as=${who}", "--in=${namespace}", "${more:=none}"},
	}
}

func TestAFunctionHasParametersAndVariables(t *testing.T) {
	k := poster()
	function(&k)
	k.Info.Timeout = &metav1.Duration{Duration: time.Minute}
	k.Info.Variables = []corev1.EnvVar{{Name: "who", Value: "you"}, {Name: "key", ValueFrom: &corev1.EnvVarSource{}}}
	k.Info.Volumes = []metav1alpha1.Volume{{Name: "b"}}
	k.Info.VolumeMounts = []corev1.VolumeMount{{Name: "b", MountPath: "/b"}}
	r, err := k.request(example().Summary)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Function
	if got := strings.Join(f.Spec.Args, " "); got != "--to=#x --as=you --in=shop none" {
		t.Errorf("args: %s", got)
	}
	if len(f.Env) != 3 || f.Env[0].Value != `{"phase":"Failed","duration":"12s","error":"no \"luck\""}` || f.Env[2].ValueFrom == nil {
		t.Errorf("env: %+v", f.Env)
	}
	if len(f.Volumes) != 2 || len(f.VolumeMounts) != 2 || r.Timeout != time.Minute || r.Action != nil {
		t.Errorf("got %+v", r)
	}
}

func TestPodSelector(t *testing.T) {
	for text, want := range map[string]string{
		"app=web":              `{"app":"web"}`,
		"env=dev, app=web":     `{"app":"web","env":"dev"}`,
		" a.b/c = d ,e==f ":    `{"a.b/c":"d","e":"f"}`,
		"app=":                 `{"app":""}`,
		"app":                  "",
		"":                     "",
		"app=web,":             "",
		"app in (a, b)":        "",
		"app=not a value":      "",
		"app!=web":             "",
		"a label with spaces=": "",
	} {
		got, err := PodSelector(text)
		raw, _ := json.Marshal(got)
		if want == "" && err == nil || want != "" && string(raw) != want {
			t.Errorf("%q: got %s, %v; want %s", text, raw, err, want)
		}
	}
}

func TestARecordLeavesOutWhatOthersMayNotRead(t *testing.T) {
	spec := &corev1alpha1.HookTemplateSpec{Action: &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: []string{"token"}}}}
	ref := func(namespace string) corev1alpha1.HookInfo {
		return corev1alpha1.HookInfo{HookTemplate: &metav1alpha1.ObjectReference{Namespace: namespace, Name: "t"}}
	}
	big := corev1alpha1.HookInfo{HookTemplate: &metav1alpha1.ObjectReference{Name: "t"}}
	for sentence, row := range map[string]struct {
		hooks []Hook
		want  []bool
	}{
		"of its own namespace, it remembers the template": {[]Hook{{ref(""), spec}, {ref("shop"), spec}}, []bool{true, true}},
		"of another one, only which it is":                {[]Hook{{ref("platform"), spec}}, []bool{false}},
		"of what is too large, too": {[]Hook{{big, &corev1alpha1.HookTemplateSpec{Action: &corev1alpha1.HookAction{
			Exec: &corev1alpha1.HookExec{Command: []string{strings.Repeat("x", maxRecord)}},
		}}}}, []bool{false}},
	} {
		raw, err := Record(Plan{Post: row.hooks, Target: Reference{Name: "web"}}, "shop")
		if err != nil {
			t.Fatal(err)
		}
		p, err := Recall(raw)
		if err != nil || len(p.Post) != len(row.want) || p.Target.Name != "web" {
			t.Fatalf("%s: got %+v, %v", sentence, p, err)
		}
		for i, want := range row.want {
			if got := p.Post[i].Template != nil; got != want || p.Post[i].Info.HookTemplate.Name != "t" {
				t.Errorf("%s: hook %d: template kept: %t", sentence, i, got)
			}
		}
		if row.hooks[0].Template == nil {
			t.Errorf("%s: the plan itself was changed", sentence)
		}
	}
}
