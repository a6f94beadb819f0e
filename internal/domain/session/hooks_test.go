// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

// hooks gives the session hooks of these names. Each tells how the session went, as a post-hook that sends a message would.
func (w *world) hooks(pre, post []string, change ...func(*corev1alpha1.HookInfo)) {
	known := func(names []string) []hook.Known {
		var out []hook.Known
		for _, name := range names {
			k := hook.Known{Hook: hook.Hook{Info: corev1alpha1.HookInfo{Name: name}, Template: &corev1alpha1.HookTemplateSpec{
				Action: &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: []string{
					name, "{{ .Status.Phase }}{{ with .Status.Error }}: {{ . }}{{ end }}",
				}}},
				Executor: &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorPod, Pod: &corev1alpha1.HookPod{Selector: "app=web"}},
			}}}
			for _, f := range change {
				f(&k.Info)
			}
			out = append(out, k)
		}
		return out
	}
	w.facts.Hooks = hook.Hooks{Pre: known(pre), Post: known(post), Record: &runtime.RawExtension{Raw: []byte(`{}`)}}
	w.attempts = map[string]hook.Attempt{}
}

func policy(name string, p corev1alpha1.HookExecutionPolicy) func(*corev1alpha1.HookInfo) {
	return func(h *corev1alpha1.HookInfo) {
		if h.Name == name {
			h.ExecutionPolicy = p
		}
	}
}

func retries(n int32) func(*corev1alpha1.HookInfo) {
	return func(h *corev1alpha1.HookInfo) { h.MaxRetry = n }
}

func attemptKey(stage hook.Stage, index int, number int32) string {
	return fmt.Sprintf("%s %d %d", stage, index, number)
}

// lookAtHooks tells the facts what the operator remembers of the attempt that is open.
func (w *world) lookAtHooks() {
	look := func(stage hook.Stage, list []hook.Known, entries []corev1alpha1.HookExecutionStatus) {
		for i := range list {
			list[i].Attempt = hook.Attempt{}
		}
		if index, number, open := hook.Pending(entries); open {
			list[index].Attempt = w.attempts[attemptKey(stage, index, number)]
		}
	}
	look(hook.Pre, w.facts.Hooks.Pre, w.facts.Session.Status.Hooks.PreHooks)
	look(hook.Post, w.facts.Hooks.Post, w.facts.Session.Status.Hooks.PostHooks)
}

func (w *world) runs(i RunHook) string {
	key := attemptKey(i.Stage, i.Index, i.Number)
	if w.attempts[key].Known {
		return "find attempt " + key
	}
	w.attempts[key] = hook.Attempt{Known: true}
	return fmt.Sprintf("start attempt %s: %q", key, i.Request.Action.Exec.Command)
}

// hookEnds ends the attempt that is open: an empty failure is a success.
func (w *world) hookEnds(failure string) {
	for key, a := range w.attempts {
		if a.Known && !a.Ended {
			w.attempts[key] = hook.Attempt{Known: true, Ended: true, Error: failure}
			return
		}
	}
	w.t.Fatal("no attempt is open")
}

// forgets is the operator's end: what only it knew is lost.
func (w *world) forgets() { w.attempts = map[string]hook.Attempt{} }

// leaves passes over the session while it is being deleted.
func (w *world) leaves() {
	w.lookAtHooks()
	v, done := Leave(w.facts, w.now)
	w.does(v)
	if done {
		w.say("  gone")
	}
}

func (w *world) deleted() {
	at := metav1.NewTime(w.now)
	w.facts.Session.DeletionTimestamp = &at
}

