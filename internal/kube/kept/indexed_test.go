// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	toolscachetesting "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const byOwner = "owner"

// rack is a started cache of ConfigMaps that come from no server. Each has an owner, and all have "everybody".
func rack(t *testing.T, namespaces map[string]cache.Config, holds ...*corev1.ConfigMap) (client.Reader, toolscache.SharedIndexInformer, error) {
	t.Helper()
	scheme := clientgoscheme.Scheme
	mapper := apimeta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"ConfigMap", "Secret"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), apimeta.RESTScopeNamespace)
	}
	source := toolscachetesting.NewFakeControllerSource()
	for _, o := range holds {
		source.Add(o)
	}
	var made toolscache.SharedIndexInformer
	c, err := New(&rest.Config{Host: "https://192.0.2.1"}, cache.Options{
		Scheme: scheme, Mapper: mapper, DefaultNamespaces: namespaces,
		NewInformer: func(_ toolscache.ListerWatcher, of runtime.Object, _ time.Duration, with toolscache.Indexers) toolscache.SharedIndexInformer {
			made = toolscache.NewSharedIndexInformer(source, of, 0, with)
			return made
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = c.IndexField(t.Context(), &corev1.ConfigMap{}, byOwner, func(o client.Object) []string {
		return []string{o.GetAnnotations()[byOwner], "everybody"}
	})
	if err != nil {
		return nil, nil, err
	}
	go func() { _ = c.Start(t.Context()) }()
	if !c.WaitForCacheSync(t.Context()) {
		t.Fatal("the cache doesn't get what there is")
	}
	return c, made, nil
}

func owned(namespace, name, owner string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, Labels: map[string]string{"tier": name}, Annotations: map[string]string{byOwner: owner},
	}}
}

func TestListsByAnIndex(t *testing.T) {
	c, _, err := rack(t, nil, owned("east", "a", "one"), owned("east", "b", "two"), owned("west", "a", "one"), owned("west", "c", "one"))
	if err != nil {
		t.Fatal(err)
	}
	one := client.MatchingFields{byOwner: "one"}
	for sentence, row := range map[string]struct {
		opts []client.ListOption
		want []string
	}{
		"in every namespace":      {[]client.ListOption{one}, []string{"east/a", "west/a", "west/c"}},
		"in one":                  {[]client.ListOption{one, client.InNamespace("west")}, []string{"west/a", "west/c"}},
		"in one that has none":    {[]client.ListOption{one, client.InNamespace("north")}, nil},
		"with a label beside":     {[]client.ListOption{one, client.MatchingLabels{"tier": "a"}}, []string{"east/a", "west/a"}},
		"by a key that all have":  {[]client.ListOption{client.MatchingFields{byOwner: "everybody"}, client.InNamespace("east")}, []string{"east/a", "east/b"}},
		"by a key that none has":  {[]client.ListOption{client.MatchingFields{byOwner: "three"}}, nil},
		"without an index at all": {[]client.ListOption{client.InNamespace("east")}, []string{"east/a", "east/b"}},
	} {
		var list corev1.ConfigMapList
		if err := c.List(t.Context(), &list, row.opts...); err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
		var got []string
		for i := range list.Items {
			got = append(got, client.ObjectKeyFromObject(&list.Items[i]).String())
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", sentence, got, row.want)
		}
	}
	var list corev1.ConfigMapList
	if err := c.List(t.Context(), &list, one, client.Limit(2)); err != nil || len(list.Items) != 2 {
		t.Errorf("at most two: %d, %v", len(list.Items), err)
	}
	if err := c.List(t.Context(), &list, client.MatchingFields{"colour": "red"}); err == nil {
		t.Error("a list by an index that there isn't is no error")
	}
	if err := c.List(t.Context(), &list, client.MatchingFields{byOwner: "one", "colour": "red"}); err == nil {
		t.Error("nor is one by two of them")
	}
}

func TestWhatIsListedIsACopyUnlessOneWritesNothing(t *testing.T) {
	c, _, err := rack(t, nil, owned("east", "a", "one"))
	if err != nil {
		t.Fatal(err)
	}
	first := func(opts ...client.ListOption) corev1.ConfigMap {
		t.Helper()
		var list corev1.ConfigMapList
		if err := c.List(t.Context(), &list, append(opts, client.MatchingFields{byOwner: "one"})...); err != nil || len(list.Items) != 1 {
			t.Fatalf("got %d, %v", len(list.Items), err)
		}
		return list.Items[0]
	}
	first().Labels["tier"] = "thief's"
	if got := first(); got.Labels["tier"] != "a" || got.Kind != "ConfigMap" {
		t.Errorf("it became %+v", got)
	}
	shared := first(client.UnsafeDisableDeepCopy)
	shared.Labels["tier"] = "b"
	if got := first(client.UnsafeDisableDeepCopy); got.Labels["tier"] != "b" {
		t.Error("it was copied although nobody needs a copy")
	}
}

// A namespace with a hundred objects would have a set of its own for nearly each of them.
func TestAnIndexIsKeptOnce(t *testing.T) {
	var holds []*corev1.ConfigMap
	for i := range 10 {
		holds = append(holds, owned(fmt.Sprintf("ns-%d", i), "a", "one"))
	}
	_, informer, err := rack(t, nil, holds...)
	if err != nil {
		t.Fatal(err)
	}
	for name := range informer.GetIndexer().GetIndexers() {
		if name == toolscache.NamespaceIndex {
			continue
		}
		if keys := informer.GetIndexer().ListIndexFuncValues(name); len(keys) != 2 {
			t.Errorf("index %s has %v", name, keys)
		}
	}
}

func TestACacheOfSomeNamespacesSaysThatItHasNoIndex(t *testing.T) {
	_, _, err := rack(t, map[string]cache.Config{"east": {}, "west": {}})
	if err == nil {
		t.Error("it took one")
	}
}
