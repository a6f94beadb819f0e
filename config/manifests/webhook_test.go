// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"cmp"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

// webhookDefinition is a webhook as OLM is told of it.
type webhookDefinition struct {
	Type, GenerateName, DeploymentName, WebhookPath string
	ContainerPort                                   int32
	TargetPort                                      intstr.IntOrString
	Rules                                           []admissionregistrationv1.RuleWithOperations
	FailurePolicy                                   admissionregistrationv1.FailurePolicyType
	SideEffects                                     admissionregistrationv1.SideEffectClass
	TimeoutSeconds                                  int32
	AdmissionReviewVersions                         []string
}

// configured are the webhooks of config/webhook, as OLM is to be told of them.
func configured(t *testing.T) []webhookDefinition {
	t.Helper()
	content, err := os.ReadFile("../webhook/manifests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []webhookDefinition
	for document := range strings.SplitSeq(strings.TrimPrefix(string(content), "---\n"), "\n---\n") {
		// Both kinds have the same fields, as far as we use them.
		c := &admissionregistrationv1.ValidatingWebhookConfiguration{}
		if err := yaml.UnmarshalStrict([]byte(document), c); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.Webhooks {
			out = append(out, webhookDefinition{
				Type: strings.TrimSuffix(c.Kind, "WebhookConfiguration") + "AdmissionWebhook", GenerateName: w.Name, DeploymentName: "kubestash-operator",
				WebhookPath: ptr.Deref(w.ClientConfig.Service.Path, ""), ContainerPort: 443, TargetPort: intstr.FromString("webhook"), Rules: w.Rules,
				FailurePolicy: ptr.Deref(w.FailurePolicy, ""), SideEffects: ptr.Deref(w.SideEffects, ""), TimeoutSeconds: ptr.Deref(w.TimeoutSeconds, 0),
				AdmissionReviewVersions: w.AdmissionReviewVersions,
			})
		}
	}
	return out
}

// What OLM registers is what is registered without it.
func TestWebhooksAreThoseWithoutOLM(t *testing.T) {
	got, want := readCSV(t).Spec.WebhookDefinitions, configured(t)
	byName := func(a, b webhookDefinition) int { return cmp.Compare(a.GenerateName, b.GenerateName) }
	slices.SortFunc(got, byName)
	slices.SortFunc(want, byName)
	if len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("OLM registers\n%+v\nand config/webhook has\n%+v", got, want)
	}
	for _, w := range got {
		if problems := validation.IsDNS1123Subdomain(w.GenerateName + "-abcde"); len(problems) > 0 {
			t.Errorf("%s: %v", w.GenerateName, problems)
		}
	}
}

// A webhook that is away must break nothing, and none is asked about what isn't ours.
func TestWebhooksStandInNobodysWay(t *testing.T) {
	for _, w := range configured(t) {
		if w.FailurePolicy != admissionregistrationv1.Ignore || w.TimeoutSeconds > 5 || w.SideEffects != admissionregistrationv1.SideEffectClassNone {
			t.Errorf("%s: failurePolicy %s, %d seconds, sideEffects %s", w.GenerateName, w.FailurePolicy, w.TimeoutSeconds, w.SideEffects)
		}
		for _, rule := range w.Rules {
			for _, group := range rule.APIGroups {
				if !strings.HasSuffix(group, ".kubestash.com") {
					t.Errorf("%s is asked about %s", w.GenerateName, group)
				}
			}
			for _, resource := range rule.Resources {
				if strings.ContainsAny(resource, "*/") {
					t.Errorf("%s is asked about %s", w.GenerateName, resource)
				}
			}
			if !slices.Equal(rule.Operations, []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update}) {
				t.Errorf("%s is asked on %v", w.GenerateName, rule.Operations)
			}
		}
	}
}

// OLM mounts the certificate where the operator is told to look, and makes Service and configurations: the bundle has none.
func TestOLMOwnsWhatServesTheWebhooks(t *testing.T) {
	pod := readCSV(t).Spec.Install.Spec.Deployments[0].Spec.Template.Spec
	for _, container := range pod.Containers {
		if container.Name != "operator" {
			continue
		}
		if !slices.Contains(container.Env, corev1.EnvVar{Name: "WEBHOOK_CERT_DIR", Value: "/tmp/k8s-webhook-server/serving-certs"}) ||
			!slices.Contains(container.Args, "--webhook-cert-dir=$(WEBHOOK_CERT_DIR)") {
			t.Errorf("the operator has %v and %v", container.Args, container.Env)
		}
		if !slices.ContainsFunc(container.Ports, func(p corev1.ContainerPort) bool { return p.Name == "webhook" && p.ContainerPort == 9443 }) {
			t.Errorf("the operator has the ports %v", container.Ports)
		}
	}
	if len(pod.Volumes) > 0 {
		t.Errorf("the pod has volumes that OLM doesn't know: %v", pod.Volumes)
	}
	files, err := filepath.Glob(filepath.Join(bundle, "manifests", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if name := filepath.Base(file); strings.Contains(name, "webhook") {
			t.Errorf("the bundle has %s", name)
		}
		o := read[struct {
			Kind string
			Spec struct{ Conversion *struct{ Strategy string } }
		}](t, file)
		if strings.Contains(o.Kind, "Webhook") || o.Spec.Conversion != nil && o.Spec.Conversion.Strategy == "Webhook" {
			t.Errorf("%s is a %s, or is converted by a webhook", filepath.Base(file), o.Kind)
		}
	}
}
