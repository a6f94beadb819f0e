// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

// application is what hooks talk to: it notes what it was told, and refuses the paths that it is told to refuse.
type application struct {
	*httptest.Server
	mutex  sync.Mutex
	told   []string
	bodies map[string]string
	refuse map[string]bool
}

func newApplication() *application {
	a := &application{bodies: map[string]string{}, refuse: map[string]bool{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.told = append(a.told, r.URL.Path)
		a.bodies[r.URL.Path] = string(body)
		if a.refuse[r.URL.Path] {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "answer-of-a-server")
		}
	}))
	DeferCleanup(a.Close)
	return a
}

func (a *application) heard() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return append([]string{}, a.told...)
}

// status is what a hook told about the session.
func (a *application) status(path string) (status struct{ Phase, Duration, Error string }) {
	GinkgoHelper()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	Expect(json.Unmarshal([]byte(a.bodies[path]), &status)).To(Succeed(), "%s was told: %s", path, a.bodies[path])
	return status
}

// hook is a HookTemplate that tells the application its name.
func (a *application) hook(namespace, name string) *corev1alpha1.HookTemplate {
	GinkgoHelper()
	u, err := url.Parse(a.URL)
	Expect(err).NotTo(HaveOccurred())
	port, err := strconv.ParseInt(u.Port(), 10, 32)
	Expect(err).NotTo(HaveOccurred())
	return object.HookTemplate(namespace, name, object.ByOperator(), object.Post(u.Hostname(), int32(port), "/"+name, "{{ toJson .Status }}"))
}

