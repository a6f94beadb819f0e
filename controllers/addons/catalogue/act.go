// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"context"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"kubestash.com/kubestash/internal/kube"
)

// apply applies one object without force. Where somebody else holds a field with another value, that field is
// left out and the rest is applied.
func (a *applier) apply(ctx context.Context, wanted *unstructured.Unstructured) error {
	err := kube.Apply(ctx, a.client, wanted.DeepCopy(), false)
	if !apierrors.IsConflict(err) {
		return err
	}
	logger := log.FromContext(ctx).WithValues("kind", wanted.GetKind(), "name", wanted.GetName())
	rest := wanted.DeepCopy()
	fields := conflicts(err)
	for _, field := range fields {
		if !remove(rest, field) {
			logger.Info("Keeping an addon as it is: somebody else holds a field of it", "field", field)
			return nil
		}
	}
	if len(fields) == 0 {
		return err
	}
	logger.Info("Leaving out of an addon what somebody else has changed", "fields", fields)
	return kube.Apply(ctx, a.client, rest, false)
}

// conflicts returns the fields that others hold.
func conflicts(err error) []string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var fields []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			fields = append(fields, cause.Field)
		}
	}
	return fields
}

// remove drops a field such as .spec.backupTasks. A path that goes into a list, or past keys that hold dots or
// brackets, is not understood: the answer is no.
func remove(obj *unstructured.Unstructured, field string) bool {
	path := strings.TrimPrefix(field, ".")
	if path == field || strings.ContainsAny(path, "[]\"") {
		return false
	}
	if label, ok := strings.CutPrefix(path, "metadata.labels."); ok {
		unstructured.RemoveNestedField(obj.Object, "metadata", "labels", label)
		return true
	}
	unstructured.RemoveNestedField(obj.Object, strings.Split(path, ".")...)
	return true
}
