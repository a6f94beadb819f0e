// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package desired_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/hook"
)

func TestTheJobOfAHook(t *testing.T) {
	in := desired.HookJob{
		Namespace: "shop", Name: "hook-run-pre-0-1", Labels: map[string]string{"a": "b"}, Owner: metav1.OwnerReference{Name: "run"},
		Timeout: 90 * time.Second,
		Function: hook.Function{
			Spec: addonsv1alpha1.FunctionSpec{
				Image: "notify:1", Command: []string{"notify"}, Args: []string{"--now"}, WorkingDir: "/w",
				VolumeMounts:    []corev1.VolumeMount{{Name: "f", MountPath: "/f"}},
				RuntimeSettings: &metav1alpha1.ContainerRuntimeSettings{Env: []corev1.EnvVar{{Name: "A", Value: "of the Function"}}},
			},
			Env:          []corev1.EnvVar{{Name: "A", Value: "of the template"}, {Name: "B", Value: "2"}},
			Volumes:      []metav1alpha1.Volume{{Name: "f"}, {Name: "h"}},
			VolumeMounts: []corev1.VolumeMount{{Name: "h", MountPath: "/h"}},
			Settings: metav1alpha1.RuntimeSettings{
				Pod: &metav1alpha1.PodRuntimeSettings{ServiceAccountName: "teller", NodeName: "node-1"},
				Container: &metav1alpha1.ContainerRuntimeSettings{
					Resources:       corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Mi")}},
					SecurityContext: &corev1.SecurityContext{RunAsUser: ptr.To[int64](7)},
				},
			},
		},
	}
	job := in.Build()
	spec := job.Spec.Template.Spec
	c := spec.Containers[0]
	for what, isSo := range map[string]bool{
		"it is a hook's":                       job.Labels[metav1alpha1.LabelComponent] == metav1alpha1.JobComponentHook && job.Labels["a"] == "b",
		"so is its pod":                        job.Spec.Template.Labels[metav1alpha1.LabelComponent] == metav1alpha1.JobComponentHook,
		"it runs once, up to its timeout":      *job.Spec.BackoffLimit == 0 && *job.Spec.ActiveDeadlineSeconds == 90 && spec.RestartPolicy == corev1.RestartPolicyNever,
		"its owner is the session":             job.OwnerReferences[0].Name == "run",
		"it runs what the Function says":       c.Image == "notify:1" && c.Command[0] == "notify" && c.Args[0] == "--now" && c.WorkingDir == "/w",
		"the Function's settings win":          len(c.Env) == 2 && c.Env[0].Value == "of the Function",
		"both mount":                           len(c.VolumeMounts) == 2 && len(spec.Volumes) == 2,
		"the user's settings win":              *c.SecurityContext.RunAsUser == 7 && spec.NodeName == "node-1",
		"a request isn't above a limit":        c.Resources.Requests.Memory().Cmp(*c.Resources.Limits.Memory()) == 0,
		"what isn't set stays safe":            !*c.SecurityContext.AllowPrivilegeEscalation && c.SecurityContext.Capabilities.Drop[0] == "ALL",
		"an account that is named has a token": spec.ServiceAccountName == "teller" && spec.AutomountServiceAccountToken == nil,
		"its last words are told":              c.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError,
	} {
		if !isSo {
			t.Errorf("not so: %s", what)
		}
	}
	in.Function.Settings = metav1alpha1.RuntimeSettings{}
	if spec := in.Build().Spec.Template.Spec; *spec.AutomountServiceAccountToken || spec.SecurityContext.RunAsNonRoot != nil {
		t.Error("a pod that asks for nothing has a token, or is told who to be")
	}
	in.NamespaceLabels = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	if spec := in.Build().Spec.Template.Spec; !*spec.SecurityContext.RunAsNonRoot {
		t.Error("a restricted namespace refuses the pod")
	}
}