var _ = Describe("Hooks of a backup", func() {
	var (
		w   *world
		app *application
		bc  *corev1alpha1.BackupConfiguration
	)
	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.ground(ctx)
		app = newApplication()
		w.apply(ctx, app.hook(w.namespace, "freeze"), app.hook(w.namespace, "thaw"))
		bc = object.BackupConfiguration(w.namespace)
		bc.Spec.Sessions[0].Hooks = object.Hooks([]string{"freeze"}, []string{"thaw"})
	})
	run := func(ctx context.Context) *corev1alpha1.BackupSession {
		GinkgoHelper()
		run := theOnly(w.sessions(ctx))
		return &run
	}

	It("run right before and right after the pod", func(ctx SpecContext) {
		w.apply(ctx, bc)
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/freeze"}), "when the pod starts")
		Expect(run(ctx).Status.Conditions).To(haveCondition(corev1alpha1.ConditionPreBackupHooksExecutionSucceeded, metav1.ConditionTrue, ""))
		w.runJob(ctx)
		w.settle(ctx)

		Expect(app.heard()).To(Equal([]string{"/freeze", "/thaw"}))
		Expect(app.status("/thaw").Phase).To(Equal("Succeeded"))
		status := run(ctx).Status
		Expect(status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
		Expect(status.Conditions).To(haveCondition(corev1alpha1.ConditionPostBackupHooksExecutionSucceeded, metav1.ConditionTrue, ""))
		Expect(theOnly(status.Hooks.PreHooks).Phase).To(Equal(corev1alpha1.HookExecutionPhaseSucceeded))
		Expect(theOnly(status.Hooks.PostHooks).Name).To(Equal("thaw"))
		Expect(status.Hooks.Record).To(BeNil(), "what only a running session needs")
	})

	It("start the application again when one before the backup failed", func(ctx SpecContext) {
		app.refuse["/freeze"] = true
		bc.Spec.Sessions[0].Hooks.PreBackup[0].MaxRetry = 1
		w.apply(ctx, bc)
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/freeze"}))
		Expect(w.warnings(run(ctx).Name)).To(ContainElement(ContainSubstring("HookAttemptFailed: Pre-hook freeze: attempt 1 of 2 failed: POST 127.0.0.1")))
		w.Step(testStep)
		w.settle(ctx)
		w.settle(ctx) // an attempt that is made again changes nothing until its end is seen

		Expect(app.heard()).To(Equal([]string{"/freeze", "/freeze", "/thaw"}))
		Expect(app.status("/thaw").Phase).To(Equal("Failed"))
		Expect(app.status("/thaw").Error).To(ContainSubstring("Pre-hook freeze failed"))
		status := run(ctx).Status
		Expect(status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(status.Conditions).To(haveCondition(corev1alpha1.ConditionPreBackupHooksExecutionSucceeded, metav1.ConditionFalse, "503"))
		Expect(status.Conditions).NotTo(ContainElement(HaveField("Message", ContainSubstring("answer-of-a-server"))))
		Expect(w.jobs(ctx)).To(BeEmpty(), "nothing was backed up")
	})

	It("go on as they were when the operator is replaced and they are edited", func(ctx SpecContext) {
		w.apply(ctx, bc)
		w.settle(ctx)
		w.Restart()
		bc := w.configuration(ctx)
		bc.Spec.Sessions[0].Hooks = nil
		Expect(w.Client.Update(ctx, bc)).To(Succeed())
		Expect(w.Client.Delete(ctx, get[corev1alpha1.HookTemplate](ctx, w, "thaw"))).To(Succeed())
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/freeze", "/thaw"}))
		Expect(run(ctx).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
	})

	It("start the application again when the session is deleted while it is backed up", func(ctx SpecContext) {
		w.apply(ctx, bc)
		w.settle(ctx)
		w.Restart()
		Expect(w.Client.Delete(ctx, run(ctx))).To(Succeed())
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/freeze", "/thaw"}))
		Expect(app.status("/thaw").Error).To(ContainSubstring("was deleted before it had finished"))
		Expect(w.sessions(ctx)).To(BeEmpty())
		Expect(w.jobs(ctx)).To(BeEmpty(), "the pod was stopped first")
	})

	It("stop nothing when what starts it again is missing", func(ctx SpecContext) {
		Expect(w.Client.Delete(ctx, get[corev1alpha1.HookTemplate](ctx, w, "thaw"))).To(Succeed())
		w.apply(ctx, bc)
		w.settle(ctx)
		w.Step(testStep)
		w.settle(ctx)
		Expect(app.heard()).To(BeEmpty())
		status := run(ctx).Status
		Expect(status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseFailed))
		Expect(status.Conditions).To(haveCondition(corev1alpha1.ConditionSnapshotsEnsured, metav1.ConditionFalse,
			"Hook thaw: HookTemplate "+w.namespace+"/thaw doesn't exist."))
	})

	It("are those that the configuration may use, with the parameters that they need", func(ctx SpecContext) {
		foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
		Expect(w.Client.Create(ctx, foreign)).To(Succeed())
		w.apply(ctx, app.hook(foreign.Name, "private"))
		public := app.hook(foreign.Name, "public")
		public.Spec.UsagePolicy = &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: metav1alpha1.NamespacesFromAll}}
		public.Spec.Params = []metav1alpha1.ParameterDefinition{{Name: "who", Required: true}}
		public.Spec.Action.HTTPPost.Body = `{"phase": {{ toJson .Params.who }}}`
		w.apply(ctx, public)

		hook := object.Hook("private")
		hook.HookTemplate.Namespace = foreign.Name
		bc.Spec.Sessions[0].Hooks.PreBackup = []corev1alpha1.HookInfo{hook}
		w.apply(ctx, bc)
		w.settle(ctx)
		Expect(w.configuration(ctx).Status.Conditions).To(haveCondition(corev1alpha1.ConditionValidationPassed, metav1.ConditionFalse,
			"HookTemplate "+foreign.Name+"/private: its usage policy allows only its own namespace"))

		current := w.configuration(ctx)
		hook = object.Hook("public")
		hook.HookTemplate.Namespace = foreign.Name
		hook.Params = &runtime.RawExtension{Raw: []byte(`{"who": "the \"team\""}`)}
		current.Spec.Sessions[0].Hooks.PreBackup = []corev1alpha1.HookInfo{hook}
		Expect(w.Client.Update(ctx, current)).To(Succeed())
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/public"}))
		Expect(app.status("/public").Phase).To(Equal(`the "team"`))
		Expect(string(run(ctx).Status.Hooks.Record.Raw)).NotTo(ContainSubstring("toJson .Params.who"), "a template of others stays where it is")
	})

	It("of which one is a Function run its image", func(ctx SpecContext) {
		function := &addonsv1alpha1.Function{
			ObjectMeta: metav1.ObjectMeta{Name: "notify-" + w.namespace},
			Spec:       addonsv1alpha1.FunctionSpec{Image: "notify.invalid/notify:1", Args: []string{"--for=${who:=nobody}", "--in=${namespace}"}},
		}
		w.apply(ctx, function)
		DeferCleanup(func(ctx SpecContext) { Expect(w.Client.Delete(ctx, function)).To(Succeed()) })
		template := object.HookTemplate(w.namespace, "notify", object.ByFunction(function.Name), nil)
		template.Spec.Executor.Function.EnvVariables = []corev1.EnvVar{{Name: "STATUS", Value: "{{ .Status.Phase }}"}}
		w.apply(ctx, template)
		bc.Spec.Sessions[0].Hooks = object.Hooks(nil, []string{"notify"})
		bc.Spec.Sessions[0].Hooks.PostBackup[0].MaxRetry = 1
		bc.Spec.Sessions[0].Hooks.PostBackup[0].Variables = []corev1.EnvVar{{Name: "who", Value: "you"}}
		w.apply(ctx, bc)
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)

		job := w.onlyJob(ctx)
		Expect(job.Name).To(HavePrefix("hook-"))
		Expect(job.Labels).To(HaveKeyWithValue(metav1alpha1.LabelComponent, metav1alpha1.JobComponentHook))
		Expect(job.Spec.ActiveDeadlineSeconds).To(HaveValue(BeEquivalentTo(300)))
		c := job.Spec.Template.Spec.Containers[0]
		Expect(c.Image).To(Equal(function.Spec.Image))
		Expect(c.Args).To(Equal([]string{"--for=you", "--in=" + w.namespace}))
		Expect(c.Env).To(ContainElements(corev1.EnvVar{Name: "STATUS", Value: "Succeeded"}, corev1.EnvVar{Name: "who", Value: "you"}))
		pod, err := w.StartPod(ctx, job)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.EndPodWith(ctx, job, pod, 4, "no route")).To(Succeed())
		w.Restart()
		w.settle(ctx)
		Expect(w.warnings(run(ctx).Name)).To(ContainElement(And(ContainSubstring("attempt 1 of 2 failed"), ContainSubstring("exit code 4: no route"))))

		w.Step(testStep)
		w.settle(ctx)
		second := w.onlyJob(ctx)
		Expect(second.Name).NotTo(Equal(job.Name))
		pod, err = w.StartPod(ctx, second)
		Expect(err).NotTo(HaveOccurred())
		Expect(w.EndPodWith(ctx, second, pod, 0, "")).To(Succeed())
		w.settle(ctx)
		Expect(run(ctx).Status.Phase).To(Equal(corev1alpha1.BackupSessionPhaseSucceeded))
		Expect(theOnly(run(ctx).Status.Hooks.PostHooks).Attempts).To(BeEquivalentTo(2))
	})

	It("fail with what they said, when their pod runs no command", func(ctx SpecContext) {
		w.apply(ctx, object.HookTemplate(w.namespace, "command", object.InPods("app=nobody", corev1alpha1.HookExecuteOnOne), object.Command("true")))
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "app-0", Labels: map[string]string{"app": "nobody"}},
			Spec:       object.Sleeper(object.Claim),
		}
		w.apply(ctx, pod)
		pod.Status.Phase = corev1.PodRunning
		Expect(w.Client.Status().Update(ctx, pod)).To(Succeed())
		bc.Spec.Sessions[0].Hooks = object.Hooks([]string{"command"}, nil)
		w.apply(ctx, bc)
		w.settle(ctx)
		Expect(run(ctx).Status.Conditions).To(haveCondition(corev1alpha1.ConditionPreBackupHooksExecutionSucceeded, metav1.ConditionFalse,
			"Pre-hook command failed: pod app-0: running the command in container"))
		Expect(client.IgnoreNotFound(w.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod))).To(Succeed())
	})
})

