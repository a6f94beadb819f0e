// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kept

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
)

// configuration is one as an API server sends it.
func configuration(t *testing.T, name string) *corev1alpha1.BackupConfiguration {
	t.Helper()
	bc := object.BackupConfiguration("demo")
	bc.Name, bc.UID, bc.Labels = name, "uid", map[string]string{"team": "shop"}
	bc.Spec.Sessions[0].Addon = object.Addon(object.ClaimAddon, metav1alpha1.TaskLogicalBackup, map[string]string{"paths": "/data"})
	bc.Spec.Sessions[0].BackupTimeout = &metav1.Duration{Duration: time.Hour}
	bc.Status.Sessions = []corev1alpha1.SessionStatus{{Name: object.Session, Conditions: []metav1alpha1.Condition{{
		Type: corev1alpha1.ConditionSchedulerEnsured, Status: metav1.ConditionTrue, LastTransitionTime: metav1.Unix(1_800_000_000, 0),
		Reason: corev1alpha1.ReasonSchedulerEnsured, Message: "Scheduler has been ensured successfully.",
	}}}}
	bc.Status.Backends = []corev1alpha1.BackendStatus{{Name: "s3", Ready: ptr.To(true), Storage: &corev1alpha1.StorageStatus{}}}
	bc.Status.Dependencies = []corev1alpha1.ResourceFoundStatus{{}}
	content, err := json.Marshal(bc)
	if err != nil {
		t.Fatal(err)
	}
	sent := &corev1alpha1.BackupConfiguration{}
	if err := json.Unmarshal(content, sent); err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestNothingIsLostBut(t *testing.T) {
	want := configuration(t, "app")
	sent := want.DeepCopy()
	sent.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
	sent.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: "{}"}
	want.Annotations = map[string]string{}
	got, err := Tight(sent)
	if err != nil || !equality.Semantic.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := Tight("a tombstone"); err != nil || got != "a tombstone" {
		t.Errorf("what is no object became %v, %v", got, err)
	}
}

func TestEqualTextsAreStoredOnce(t *testing.T) {
	first, second := tight(t, "one"), tight(t, "two")
	for sentence, same := range map[string][2]string{
		"the message of a condition": {first.Status.Sessions[0].Conditions[0].Message, second.Status.Sessions[0].Conditions[0].Message},
		"the type of a condition":    {first.Status.Sessions[0].Conditions[0].Type, second.Status.Sessions[0].Conditions[0].Type},
		"the name of a storage":      {first.Spec.Backends[0].StorageRef.Name, second.Spec.Backends[0].StorageRef.Name},
		"a namespace":                {first.Namespace, second.Namespace},
		"the key of a label":         {keyOf(first.Labels), keyOf(second.Labels)},
		"the value of a label":       {first.Labels["team"], second.Labels["team"]},
	} {
		if same[0] == "" || unsafe.StringData(same[0]) != unsafe.StringData(same[1]) {
			t.Errorf("%s isn't: %q", sentence, same)
		}
	}
}

func TestEqualStructsListsAndLabelsAreStoredOnce(t *testing.T) {
	first, second := tight(t, "one"), tight(t, "two")
	if first.Spec.Sessions[0].Scheduler != second.Spec.Sessions[0].Scheduler {
		t.Error("equal schedulers aren't")
	}
	if reflect.ValueOf(first.Labels).Pointer() != reflect.ValueOf(second.Labels).Pointer() {
		t.Error("equal labels aren't")
	}
	for sentence, same := range map[string][2]any{
		"equal backends":               {first.Spec.Backends, second.Spec.Backends},
		"what is said of the backends": {first.Status.Backends, second.Status.Backends},
		"what is said of the addons":   {first.Status.Dependencies, second.Status.Dependencies},
	} {
		if one, two := reflect.ValueOf(same[0]), reflect.ValueOf(same[1]); one.Len() == 0 || one.Pointer() != two.Pointer() {
			t.Errorf("%s aren't", sentence)
		}
	}
	other := configuration(t, "three")
	other.Spec.Sessions[0].Scheduler.JobTemplate.TTLSecondsAfterFinished = new(int32)
	other.Labels["team"] = "billing"
	other.Status.Backends[0].Ready = ptr.To(false)
	got, err := Tight(other)
	if third := got.(*corev1alpha1.BackupConfiguration); err != nil || third.Spec.Sessions[0].Scheduler.JobTemplate.TTLSecondsAfterFinished == nil ||
		third.Labels["team"] != "billing" || *third.Status.Backends[0].Ready || !*second.Status.Backends[0].Ready || second.Labels["team"] != "shop" {
		t.Errorf("what differs was stored as one: %v", err)
	}
}

func tight(t *testing.T, name string) *corev1alpha1.BackupConfiguration {
	t.Helper()
	out, err := Tight(configuration(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return out.(*corev1alpha1.BackupConfiguration)
}

func keyOf(m map[string]string) string {
	for k := range m {
		return k
	}
	return ""
}

func TestListsHaveNoSlack(t *testing.T) {
	bc := tight(t, "app")
	for sentence, list := range map[string]any{
		"sessions": bc.Spec.Sessions, "backends": bc.Spec.Backends, "states": bc.Status.Sessions, "conditions": bc.Status.Sessions[0].Conditions,
	} {
		if v := reflect.ValueOf(list); v.Len() == 0 || v.Cap() != v.Len() {
			t.Errorf("%s: %d of %d", sentence, v.Len(), v.Cap())
		}
	}
}

func TestTheTableOfTextsStaysAsItIsUnderNames(t *testing.T) {
	const often = "Scheduler has been ensured successfully."
	stored, last := 0, (*byte)(nil)
	for i := range 50_000 {
		shared(fmt.Sprintf("name-%d", i))
		if at := unsafe.StringData(shared(string([]byte(often)))); at != last {
			stored, last = stored+1, at
		}
	}
	// Each name has one slot of thousands.
	if stored > 100 {
		t.Errorf("what 50,000 objects have was stored %d times", stored)
	}
}

// What unstructured objects hold are values in interfaces, and stay as they are.
func TestWhatIsntKnownStays(t *testing.T) {
	raw := &metav1.Status{Message: "m", Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Message: "c"}}}}
	if got := tighten(raw); !reflect.DeepEqual(got, runtime.Object(raw)) {
		t.Errorf("got %+v", got)
	}
}
