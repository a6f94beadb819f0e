// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
	"sigs.k8s.io/e2e-framework/pkg/features"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

// hooked is an application that can be frozen, by a file that says so, and others that hooks work with.
type hooked struct {
	*world
}

const (
	frozen = object.MountPath + "/frozen"
	// helper is two pods without data, of which each answers requests and keeps them.
	helper   = "helper"
	requests = "/tmp/requests"
	// listen serves HTTP: what is sent to /cgi-bin/told is kept whole before it is answered.
	listen = `mkdir -p /tmp/www/cgi-bin
cat > /tmp/www/cgi-bin/told <<'END'
#!/bin/sh
{ echo "$REQUEST_METHOD $REQUEST_URI"; head -c "$CONTENT_LENGTH"; echo; } >> ` + requests + `
printf 'Content-Type: text/plain\r\n\r\n'
END
chmod +x /tmp/www/cgi-bin/told
exec httpd -f -p 8080 -h /tmp/www`
)

func (h hooked) prepare(_ context.Context, t *testing.T) {
	h.s3Ground(t)
	h.app(t, object.Deployment(h.Namespace, object.App, object.Claim))
	h.Apply(t,
		object.HookTemplate(h.Namespace, "freeze", object.InPods("app="+object.App, ""), object.Command("sh", "-ec", "echo {{ .Name }} > "+frozen)),
		object.HookTemplate(h.Namespace, "thaw", object.InPods("app="+object.App, ""),
			object.Command("sh", "-ec", "rm "+frozen+"; echo '{{ .Status.Phase }}' >> /tmp/thawed; unset NOTHING; echo ${NOTHING:-ok}")),
		object.HookTemplate(h.Namespace, "fail", object.InPods("app="+object.App, ""), object.Command("sh", "-ec", "echo it is busy >&2; exit 3")),
	)
}

// helpers starts two pods that hear what they are told.
func (h hooked) helpers(_ context.Context, t *testing.T) {
	d := object.Deployment(h.Namespace, helper, object.Claim)
	d.Spec.Replicas = ptr.To[int32](2)
	d.Spec.Template.Spec.Volumes, d.Spec.Template.Spec.Containers[0].VolumeMounts = nil, nil
	d.Spec.Template.Spec.Containers[0].Command = []string{"sh", "-ec", listen}
	d.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "talk", ContainerPort: 8080}}
	h.Apply(t, d)
	stage.Await(t, "the helpers run", stage.Patience, func(ctx context.Context) (bool, string) {
		now := &appsv1.Deployment{}
		if err := host.Client.Get(ctx, h.Key(helper), now); err != nil {
			return false, err.Error()
		}
		return now.Status.ReadyReplicas == 2, fmt.Sprintf("%d ready", now.Status.ReadyReplicas)
	})
}

// inHelpers runs a script in each of the helpers.
func (h hooked) inHelpers(ctx context.Context, t *testing.T, script string) []string {
	t.Helper()
	var pods corev1.PodList
	stage.Must(t, host.Client.List(ctx, &pods, client.InNamespace(h.Namespace), client.MatchingLabels{"app": helper}))
	r, err := resources.New(host.Config)
	stage.Must(t, err)
	var said []string
	for _, pod := range pods.Items {
		var out, errs bytes.Buffer
		if err := r.ExecInPod(ctx, h.Namespace, pod.Name, "main", []string{"sh", "-c", script}, &out, &errs); err != nil {
			t.Fatalf("running %q in pod %s: %v: %s", script, pod.Name, err, errs.String())
		}
		said = append(said, out.String())
	}
	return said
}

func (h hooked) start(t *testing.T, hooks *corev1alpha1.BackupHooks, params map[string]string) string {
	bc := object.BackupConfiguration(h.Namespace)
	bc.Spec.Sessions[0].Hooks = hooks
	bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup, params)
	h.Apply(t, bc)
	return h.FirstRun(t)
}

