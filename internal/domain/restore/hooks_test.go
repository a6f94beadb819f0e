// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

// hooked is a world whose restore has hooks. Each tells how the restore went, as a post-hook that sends a message would.
type hooked struct {
	*world
	attempts map[string]hook.Attempt
}

func newHooked(t *testing.T, pre, post []string) *hooked {
	w := &hooked{newWorld(t), map[string]hook.Attempt{}}
	known := func(names []string) []hook.Known {
		var out []hook.Known
		for _, name := range names {
			out = append(out, hook.Known{Hook: hook.Hook{Info: corev1alpha1.HookInfo{Name: name}, Template: &corev1alpha1.HookTemplateSpec{
				Action: &corev1alpha1.HookAction{Exec: &corev1alpha1.HookExec{Command: []string{
					name, "{{ .Invoker.Kind }} {{ .Invoker.Name }} {{ .Status.Phase }}{{ with .Status.Error }}: {{ . }}{{ end }}",
				}}},
				Executor: &corev1alpha1.HookExecutor{Type: corev1alpha1.HookExecutorPod, Pod: &corev1alpha1.HookPod{Selector: "app=web"}},
			}}})
		}
		return out
	}
	w.facts.Hooks = hook.Hooks{Pre: known(pre), Post: known(post), Record: &runtime.RawExtension{Raw: []byte(`{}`)}}
	w.runs = func(i RunHook) string {
		key := fmt.Sprintf("%s %d %d", i.Stage, i.Index, i.Number)
		w.attempts[key] = hook.Attempt{Known: true}
		return fmt.Sprintf("start attempt %s: %q", key, i.Request.Action.Exec.Command)
	}
	return w
}

// look tells the facts what the operator remembers of the attempt that is open.
func (w *hooked) look() {
	h := w.facts.Session.Status.Hooks
	for stage, list := range map[hook.Stage][]hook.Known{hook.Pre: w.facts.Hooks.Pre, hook.Post: w.facts.Hooks.Post} {
		entries := h.PreHooks
		if stage == hook.Post {
			entries = h.PostHooks
		}
		for i := range list {
			list[i].Attempt = hook.Attempt{}
		}
		if index, number, open := hook.Pending(entries); open {
			list[index].Attempt = w.attempts[fmt.Sprintf("%s %d %d", stage, index, number)]
		}
	}
}

// passes looks until nothing changes any more.
func (w *hooked) passes() {
	for range 5 {
		w.look()
		before := w.facts.Session.Status.DeepCopy()
		w.pass()
		if Finished(w.facts.Session.Status) || reflect.DeepEqual(*before, w.facts.Session.Status) {
			return
		}
	}
	w.t.Fatal("the restore does not settle")
}

// hookEnds ends the attempt that is open: an empty failure is a success.
func (w *hooked) hookEnds(failure string) {
	for key, a := range w.attempts {
		if !a.Ended {
			w.attempts[key] = hook.Attempt{Known: true, Ended: true, Error: failure}
			return
		}
	}
	w.t.Fatal("no attempt is open")
}

func (w *hooked) podEnds() {
	w.facts.Jobs["dump"] = Job{Name: "job-dump", Exists: true, Ended: true, Reported: true, Succeeded: true, Duration: 4 * time.Second}
}

func TestHookStories(t *testing.T) {
	for story, tell := range map[string]func(t *testing.T) *world{
		"the application is stopped for the restore and started after it": func(t *testing.T) *world {
			w := newHooked(t, []string{"stop"}, []string{"start"})
			w.then(0, "the session was created")
			w.passes()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.passes()
			w.then(5*time.Second, "the pod reports success")
			w.podEnds()
			w.passes()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.passes()
			return w.world
		},
		"the pre-hook of a restore fails, and the application is started": func(t *testing.T) *world {
			w := newHooked(t, []string{"stop"}, []string{"start"})
			w.then(0, "the session was created")
			w.passes()
			w.then(time.Second, "the pre-hook failed, and the operator died")
			w.hookEnds("pod web-0: the command ended with exit code 1.")
			w.passes()
			clear(w.attempts)
			w.then(time.Second, "a new operator looks")
			w.passes()
			w.then(time.Second, "the post-hook failed")
			w.hookEnds("no pod runs.")
			w.passes()
			return w.world
		},
		"what is missing fails a restore and its post-hook tells so": func(t *testing.T) *world {
			w := newHooked(t, []string{"stop"}, []string{"tell"})
			w.facts.Missing = []Problem{{Message: "Repository repo doesn't exist."}}
			w.then(0, "the session was created")
			w.passes()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.passes()
			return w.world
		},
		"a restore is edited to nonsense between its hooks": func(t *testing.T) *world {
			w := newHooked(t, []string{"stop"}, []string{"start"})
			w.then(0, "the session was created")
			w.passes()
			w.then(time.Second, "the pre-hook succeeded, and the session names no addon any more")
			w.hookEnds("")
			w.facts.Invalid = []string{"spec.addon.name is missing."}
			w.passes()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.passes()
			return w.world
		},
		"a restore is deleted while it writes": func(t *testing.T) *world {
			w := newHooked(t, []string{"stop"}, []string{"start"})
			w.then(0, "the session was created")
			w.passes()
			w.then(time.Second, "the pre-hook succeeded")
			w.hookEnds("")
			w.passes()
			w.then(time.Second, "the session is being deleted")
			at := metav1.NewTime(w.now)
			w.facts.Session.DeletionTimestamp = &at
			w.leaves()
			w.then(time.Second, "the post-hook succeeded")
			w.hookEnds("")
			w.leaves()
			return w.world
		},
	} {
		t.Run(story, func(t *testing.T) { tell(t).verify(story) })
	}
}

func (w *hooked) leaves() {
	w.look()
	v, done := Leave(w.facts, w.now)
	w.does(v)
	if done {
		w.say("  gone")
	}
}
