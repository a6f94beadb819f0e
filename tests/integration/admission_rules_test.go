// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

// admissionProbe is an object that every webhook refuses and no schema does.
func admissionProbe() *storagev1alpha1.RetentionPolicy {
	p := object.KeepLast("default", 1)
	p.Spec.TimeZone = "Mars/Olympus"
	return p
}

// rule is something that may not be written.
type rule struct {
	// before is there already.
	before func(w *world) []client.Object
	// bad is what is refused.
	bad func(w *world) client.Object
	// says is in the refusal and, when it was written all the same, in a condition or an event.
	says func(w *world) string
	// after is made when it was written all the same, so that somebody looks at it.
	after func(w *world) []client.Object
}

func says(text string) func(*world) string { return func(*world) string { return text } }

func elsewhere(w *world) string { return w.namespace + "-far" }

// farNamespace has a storage, a policy and a HookTemplate of its own.
func far(objects ...func(namespace string) client.Object) func(*world) []client.Object {
	return func(w *world) []client.Object {
		out := []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: elsewhere(w)}}}
		for _, o := range objects {
			out = append(out, o(elsewhere(w)))
		}
		return out
	}
}

func badConfiguration(change func(w *world, bc *corev1alpha1.BackupConfiguration)) func(*world) client.Object {
	return func(w *world) client.Object {
		bc := object.BackupConfiguration(w.namespace)
		change(w, bc)
		return bc
	}
}

func ownOnly() *metav1alpha1.UsagePolicy {
	return &metav1alpha1.UsagePolicy{AllowedNamespaces: metav1alpha1.AllowedNamespaces{From: metav1alpha1.NamespacesFromSame}}
}

// told is all that users can read in a namespace: conditions and warnings.
func told(ctx context.Context, w *world) string {
	GinkgoHelper()
	var out []string
	for _, kind := range []string{"core/BackupConfiguration", "core/BackupBatch", "core/BackupSession", "core/RestoreSession", "storage/BackupStorage"} {
		group, name, _ := strings.Cut(kind, "/")
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(group + ".kubestash.com/v1alpha1")
		list.SetKind(name + "List")
		Expect(w.Client.List(ctx, list, client.InNamespace(w.namespace))).To(Succeed())
		for _, item := range list.Items {
			conditions, _, err := unstructured.NestedSlice(item.Object, "status", "conditions")
			Expect(err).NotTo(HaveOccurred())
			for _, c := range conditions {
				if c := c.(map[string]any); c["status"] == "False" || c["status"] == "True" && strings.Contains(fmt.Sprint(c["message"]), "ailed") {
					out = append(out, fmt.Sprintf("%s %s: %v", name, item.GetName(), c["message"]))
				}
			}
		}
	}
	for _, e := range w.Events() {
		if e.Warning {
			out = append(out, e.Message)
		}
	}
	return strings.Join(out, "\n")
}

