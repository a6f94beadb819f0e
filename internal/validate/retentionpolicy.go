// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/retention"
	"kubestash.com/kubestash/internal/domain/schedule"
)

// RetentionPolicy checks a RetentionPolicy alone.
func RetentionPolicy(obj *storagev1alpha1.RetentionPolicy) field.ErrorList {
	at := field.NewPath("spec")
	list := usagePolicy(at.Child("usagePolicy"), obj.Spec.UsagePolicy)
	if obj.Spec.MaxRetentionPeriod == "" && obj.Spec.SuccessfulSnapshots == nil {
		list = append(list, field.Required(at, "say what to keep: set maxRetentionPeriod, successfulSnapshots, or both"))
	}
	if _, err := retention.ParsePeriod(string(obj.Spec.MaxRetentionPeriod)); err != nil {
		list = append(list, field.Invalid(at.Child("maxRetentionPeriod"), obj.Spec.MaxRetentionPeriod, err.Error()))
	}
	if err := schedule.ValidateTimeZone(obj.Spec.TimeZone); err != nil {
		list = append(list, field.Invalid(at.Child("timeZone"), obj.Spec.TimeZone, err.Error()))
	}
	return list
}

// RetentionPolicyAmong checks a RetentionPolicy against the others; obj itself may be among them.
func RetentionPolicyAmong(obj *storagev1alpha1.RetentionPolicy, others []storagev1alpha1.RetentionPolicy) field.ErrorList {
	var list field.ErrorList
	for i := range others {
		o := &others[i]
		if o.Namespace != obj.Namespace || o.Name == obj.Name || !o.DeletionTimestamp.IsZero() {
			continue
		}
		if obj.Spec.Default && o.Spec.Default {
			list = append(list, field.Invalid(field.NewPath("spec", "default"), true,
				fmt.Sprintf("RetentionPolicy %s is the default of this namespace already", o.Name)))
		}
	}
	return list
}