// isThawed fails the test unless the application was frozen and thawed this often, the last time after such a phase.
func (h hooked) isThawed(t *testing.T, phase string) {
	t.Helper()
	if out := h.Sh(t, "ls "+object.MountPath+"; cat /tmp/thawed"); strings.Contains(out, "frozen") || !strings.HasSuffix(out, phase+"\n") {
		t.Errorf("the application has, and was told: %q; want it thawed after %s", out, phase)
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	h := hooked{newWorld(t, "hooks")}
	function := &addonsv1alpha1.Function{
		ObjectMeta: metav1.ObjectMeta{Name: h.Namespace},
		Spec: addonsv1alpha1.FunctionSpec{
			Image: object.Image, Command: []string{"sh", "-ec"}, Args: []string{`test "$PHASE" = Succeeded; test ${namespace} = ` + h.Namespace},
		},
	}
	t.Cleanup(func() { stage.Must(t, client.IgnoreNotFound(host.Client.Delete(context.Background(), function))) })
	suite.Test(t, features.New("hooks in pods, over HTTP and by a Function").
		Setup(step(h.prepare)).
		Setup(step(h.helpers)).
		Assess("all run, in their order", step(func(ctx context.Context, t *testing.T) {
			everywhere := object.HookTemplate(h.Namespace, "everywhere", object.InPods("app="+helper, corev1alpha1.HookExecuteOnAll), object.Command("touch", "/tmp/here"))
			everywhere.Spec.Executor.Pod.Owner = &corev1alpha1.HookPodOwner{APIVersion: "apps/v1", Kind: "Deployment", Name: helper}
			tell := object.HookTemplate(h.Namespace, "tell", object.InPods("app="+helper+", app="+helper, corev1alpha1.HookExecuteOnAll),
				object.Post("", 0, "/cgi-bin/told", `{{ dict "session" .Name "status" .Status | toJson }}`))
			tell.Spec.Action.HTTPPost.Port = intstr.FromString("talk")
			run := object.HookTemplate(h.Namespace, "run", object.ByFunction(function.Name), nil)
			run.Spec.Executor.Function.EnvVariables = []corev1.EnvVar{{Name: "PHASE", Value: "{{ .Status.Phase }}"}}
			h.Apply(t, function, everywhere, tell, run)
			hooks := object.Hooks([]string{"freeze", "everywhere"}, []string{"thaw", "tell", "run"})
			session := h.succeed(ctx, t, h.start(t, hooks, nil), stage.Patience)
			for _, e := range append(session.Status.Hooks.PreHooks, session.Status.Hooks.PostHooks...) {
				if e.Phase != corev1alpha1.HookExecutionPhaseSucceeded {
					t.Errorf("hook %s is %s: %s", e.Name, e.Phase, e.Message)
				}
			}
			if n := len(session.Status.Hooks.PostHooks); n != 3 {
				t.Errorf("%d post-hooks are told of", n)
			}
			h.isThawed(t, "Succeeded")
			for _, heard := range h.inHelpers(ctx, t, "ls /tmp/here; cat "+requests) {
				for _, want := range []string{"/tmp/here", "POST /cgi-bin/told", `"session":"` + session.Name + `"`, `"phase":"Succeeded"`} {
					if !strings.Contains(heard, want) {
						t.Errorf("a helper has heard %q, without %q", heard, want)
					}
				}
			}
			header, _, _ := strings.Cut(h.kubectl(ctx, t, "get", "hooktemplates", "-n", h.Namespace), "\n")
			if got := strings.Join(strings.Fields(header), " "); got != "NAME EXECUTOR TIMEOUT AGE" {
				t.Errorf("kubectl get hooktemplates prints %q", got)
			}
		})).
		Feature())
}

func TestPreHookFails(t *testing.T) {
	t.Parallel()
	h := hooked{newWorld(t, "hook-fails")}
	suite.Test(t, features.New("a backup of which a pre-hook fails").
		Setup(step(h.prepare)).
		Assess("is not made, and the application is thawed", step(func(_ context.Context, t *testing.T) {
			run := h.Ended(t, h.start(t, object.Hooks([]string{"freeze", "fail"}, []string{"thaw"}), nil), stage.Patience)
			c := metav1alpha1.FindCondition(run.Status.Conditions, corev1alpha1.ConditionPreBackupHooksExecutionSucceeded)
			if run.Status.Phase != corev1alpha1.BackupSessionPhaseFailed || c == nil || !strings.Contains(c.Message, "exit code 3: it is busy") {
				t.Errorf("the run is %s: %+v", run.Status.Phase, run.Status.Conditions)
			}
			h.isThawed(t, "Failed")
			if len(run.Status.Snapshots) > 0 {
				t.Errorf("there are Snapshots: %+v", run.Status.Snapshots)
			}
		})).
		Feature())
}

// TestOperatorKilledBetweenHooks is alone: no other test should wait for the operator meanwhile.
func TestOperatorKilledBetweenHooks(t *testing.T) {
	h := hooked{newWorld(t, "hook-killed")}
	suite.Test(t, features.New("an operator that is killed between a pre-hook and its post-hook").
		Setup(step(h.prepare)).
		Assess("is followed by one that thaws the application", step(func(ctx context.Context, t *testing.T) {
			s := &slow{world: h.world, mebibytes: 60, perSecond: 6}
			s.grow(t, s.mebibytes)
			name := h.start(t, object.Hooks([]string{"freeze"}, []string{"thaw"}), map[string]string{"args": fmt.Sprintf("--limit-upload=%d", s.perSecond*1024)})
			run := &corev1alpha1.BackupSession{}
			stage.Await(t, "the backup runs behind its pre-hook", stage.Patience, func(ctx context.Context) (bool, string) {
				if err := host.Client.Get(ctx, h.Key(name), run); err != nil {
					return false, err.Error()
				}
				return metav1alpha1.HasCondition(run.Status.Conditions, corev1alpha1.ConditionBackupExecutorEnsured), fmt.Sprintf("%+v", run.Status)
			})
			stage.Must(t, host.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(stage.OperatorNamespace),
				client.MatchingLabels{"app.kubernetes.io/name": "kubestash-operator"}, client.GracePeriodSeconds(0)))
			if out := h.Sh(t, "cat "+frozen); strings.TrimSpace(out) != name {
				t.Errorf("the application is not frozen by %s: %q", name, out)
			}
			h.succeed(ctx, t, name, s.within())
			h.isThawed(t, "Succeeded")
		})).
		Feature())
}