var _ = Describe("Hooks of a restore", func() {
	It("run before and after the pod, also when the session is deleted in between", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.ground(ctx)
		app := newApplication()
		w.apply(ctx, app.hook(w.namespace, "stop"), app.hook(w.namespace, "start"), object.BackupConfiguration(w.namespace))
		w.settle(ctx)
		w.runJob(ctx)
		w.settle(ctx)
		hooked := func(name string) *corev1alpha1.RestoreSession {
			s := object.RestoreSession(w.namespace, name, "latest")
			s.Spec.Hooks = &corev1alpha1.RestoreHooks{
				PreRestore: []corev1alpha1.HookInfo{object.Hook("stop")}, PostRestore: []corev1alpha1.HookInfo{object.Hook("start")},
			}
			return s
		}

		w.apply(ctx, hooked("undo"))
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/stop"}))
		w.runJob(ctx)
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/stop", "/start"}))
		status := get[corev1alpha1.RestoreSession](ctx, w, "undo").Status
		Expect(status.Phase).To(Equal(corev1alpha1.RestoreSessionPhaseSucceeded))
		Expect(status.Conditions).To(haveCondition(corev1alpha1.ConditionPreRestoreHooksExecutionSucceeded, metav1.ConditionTrue, ""))
		Expect(status.Conditions).To(haveCondition(corev1alpha1.ConditionPostRestoreHooksExecutionSucceeded, metav1.ConditionTrue, ""))

		w.apply(ctx, hooked("again"))
		w.settle(ctx)
		w.Restart()
		Expect(w.Client.Delete(ctx, get[corev1alpha1.RestoreSession](ctx, w, "again"))).To(Succeed())
		w.settle(ctx)
		Expect(app.heard()).To(Equal([]string{"/stop", "/start", "/stop", "/start"}))
		Expect(app.status("/start").Error).To(ContainSubstring("was deleted before it had finished"))
		err := w.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "again"}, &corev1alpha1.RestoreSession{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
	})
})
