// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package maintenance

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// What holds when nothing is set.
const (
	DefaultSchedule       = "H H * * H"
	DefaultMaxUnused      = "5%"
	DefaultReadDataSubset = "1/52"
	DefaultTimeout        = 6 * time.Hour
	DefaultMaxConcurrent  = 2
)

// Settings are what holds for one Repository.
type Settings struct {
	// Prune and Check say whether, and when.
	Prune, Check             Timetable
	MaxUnused, MaxRepackSize string
	// ReadDataSubset is as the API has it: "1/52" is a part, the next one each time.
	ReadDataSubset     string
	TimeZone           string
	Timeout            time.Duration
	Resources          corev1.ResourceRequirements
	ServiceAccountName string
	// MaxConcurrent is how many Repositories of the storage may be worked on at a time.
	MaxConcurrent int
}

// Timetable is one kind of work's.
type Timetable struct {
	Paused   bool
	Schedule string
}

// Effective fills what a Repository leaves open with what its storage says, and that with the defaults. Both may be nil.
func Effective(own *storagev1alpha1.MaintenanceSpec, storage *storagev1alpha1.StorageMaintenanceSpec) Settings {
	if own == nil {
		own = &storagev1alpha1.MaintenanceSpec{}
	}
	if storage == nil {
		storage = &storagev1alpha1.StorageMaintenanceSpec{}
	}
	all := isTrue(own.Paused, storage.Paused)
	s := Settings{
		Prune: Timetable{
			Paused:   all || isTrue(own.Prune.Paused, storage.Prune.Paused),
			Schedule: cmp.Or(own.Prune.Schedule, storage.Prune.Schedule, DefaultSchedule),
		},
		Check: Timetable{
			Paused:   all || isTrue(own.Check.Paused, storage.Check.Paused),
			Schedule: cmp.Or(own.Check.Schedule, storage.Check.Schedule, DefaultSchedule),
		},
		MaxUnused:          cmp.Or(own.Prune.MaxUnused, storage.Prune.MaxUnused, DefaultMaxUnused),
		MaxRepackSize:      cmp.Or(own.Prune.MaxRepackSize, storage.Prune.MaxRepackSize),
		ReadDataSubset:     cmp.Or(own.Check.ReadDataSubset, storage.Check.ReadDataSubset, DefaultReadDataSubset),
		TimeZone:           cmp.Or(own.TimeZone, storage.TimeZone),
		Timeout:            DefaultTimeout,
		ServiceAccountName: cmp.Or(own.ServiceAccountName, storage.ServiceAccountName),
		MaxConcurrent:      DefaultMaxConcurrent,
	}
	if t := cmp.Or(own.Timeout, storage.Timeout); t != nil && t.Duration > 0 {
		s.Timeout = t.Duration
	}
	if r := cmp.Or(own.Resources, storage.Resources); r != nil {
		s.Resources = *r.DeepCopy()
	}
	if n := storage.MaxConcurrent; n != nil && *n > 0 {
		s.MaxConcurrent = int(*n)
	}
	return s
}

// isTrue is the first that is set.
func isTrue(values ...*bool) bool {
	value := cmp.Or(values...)
	return value != nil && *value
}

// Again is what a check reads after one that read last and found damage: what it found must be seen to be gone.
func Again(last string) string {
	if last == "" || strings.Contains(last, "/") {
		return last
	}
	return "100%"
}

// Subset is what the next check reads, after one that read last: of parts, the next one.
func Subset(setting, last string) string {
	part, total, ok := strings.Cut(setting, "/")
	if !ok {
		if setting == "0" {
			return ""
		}
		return setting
	}
	read, of, ok := strings.Cut(last, "/")
	n, err := strconv.Atoi(read)
	parts, errTotal := strconv.Atoi(total)
	if !ok || of != total || err != nil || errTotal != nil || n >= parts {
		return part + "/" + total
	}
	return fmt.Sprintf("%d/%s", n+1, total)
}
