// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	"kubestash.com/kubestash/config/addons"
	"kubestash.com/kubestash/internal/kube"
)

func newClient(t *testing.T, funcs interceptor.Funcs) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := addonsv1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(funcs).WithReturnManagedFields().Build()
}

func newApplier(t *testing.T, c client.Client) *applier {
	t.Helper()
	objects, err := read(addons.Files)
	if err != nil {
		t.Fatal(err)
	}
	return &applier{client: c, objects: objects}
}

func addonOf(t *testing.T, c client.Client, name string) *addonsv1alpha1.Addon {
	t.Helper()
	obj, found, err := kube.Get[addonsv1alpha1.Addon](t.Context(), c, "", name)
	if err != nil || !found {
		t.Fatalf("addon %s: found %v, %v", name, found, err)
	}
	return obj
}

func TestStartAppliesTheCatalogue(t *testing.T) {
	c := newClient(t, interceptor.Funcs{})
	if err := newApplier(t, c).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tasks := addonOf(t, c, "workload-addon").Spec.BackupTasks; len(tasks) != 1 || tasks[0].Name != "logical-backup" {
		t.Errorf("got %v", tasks)
	}
	var functions addonsv1alpha1.FunctionList
	if err := c.List(t.Context(), &functions); err != nil || len(functions.Items) != 4 {
		t.Errorf("got %d functions, %v", len(functions.Items), err)
	}
}

func TestAFieldThatAUserChangedStays(t *testing.T) {
	c := newClient(t, interceptor.Funcs{})
	a := newApplier(t, c)
	if failed := a.pass(t.Context(), a.objects); len(failed) > 0 {
		t.Fatalf("%d objects failed", len(failed))
	}
	edited := addonOf(t, c, "pvc-addon")
	edited.Spec.BackupTasks[0].Parameters[0].Default = "/mine"
	edited.Spec.RestoreTasks = nil
	if err := c.Update(t.Context(), edited, client.FieldOwner("kubectl-edit")); err != nil {
		t.Fatal(err)
	}
	if failed := a.pass(t.Context(), a.objects); len(failed) > 0 {
		t.Fatalf("%d objects failed", len(failed))
	}
	got := addonOf(t, c, "pvc-addon")
	if path := got.Spec.BackupTasks[0].Parameters[0].Default; path != "/mine" {
		t.Errorf("the user's value became %q", path)
	}
	if len(got.Spec.RestoreTasks) == 0 {
		t.Error("what the user removed, and nobody holds, was not applied again")
	}
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	refusals := 0
	c := newClient(t, interceptor.Funcs{Apply: func(
		ctx context.Context, c client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption,
	) error {
		if refusals == 0 {
			refusals++
			return errors.New("no kind is registered yet")
		}
		return c.Apply(ctx, obj, opts...)
	}})
	a := newApplier(t, c)
	failed := a.pass(t.Context(), a.objects)
	if len(failed) != 1 {
		t.Fatalf("%d objects failed", len(failed))
	}
	if failed = a.pass(t.Context(), failed); len(failed) != 0 {
		t.Errorf("%d objects failed again", len(failed))
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	c := newClient(t, interceptor.Funcs{Apply: func(
		context.Context, client.WithWatch, runtime.ApplyConfiguration, ...client.ApplyOption,
	) error {
		return errors.New("no")
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newApplier(t, c).Start(ctx); err != nil {
		t.Errorf("it would end the operator: %v", err)
	}
}

func TestACatalogueThatIsBrokenIsNoticed(t *testing.T) {
	for sentence, content := range map[string]string{
		"no YAML":       "a: [",
		"another group": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n",
	} {
		if _, err := read(fstest.MapFS{"a/b.yaml": {Data: []byte(content)}}); err == nil {
			t.Errorf("%s: no error", sentence)
		}
	}
}
