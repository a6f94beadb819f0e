// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
)

var v1 = way{olm: "olmv1", golden: "testdata/rights-v1.golden", installed: extended}

func TestV1(t *testing.T) {
	s := open(t, "v1", v1)
	suite.Test(t,
		s.installation("a ClusterExtension").
			Assess("has the webhooks refuse what they refuse", step(s.refuses)).Feature(),
		s.upgrade().Feature(),
		features.New("a version whose CRDs would break objects").
			Assess("is refused, and told of", step(s.broken)).Feature(),
		s.uninstallation().
			Assess("has nobody refuse anything any more", step(func(ctx context.Context, t *testing.T) { stage.Must(t, s.late(ctx)) })).Feature(),
		s.reinstallation().
			Assess("has the webhooks refuse again", step(s.refuses)).Feature(),
	)
}

// extension is what the ClusterExtension says: the bundle that is installed, and the conditions.
func extension(ctx context.Context) (string, []metav1.Condition, error) {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("olm.operatorframework.io/v1")
	o.SetKind("ClusterExtension")
	if err := host.Client.Get(ctx, client.ObjectKey{Name: "kubestash"}, o); err != nil {
		return "", nil, err
	}
	var is struct {
		Status struct {
			Conditions []metav1.Condition `json:"conditions"`
			Install    struct {
				Bundle struct {
					Name string `json:"name"`
				} `json:"bundle"`
			} `json:"install"`
		} `json:"status"`
	}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &is)
	return is.Status.Install.Bundle.Name, is.Status.Conditions, err
}

// extended waits until OLM v1 has installed a version, and wants no other.
func extended(t *testing.T, version string) {
	t.Helper()
	stage.Await(t, version+" is installed", 2*stage.Patience, func(ctx context.Context) (bool, string) {
		bundle, conditions, err := extension(ctx)
		if err != nil {
			return false, err.Error()
		}
		progressing := meta.FindStatusCondition(conditions, "Progressing")
		return bundle == version && meta.IsStatusConditionTrue(conditions, "Installed") && progressing != nil && progressing.Reason == "Succeeded",
			fmt.Sprintf("%s: %+v", bundle, conditions)
	})
}

// late asks for a BackupConfiguration whose schedule isn't one, without making it. Only the webhooks can know.
func (s *shop) late(ctx context.Context) error {
	late := object.BackupConfiguration(s.Namespace)
	late.Name, late.Spec.Sessions[0].Scheduler.Schedule = "late", "at noon"
	return host.Client.Create(ctx, late, client.DryRunAll)
}

// refuses waits until the API server asks the webhooks, which is a little after the operator is ready.
func (s *shop) refuses(_ context.Context, t *testing.T) {
	const want = `spec.sessions[0].scheduler.schedule: Invalid value: "at noon"`
	var said string
	stage.Await(t, "the webhooks refuse a schedule that isn't one", stage.Patience, func(ctx context.Context) (bool, string) {
		said = fmt.Sprint(s.late(ctx))
		return strings.Contains(said, want), said
	})
	t.Log(said)
}

// broken offers a version in which a field has another type.
func (s *shop) broken(ctx context.Context, t *testing.T) {
	const name = "backupconfigurations.core.kubestash.com"
	earlier := definition(ctx, t, name)
	stage.Must(t, host.Make(ctx, "upgrade-olmv1-broken"))
	var said string
	stage.Await(t, "the version is refused", 2*stage.Patience, func(ctx context.Context) (bool, string) {
		bundle, conditions, err := extension(ctx)
		if err != nil {
			return false, err.Error()
		}
		if bundle != now {
			t.Fatalf("%s is installed: %+v", bundle, conditions)
		}
		progressing := meta.FindStatusCondition(conditions, "Progressing")
		if progressing != nil {
			said = progressing.Message
		}
		return strings.Contains(said, `validating upgrade for CRD "`+name+`"`) && strings.Contains(said, "spec.paused: type"), fmt.Sprintf("%+v", conditions)
	})
	t.Log(said)
	if later := definition(ctx, t, name); later != earlier {
		t.Errorf("the CRD has generation %d, and had %d", later, earlier)
	}
	s.backup(t, "after-refusal")
	// The catalog's author takes it back.
	stage.Must(t, host.Make(ctx, "upgrade-olmv1"))
	s.installed(t, now)
}

// definition is the generation of a CRD: how often it was changed.
func definition(ctx context.Context, t *testing.T, name string) int64 {
	t.Helper()
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	stage.Must(t, host.Client.Get(ctx, client.ObjectKey{Name: name}, o))
	return o.Generation
}
