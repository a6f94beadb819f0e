// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/exec"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

// shell stands for the containers: it notes what was run where. A container of which the command is "fail" fails.
type shell struct{ ran []string }

func (s *shell) Exec(ctx context.Context, namespace, pod, container string, command []string) (string, error) {
	s.ran = append(s.ran, fmt.Sprintf("%s/%s/%s %s", namespace, pod, container, strings.Join(command, " ")))
	switch command[0] {
	case "fail":
		return "cannot: password=hunter2hunter2\n", exec.CodeExitError{Err: errors.New("x"), Code: 3}
	case "hang":
		<-ctx.Done()
		return "", errors.New("stream closed")
	default:
		return "", nil
	}
}

type podOf struct {
	name, set string
	ready     bool
	phase     corev1.PodPhase
	gone      bool
	age       time.Duration
}

func (p podOf) object() *corev1.Pod {
	o := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: p.name, Labels: map[string]string{"app": "web", "tier": "front"},
			CreationTimestamp: metav1.NewTime(time.Unix(1_800_000_000, 0).Add(-p.age)),
		},
		Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}, {Name: "side", Ports: []corev1.ContainerPort{{Name: "admin", ContainerPort: 1}}}}},
		Status: corev1.PodStatus{Phase: p.phase, PodIP: "127.0.0.1"},
	}
	if p.phase == "" {
		o.Status.Phase = corev1.PodRunning
	}
	if p.ready {
		o.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	if p.gone {
		o.DeletionTimestamp, o.Finalizers = ptr.To(metav1.Now()), []string{"test/hold"}
	}
	if p.set != "" {
		o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: p.set, Controller: ptr.To(true)}}
	}
	return o
}

func cluster(pods ...podOf) client.Client {
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web-1", OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "web", UID: "u"}},
	}}
	b := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(set)
	for _, p := range pods {
		b = b.WithObjects(p.object())
	}
	return b.Build()
}

func inPods(strategy corev1alpha1.HookStrategy, owner *corev1alpha1.HookPodOwner, command ...string) hook.Request {
	return hook.Request{
		Namespace: "shop", Executor: corev1alpha1.HookExecutorPod, Timeout: time.Second,
		Pod:    &corev1alpha1.HookPod{Selector: "app=web, tier=front", Strategy: strategy, Owner: owner},
		Action: &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: command}},
	}
}

