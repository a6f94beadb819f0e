// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/schedule"
)

// maintenance checks what can't be told by a pattern. It may be nil.
func maintenance(at *field.Path, m *storagev1alpha1.MaintenanceSpec) field.ErrorList {
	if m == nil {
		return nil
	}
	var list field.ErrorList
	for name, expr := range map[string]string{"prune": m.Prune.Schedule, "check": m.Check.Schedule} {
		if expr == "" {
			continue
		}
		if err := schedule.Validate(expr); err != nil {
			list = append(list, field.Invalid(at.Child(name, "schedule"), expr, err.Error()))
		}
	}
	if err := schedule.ValidateTimeZone(m.TimeZone); err != nil {
		list = append(list, field.Invalid(at.Child("timeZone"), m.TimeZone, err.Error()))
	}
	return list
}