// TestSessionDeletedBetweenHooks deletes everything that the hooks came from, in the middle of the backup.
func TestSessionDeletedBetweenHooks(t *testing.T) {
	t.Parallel()
	h := hooked{newWorld(t, "hook-deleted")}
	suite.Test(t, features.New("a configuration that is deleted, with its HookTemplates, while the application is frozen").
		Setup(step(h.prepare)).
		Assess("takes its run with it, and the application is thawed", step(func(ctx context.Context, t *testing.T) {
			s := &slow{world: h.world, mebibytes: 60, perSecond: 1}
			s.grow(t, s.mebibytes)
			name := h.start(t, object.Hooks([]string{"freeze"}, []string{"thaw"}), map[string]string{"args": fmt.Sprintf("--limit-upload=%d", s.perSecond*1024)})
			stage.Await(t, "the application is frozen", stage.Patience, func(_ context.Context) (bool, string) {
				out := h.Sh(t, "cat "+frozen+" 2>&1 || true")
				return strings.TrimSpace(out) == name, out
			})
			stage.Must(t, host.Client.DeleteAllOf(ctx, &corev1alpha1.HookTemplate{}, client.InNamespace(h.Namespace)))
			stage.Must(t, host.Client.DeleteAllOf(ctx, &corev1alpha1.BackupConfiguration{}, client.InNamespace(h.Namespace)))
			stage.Await(t, "the run is gone", time.Minute, func(ctx context.Context) (bool, string) {
				var list corev1alpha1.BackupSessionList
				if err := host.Client.List(ctx, &list, client.InNamespace(h.Namespace)); err != nil {
					return false, err.Error()
				}
				return len(list.Items) == 0, fmt.Sprintf("%+v", list.Items)
			})
			h.isThawed(t, "Failed")
		})).
		Feature())
}