var _ = Describe("Admission", func() {
	var w *world
	BeforeEach(func(ctx SpecContext) { w = newWorld(ctx) })

	DescribeTable("refuses what, written while no webhook was there, is told in the same words and starts nothing",
		func(ctx SpecContext, row rule) {
			w.ground(ctx)
			if row.before != nil {
				w.apply(ctx, row.before(w)...)
			}
			w.settle(ctx)
			d := openDoor(ctx, w)
			Expect(d.client.Create(ctx, row.bad(w))).To(isRefused(row.says(w)))

			d.leave(ctx)
			w.apply(ctx, row.bad(w))
			if row.after != nil {
				w.apply(ctx, row.after(w)...)
			}
			w.settle(ctx)
			Expect(told(ctx, w)).To(ContainSubstring(row.says(w)))
			Expect(w.jobs(ctx)).To(BeEmpty())
		},
		Entry("a storage in the same place as another one", rule{
			bad: func(w *world) client.Object {
				s := object.S3(w.namespace, store.Endpoint+"/", bucket)
				// Its name is behind the other's: that counts when both were made in the same second.
				s.Name, s.Spec.Storage.S3.Prefix = "twin", "/"+w.namespace+"/"
				return s
			},
			says: func(w *world) string {
				return "spec.storage: Invalid value: BackupStorage " + w.namespace + "/" + object.Storage + " keeps its backups at the same place"
			},
		}),
		Entry("a second default storage", rule{
			before: func(w *world) []client.Object {
				s := object.S3(w.namespace, store.Endpoint, bucket)
				s.Name, s.Spec.Storage.S3.Prefix, s.Spec.Default = "first", w.namespace+"/first", true
				return []client.Object{s}
			},
			bad: func(w *world) client.Object {
				s := object.S3(w.namespace, store.Endpoint, bucket)
				s.Name, s.Spec.Storage.S3.Prefix, s.Spec.Default = "second", w.namespace+"/second", true
				return s
			},
			says: says("spec.default: Invalid value: true: BackupStorage first is the default of this namespace already"),
		}),
		Entry("a provider that this operator doesn't have", rule{
			bad: func(w *world) client.Object {
				s := object.S3(w.namespace, store.Endpoint, bucket)
				s.Name, s.Spec.Storage = "second", storagev1alpha1.Backend{Provider: storagev1alpha1.ProviderGCS, GCS: &storagev1alpha1.GCSSpec{Bucket: "b"}}
				return s
			},
			says: says(`spec.storage.provider: Invalid value: "gcs": `),
		}),
		Entry("a retention policy with a time zone that isn't one", rule{
			bad: func(w *world) client.Object {
				p := object.KeepLast(w.namespace, 3)
				p.Name, p.Spec.TimeZone = "second", "Mars/Olympus"
				return p
			},
			says: says(`spec.timeZone: Invalid value: "Mars/Olympus"`),
			after: func(w *world) []client.Object {
				return []client.Object{badConfiguration(func(_ *world, bc *corev1alpha1.BackupConfiguration) {
					bc.Spec.Backends[0].RetentionPolicy.Name = "second"
				})(w)}
			},
		}),
		Entry("a schedule that isn't one", rule{
			bad: badConfiguration(func(_ *world, bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Sessions[0].Scheduler.Schedule = "at noon"
			}),
			says: says(`spec.sessions[0].scheduler.schedule: Invalid value: "at noon"`),
		}),
		Entry("a target of another namespace", rule{
			bad:  badConfiguration(func(_ *world, bc *corev1alpha1.BackupConfiguration) { bc.Spec.Target.Namespace = "elsewhere" }),
			says: says("its volumes can't be mounted from"),
		}),
		Entry("a backend where there is no default", rule{
			before: func(*world) []client.Object { return nil },
			bad: badConfiguration(func(_ *world, bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Backends[0].StorageRef = nil
			}),
			says: says("spec.backends[0].storageRef: Required value: name a BackupStorage, or make one the default"),
		}),
		Entry("a storage that isn't for everybody", rule{
			before: far(func(namespace string) client.Object {
				s := object.S3(namespace, store.Endpoint, bucket)
				s.Spec.UsagePolicy = ownOnly()
				return s
			}),
			bad: badConfiguration(func(w *world, bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Backends[0].StorageRef.Namespace = elsewhere(w)
			}),
			says: func(w *world) string {
				return "BackupStorage " + elsewhere(w) + "/" + object.Storage + ": its usage policy allows only its own namespace"
			},
		}),
		Entry("a retention policy that isn't for everybody", rule{
			before: far(func(namespace string) client.Object {
				p := object.KeepLast(namespace, 3)
				p.Spec.UsagePolicy = ownOnly()
				return p
			}),
			bad: badConfiguration(func(w *world, bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Backends[0].RetentionPolicy.Namespace = elsewhere(w)
			}),
			says: func(w *world) string {
				return "RetentionPolicy " + elsewhere(w) + "/" + object.Retention + ": its usage policy allows only its own namespace"
			},
		}),
		Entry("a HookTemplate that isn't for everybody", rule{
			before: far(func(namespace string) client.Object {
				return object.HookTemplate(namespace, "tell", object.ByOperator(), object.Post("127.0.0.1", 1, "/", ""))
			}),
			bad: badConfiguration(func(w *world, bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Sessions[0].Hooks = object.Hooks([]string{"tell"}, nil)
				bc.Spec.Sessions[0].Hooks.PreBackup[0].HookTemplate.Namespace = elsewhere(w)
			}),
			says: func(w *world) string {
				return "HookTemplate " + elsewhere(w) + "/tell: its usage policy allows only its own namespace"
			},
		}),
		Entry("a directory that another namespace's Repository is in", rule{
			before: far(func(namespace string) client.Object {
				return &storagev1alpha1.Repository{ObjectMeta: object.Meta(namespace, "theirs"), Spec: storagev1alpha1.RepositorySpec{
					AppRef:     metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: namespace, Name: "theirs"},
					StorageRef: metav1alpha1.ObjectReference{Namespace: strings.TrimSuffix(namespace, "-far"), Name: object.Storage}, Path: "/taken/",
				}}
			}),
			bad: badConfiguration(func(_ *world, bc *corev1alpha1.BackupConfiguration) {
				bc.Spec.Sessions[0].Repositories[0].Directory = "taken"
			}),
			says: func(w *world) string {
				return "Repository " + elsewhere(w) + "/theirs keeps its backups in the same directory"
			},
		}),
		Entry("a batch with a schedule that isn't one", rule{
			bad: func(w *world) client.Object {
				b := object.BackupBatch(w.namespace)
				b.Spec.Sessions[0].Scheduler.Schedule = "at noon"
				return b
			},
			says: says(`spec.sessions[0].scheduler.schedule: Invalid value: "at noon"`),
		}),
		Entry("a blueprint whose storage isn't for everybody", rule{
			before: far(func(namespace string) client.Object {
				s := object.S3(namespace, store.Endpoint, bucket)
				s.Spec.UsagePolicy = ownOnly()
				return s
			}),
			bad: func(w *world) client.Object {
				b := object.BackupBlueprint(w.namespace)
				b.Spec.BackupConfigurationTemplate.Backends[0].StorageRef = &metav1alpha1.ObjectReference{Namespace: elsewhere(w), Name: object.Storage}
				return b
			},
			says: func(w *world) string {
				return "BackupStorage " + elsewhere(w) + "/" + object.Storage + ": its usage policy allows only its own namespace"
			},
			after: func(w *world) []client.Object {
				deployment := object.Deployment(w.namespace, "annotated", object.Claim)
				deployment.Annotations = map[string]string{metav1alpha1.AnnotationBlueprintName: object.BackupBlueprint(w.namespace).Name}
				return []client.Object{deployment}
			},
		}),
		Entry("a HookTemplate that is no template", rule{
			bad: func(w *world) client.Object {
				return object.HookTemplate(w.namespace, "tell", object.ByOperator(), object.Post("127.0.0.1", 1, "/", "{{ .Name"))
			},
			says: says("it is no Go template"),
			after: func(w *world) []client.Object {
				return []client.Object{badConfiguration(func(_ *world, bc *corev1alpha1.BackupConfiguration) {
					bc.Spec.Sessions[0].Hooks = object.Hooks([]string{"tell"}, nil)
				})(w)}
			},
		}),
		Entry("a restore into nothing", rule{
			bad: func(w *world) client.Object {
				r := object.RestoreSession(w.namespace, "undo", "latest")
				r.Spec.Target = nil
				return r
			},
			says: says("spec.target: Required value: name the workload or PersistentVolumeClaim to restore into"),
		}),
	)

	It("fills in defaults of other objects, and trims what says where a storage is", func(ctx SpecContext) {
		w.apply(ctx, object.S3Keys(w.namespace, accessKey, secretKey), object.Password(w.namespace, password))
		d := openDoor(ctx, w)
		s, p := object.S3(w.namespace, store.Endpoint+"/", bucket), object.KeepLast(w.namespace, 3)
		s.Spec.Default, p.Spec.Default, s.Spec.Storage.S3.Prefix = true, true, w.namespace+"/"
		Expect(d.client.Create(ctx, s)).To(Succeed())
		Expect(d.client.Create(ctx, p)).To(Succeed())
		Expect(s.Spec.Storage.S3.Endpoint).To(Equal(store.Endpoint))
		Expect(s.Spec.Storage.S3.Prefix).To(Equal(w.namespace))
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Backends = nil
		for i := range bc.Spec.Sessions[0].Repositories {
			bc.Spec.Sessions[0].Repositories[i].Backend = ""
		}
		Expect(d.client.Create(ctx, bc)).To(Succeed())
		here := func(name string) *metav1alpha1.ObjectReference {
			return &metav1alpha1.ObjectReference{Namespace: w.namespace, Name: name}
		}
		Expect(bc.Spec.Backends).To(Equal([]corev1alpha1.BackendReference{{StorageRef: here(object.Storage), RetentionPolicy: here(object.Retention)}}))

		By("leaving the place of a storage as it is written, once it can't change")
		w.settle(ctx)
		s = get[storagev1alpha1.BackupStorage](ctx, w, object.Storage)
		Expect(s.Status.Repositories).NotTo(BeEmpty())
		s.Spec.Storage.S3.Prefix, s.Spec.Default = w.namespace+"/", false
		Expect(d.client.Update(ctx, s)).To(Succeed())
		Expect(s.Spec.Storage.S3.Prefix).To(Equal(w.namespace))
	})

	It("lets in what may come right, with a warning, and never stands in anybody's way", func(ctx SpecContext) {
		w.ground(ctx)
		d := openDoor(ctx, w)
		bc := object.BackupConfiguration(w.namespace)
		bc.Spec.Backends[0].StorageRef.Name = "to-come"
		Expect(d.client.Create(ctx, bc)).To(Succeed())
		Expect(d.all).To(ContainElement("spec.backends[0].storageRef: BackupStorage " + w.namespace + "/to-come does not exist yet"))

		By("not refusing what was wrong before: written while no webhook was there")
		port := d.away(ctx)
		bc.Spec.Sessions[0].Scheduler.Schedule = "at noon"
		Expect(d.client.Update(ctx, bc)).To(Succeed())
		d.register(ctx, port)
		d.warned.all = nil
		bc.Spec.Paused = true
		Expect(d.client.Update(ctx, bc)).To(Succeed())
		Expect(d.all).To(ContainElement(ContainSubstring(`spec.sessions[0].scheduler.schedule: Invalid value: "at noon"`)))
		bc.Spec.Sessions[0].Scheduler.Schedule = "at midnight"
		Expect(d.client.Update(ctx, bc)).To(isRefused("at midnight"))

		By("letting the operator write what it has to, and a finalizer go")
		Expect(w.Client.Get(ctx, client.ObjectKeyFromObject(bc), bc)).To(Succeed())
		w.settle(ctx)
		Expect(w.Client.Delete(ctx, bc)).To(Succeed())
		w.settle(ctx)
		Expect(client.IgnoreNotFound(w.Client.Get(ctx, client.ObjectKeyFromObject(bc), bc))).To(Succeed())
		Expect(bc.UID).NotTo(BeEmpty())
		operator, err := client.New(server.Operator, client.Options{Scheme: w.Client.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		own := object.BackupConfiguration(w.namespace)
		own.Name, own.Spec.Sessions[0].Scheduler.Schedule = "made-by-operator", "at noon"
		Expect(operator.Create(ctx, own)).To(Succeed())
	})

	It("renews its certificate while requests come, and makes it again when it is lost", func(ctx SpecContext) {
		d := openDoor(ctx, w)
		stop := d.crowd(ctx, w.Client)
		// The API server learns of an authority a little later than it is written. In life that has a minute.
		asks := func() {
			GinkgoHelper()
			time.Sleep(time.Second)
			d.known(ctx)
		}
		asks()
		before := d.certificate(ctx)
		Expect(d.client.Delete(ctx, before)).To(Succeed())
		asks()
		d.look(ctx)
		asks()
		Expect(d.certificate(ctx).Data["ca.crt"]).NotTo(Equal(before.Data["ca.crt"]))
		Expect(d.certificate(ctx).Data["tls.crt"]).To(Equal(before.Data["tls.crt"]), "nobody knows the new authority yet")
		d.clock.Step(stepOfCertificates)
		d.look(ctx)
		asks()
		after := d.certificate(ctx)
		Expect(after.Data["tls.crt"]).NotTo(Equal(before.Data["tls.crt"]))
		d.clock.Step(stepOfCertificates)
		d.look(ctx)
		asks()
		Expect(strings.Count(string(d.certificate(ctx).Data["ca.crt"]), "BEGIN")).To(Equal(1))

		asked, wrong := stop()
		Expect(wrong).NotTo(HaveOccurred(), "one of %d requests", asked)
		Expect(asked).To(BeNumerically(">", 10))

		By("agreeing with another operator that looks at the same time")
		// The API server has no other clock: what is made by one that is ahead isn't valid yet.
		d.clock.SetTime(time.Now())
		other := d.another()
		Expect(d.client.Delete(ctx, d.certificate(ctx))).To(Succeed())
		failed := make(chan error, 2)
		for _, k := range []interface{ Look(context.Context) error }{other, d.keeper} {
			go func() { failed <- k.Look(ctx) }()
		}
		for range 2 {
			if err := <-failed; err != nil {
				d.look(ctx)
				Expect(other.Look(ctx)).To(Succeed())
			}
		}
		// The other one remembers nothing, so that what it has made, if it was the first, is trusted by nobody before the API server has read it.
		d.known(ctx)
		asks()
	})
})