// Stories of sessions with hooks.
func TestHookStories(t *testing.T) {
	for story, tell := range map[string]func(w *world){
		"the application is frozen for the backup and thawed after it": func(w *world) {
			w.hooks([]string{"freeze"}, []string{"thaw"})
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.pass()
			w.then(9*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settleHooks()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.settle()
		},
		"the pre-hook fails, the post-hook still thaws": func(w *world) {
			w.hooks([]string{"freeze", "never"}, []string{"thaw", "tell", "praise"}, policy("praise", corev1alpha1.HookExecutionPolicyOnSuccess))
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the pre-hook failed")
			w.hookEnds("pod web-0: the command ended with exit code 3.")
			w.settleHooks()
			w.then(time.Second, "the first post-hook succeeded")
			w.hookEnds("")
			w.pass()
			w.then(time.Second, "the second one, too")
			w.hookEnds("")
			w.settle()
		},
		"a pre-hook is tried again": func(w *world) {
			w.hooks([]string{"freeze"}, nil, retries(2))
			w.then(0, "the session was created")
			w.pass()
			for _, after := range []time.Duration{time.Second, time.Second} {
				w.then(after, "the attempt failed")
				w.hookEnds("no pod runs.")
				w.pass()
				w.then(time.Second, "it is too early")
				w.pass()
				w.then(3*time.Second, "it is time")
				w.pass()
			}
			w.then(time.Second, "the attempt succeeded")
			w.hookEnds("")
			w.pass()
		},
		"the operator dies between pre-hook and post-hook": func(w *world) {
			w.hooks([]string{"freeze"}, []string{"thaw"})
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the pre-hook succeeded, but the operator died before it knew")
			w.forgets()
			w.pass()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.pass()
			w.then(time.Second, "the operator died, and the configuration is gone")
			w.forgets()
			w.facts.Invoker, w.facts.Config = nil, nil
			w.pass()
			w.then(9*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settleHooks()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.settle()
		},
		"the configuration goes between pre-hook and backup": func(w *world) {
			w.hooks([]string{"freeze", "more"}, []string{"thaw"})
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the configuration is gone")
			w.facts.Invoker, w.facts.Config = nil, nil
			w.pass()
			w.then(time.Second, "the pre-hook ended, then the post-hook")
			w.hookEnds("")
			w.settleHooks()
			w.hookEnds("")
			w.settle()
		},
		"the backup fails, so does its post-hook, and the others still run": func(w *world) {
			w.hooks(nil, []string{"thaw", "praise", "alarm"},
				policy("praise", corev1alpha1.HookExecutionPolicyOnSuccess), policy("alarm", corev1alpha1.HookExecutionPolicyOnFailure))
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports a failure")
			w.ends("dump", "/data: permission denied")
			w.settleHooks()
			w.then(time.Second, "the post-hook failed")
			w.hookEnds("no pod runs.")
			w.pass()
			w.then(time.Second, "the alarm was raised")
			w.hookEnds("")
			w.settle()
		},
		"the backup succeeds, its post-hook fails, and so does the session": func(w *world) {
			w.hooks(nil, []string{"praise", "alarm"},
				policy("praise", corev1alpha1.HookExecutionPolicyOnSuccess), policy("alarm", corev1alpha1.HookExecutionPolicyOnFailure))
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settleHooks()
			w.then(time.Second, "the post-hook failed")
			w.hookEnds("chat.example.com answered 503.")
			w.pass()
			w.then(time.Second, "the alarm was raised")
			w.hookEnds("")
			w.settle()
		},
		"a timeout stops the backup before the post-hook runs": func(w *world) {
			w.hooks([]string{"freeze"}, []string{"thaw"})
			w.facts.Session.Spec.BackupTimeout = &metav1.Duration{Duration: time.Minute}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.pass()
			w.then(time.Minute, "the deadline has come")
			w.settleHooks()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.settle()
		},
		"a run that can not start tells so by its post-hook": func(w *world) {
			w.hooks([]string{"freeze"}, []string{"tell"})
			w.facts.Problems = []Problem{{Message: "Encryption Secret shop/encrypt of Repository repo doesn't exist."}}
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.settle()
		},
		"a run that is skipped runs no hook": func(w *world) {
			w.hooks([]string{"freeze"}, []string{"tell"})
			w.facts.Siblings.Waiting = "web-nightly-1795316400"
			w.then(0, "the session was created")
			w.pass()
		},
		"the session is deleted while the backup runs": func(w *world) {
			w.hooks([]string{"freeze"}, []string{"thaw", "praise"}, policy("praise", corev1alpha1.HookExecutionPolicyOnSuccess))
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.pass()
			w.then(time.Second, "the session is being deleted")
			w.deleted()
			w.leaves()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.leaves()
		},
		"the session is deleted while its pre-hook runs": func(w *world) {
			w.hooks([]string{"freeze", "more"}, []string{"thaw"})
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the session is being deleted")
			w.deleted()
			w.leaves()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.leaves()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.leaves()
		},
		"the session is deleted and its post-hook never ends": func(w *world) {
			w.hooks(nil, []string{"thaw"})
			w.then(0, "the session was created")
			w.pass()
			w.then(time.Second, "the session is being deleted")
			w.deleted()
			w.leaves()
			w.then(hook.LeaveLimit-time.Second, "almost ten minutes later")
			w.leaves()
			w.then(time.Second, "ten minutes later")
			w.leaves()
		},
		"a hook without a template fails, and the next one runs": func(w *world) {
			w.hooks(nil, []string{"thaw", "tell"})
			w.facts.Hooks.Post[0].Template, w.facts.Hooks.Post[0].Problem = nil, "HookTemplate shop/thaw doesn't exist."
			w.then(0, "the session was created")
			w.pass()
			w.then(9*time.Second, "the pod reports success")
			w.ends("dump", "")
			w.settleHooks()
			w.then(time.Second, "the second post-hook succeeded")
			w.hookEnds("")
			w.settle()
		},
	} {
		t.Run(story, func(t *testing.T) {
			w := newWorld(t, "repo")
			tell(w)
			w.verify(story)
		})
	}
}

// settleHooks passes until an attempt is open.
func (w *world) settleHooks() {
	for range 5 {
		w.pass()
		for _, a := range w.attempts {
			if a.Known && !a.Ended {
				return
			}
		}
	}
	w.t.Fatal("no hook is started")
}