func TestACommandRunsWhereItShould(t *testing.T) {
	const one, all = corev1alpha1.HookExecuteOnOne, corev1alpha1.HookExecuteOnAll
	deployment := func(uid string) *corev1alpha1.HookPodOwner {
		o := &corev1alpha1.HookPodOwner{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
		o.UID = "u"
		if uid != "u" {
			o.UID = ""
		}
		return o
	}
	other := podOf{name: "job"}
	for sentence, row := range map[string]struct {
		pods    []podOf
		request hook.Request
		ran     []string
		err     string
	}{
		"one pod, the oldest that is ready": {
			[]podOf{{name: "a", age: 3 * time.Second}, {name: "b", ready: true, age: time.Second}, {name: "c", ready: true, age: 2 * time.Second}}, inPods(one, nil, "true"), []string{"shop/c/main true"}, ""},
		"one that isn't ready, when none is: a frozen application may not be": {
			[]podOf{{name: "a"}}, inPods(one, nil, "true"), []string{"shop/a/main true"}, ""},
		"all pods that run, and no other": {
			[]podOf{{name: "a", age: 3 * time.Second}, {name: "b", gone: true}, {name: "c", phase: corev1.PodPending}, {name: "d", phase: corev1.PodSucceeded}, {name: "e"}},
			inPods(all, nil, "true"), []string{"shop/a/main true", "shop/e/main true"}, ""},
		"one that fails does not keep the others from it": {
			[]podOf{{name: "a", age: 3 * time.Second}, {name: "b"}}, inPods(all, nil, "fail"), []string{"shop/a/main fail", "shop/b/main fail"},
			"pod a: the command ended with exit code 3: cannot: password=***"},
		"a Deployment's pods, through its ReplicaSet": {
			[]podOf{other, {name: "web", set: "web-1"}}, inPods(all, deployment(""), "true"), []string{"shop/web/main true"}, ""},
		"a Deployment's pods by its uid too": {
			[]podOf{other, {name: "web", set: "web-1"}}, inPods(all, deployment("u"), "true"), []string{"shop/web/main true"}, ""},
		"no pod of another owner": {
			[]podOf{other, {name: "web", set: "web-1"}}, inPods(all, &corev1alpha1.HookPodOwner{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web"}, "true"), nil, errNoPod.Error()},
		"no pod at all":                     {nil, inPods(one, nil, "true"), nil, errNoPod.Error()},
		"a command that hangs is let go of": {[]podOf{{name: "a"}}, inPods(one, nil, "hang"), []string{"shop/a/main hang"}, "it did not end within its timeout of 50ms."},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := &shell{}
			e := &Executor{Live: cluster(row.pods...), Exec: s, PodWait: 10 * time.Millisecond}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			if !strings.Contains(row.err, "timeout") {
				ctx = t.Context()
			}
			defer cancel()
			got := told(e.Do(ctx, row.request), 50*time.Millisecond)
			if row.err == "" && got != "" || !strings.Contains(got, row.err) {
				t.Errorf("got %q, want %q", got, row.err)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a password is told: %q", got)
			}
			if fmt.Sprint(s.ran) != fmt.Sprint(row.ran) {
				t.Errorf("ran %q, want %q", s.ran, row.ran)
			}
		})
	}
}

// seen is what a server was asked.
type seen struct {
	method, uri, host, body, header, kind string
}

func serve(t *testing.T, code int) (*seen, string, int) {
	t.Helper()
	got := &seen{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = seen{r.Method, r.RequestURI, r.Host, string(body), r.Header.Get("X-Test"), r.Header.Get("Content-Type")}
		if code/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "the answer is a secret")
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return got, u.Hostname(), port
}

func TestRequestsAndPorts(t *testing.T) {
	for sentence, row := range map[string]struct {
		code   int
		action func(host string, port int) *corev1alpha1.HookAction
		pod    bool
		want   seen
		err    string
	}{
		"a GET with a query and a header": {
			200, func(host string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{HTTPGet: &corev1alpha1.HookHTTPGet{
					Host: host, Port: intstr.FromInt32(int32(port)), Path: "/a/b?c=d%20e", HTTPHeaders: []corev1.HTTPHeader{{Name: "x-test", Value: "v"}},
				}}
			}, false, seen{method: "GET", uri: "/a/b?c=d%20e", header: "v"}, ""},
		"a port that is a number in words": {
			204, func(host string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{HTTPGet: &corev1alpha1.HookHTTPGet{Host: host, Port: intstr.FromString(strconv.Itoa(port))}}
			}, false, seen{method: "GET", uri: "/"}, ""},
		"a POST with a body, to the pod": {
			201, func(_ string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{HTTPPost: &corev1alpha1.HookHTTPPost{
					HookHTTPGet: corev1alpha1.HookHTTPGet{Port: intstr.FromInt32(int32(port)), Path: "x"}, Body: `{"a":1}`,
				}}
			}, true, seen{method: "POST", uri: "/x", body: `{"a":1}`}, ""},
		"a POST with a form": {
			200, func(host string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{HTTPPost: &corev1alpha1.HookHTTPPost{
					HookHTTPGet: corev1alpha1.HookHTTPGet{Host: host, Port: intstr.FromInt32(int32(port))},
					Form:        []corev1alpha1.HookFormEntry{{Key: "k", Values: []string{"1", "2 3"}}},
				}}
			}, false, seen{method: "POST", uri: "/", body: "k=1&k=2+3", kind: "application/x-www-form-urlencoded"}, ""},
		"a redirect is an answer, and not followed": {
			302, func(host string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{HTTPGet: &corev1alpha1.HookHTTPGet{Host: host, Port: intstr.FromInt32(int32(port)), Path: "/here"}}
			}, false, seen{method: "GET", uri: "/here"}, ""},
		"a code of 400 is a failure": {
			400, func(host string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{HTTPGet: &corev1alpha1.HookHTTPGet{Host: host, Port: intstr.FromInt32(int32(port)), Path: "/?token=tttt"}}
			}, false, seen{method: "GET", uri: "/?token=tttt"}, "answered 400 Bad Request"},
		"an open port": {
			0, func(host string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{TCPSocket: &corev1alpha1.HookTCPSocket{Host: host, Port: intstr.FromInt32(int32(port))}}
			}, false, seen{}, ""},
		"a name that no container's port has": {
			0, func(string, int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{TCPSocket: &corev1alpha1.HookTCPSocket{Port: intstr.FromString("nobody")}}
			}, true, seen{}, `pod web: it has no port named "nobody"`},
		"a name that another container's port has": {
			0, func(string, int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{ContainerName: "main", TCPSocket: &corev1alpha1.HookTCPSocket{Port: intstr.FromString("admin")}}
			}, true, seen{}, `it has no port named "admin" in container "main"`},
		"a named port that nobody listens on": {
			0, func(string, int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{ContainerName: "side", TCPSocket: &corev1alpha1.HookTCPSocket{Port: intstr.FromString("admin")}}
			}, true, seen{}, "pod web: connecting to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused"},
		"the operator itself is nobody to connect to": {
			0, func(_ string, port int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{TCPSocket: &corev1alpha1.HookTCPSocket{Port: intstr.FromInt32(int32(port))}}
			}, false, seen{}, "set host"},
		"the operator runs no command": {
			0, func(string, int) *corev1alpha1.HookAction {
				return &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: []string{"true"}}}
			}, false, seen{}, "a command needs a pod to run in"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, host, port := serve(t, max(row.code, 200))
			r := hook.Request{Namespace: "shop", Executor: corev1alpha1.HookExecutorOperator, Action: row.action(host, port)}
			if row.pod {
				r.Executor, r.Pod = corev1alpha1.HookExecutorPod, &corev1alpha1.HookPod{Selector: "app=web"}
			}
			e := &Executor{Live: cluster(podOf{name: "web"}), Exec: &shell{}, PodWait: 10 * time.Millisecond}
			failure := told(e.Do(t.Context(), r), time.Second)
			if row.err == "" && failure != "" || !strings.Contains(failure, row.err) {
				t.Errorf("got %q, want %q", failure, row.err)
			}
			if strings.Contains(failure, "secret") || strings.Contains(failure, "tttt") {
				t.Errorf("too much is told: %q", failure)
			}
			if row.want.method != "" {
				row.want.host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
			}
			if *got != row.want {
				t.Errorf("asked %+v, want %+v", *got, row.want)
			}
		})
	}
}

func TestATimeoutEndsARequest(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	u, _ := url.Parse(server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	e := &Executor{}
	err := e.Do(ctx, hook.Request{Executor: corev1alpha1.HookExecutorOperator, Action: &corev1alpha1.HookAction{
		HTTPGet: &corev1alpha1.HookHTTPGet{Host: u.Hostname(), Port: intstr.FromString(u.Port())},
	}})
	if got := told(err, time.Minute); got != "it did not end within its timeout of 1m0s." {
		t.Errorf("got %q", got)
	}
}

func TestOnlyTheEndOfAnOutputIsKept(t *testing.T) {
	var out tail
	for range 100 {
		n, err := out.Write([]byte(strings.Repeat("x", 1000)))
		if n != 1000 || err != nil {
			t.Fatal(n, err)
		}
	}
	_, _ = out.Write([]byte("the end"))
	if out.Len() != maxOutput || !strings.HasSuffix(out.String(), "xthe end") {
		t.Errorf("kept %d bytes", out.Len())
	}
}
