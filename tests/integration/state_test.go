// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build integration

package integration

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// A state is all that there is in a world, in words without times, so that what two runs leave can be compared.

var (
	// unixSeconds are in the names of what is made at a moment.
	unixSeconds = regexp.MustCompile(`1[0-9]{9}`)
	// duration is how long a run took: runs begin by the API server's clock and end by the operator's.
	duration = regexp.MustCompile(`(in|took) -?[0-9hms.]*[0-9][hms]`)
	// otherRun is the name of one of the runs before.
	otherRun = regexp.MustCompile(`run-[0-9]{2}-[0-9]`)
)

// timeless puts a word in the place of a run's name, and others in those of its times.
func (w *world) timeless(text, run string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, w.namespace, "NAMESPACE"), run, "RUN")
	text = otherRun.ReplaceAllString(text, "BEFORE")
	return duration.ReplaceAllString(unixSeconds.ReplaceAllString(text, "SECONDS"), "$1 TIME")
}

// state says what there is in the namespace and in its part of the bucket.
func (w *world) state(ctx context.Context, run string) []string {
	GinkgoHelper()
	var lines []string
	for _, list := range []client.ObjectList{
		&storagev1alpha1.BackupStorageList{}, &storagev1alpha1.RepositoryList{}, &storagev1alpha1.SnapshotList{},
		&corev1alpha1.BackupConfigurationList{}, &corev1alpha1.BackupSessionList{}, &corev1alpha1.RestoreSessionList{},
		&batchv1.CronJobList{}, &batchv1.JobList{}, &corev1.SecretList{}, &corev1.PodList{}, &corev1.PersistentVolumeClaimList{},
	} {
		for _, o := range w.listed(ctx, list) {
			lines = append(lines, w.timeless(describe(o), run))
		}
	}
	root := filepath.Join(store.Folder, bucket, w.namespace)
	Expect(filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			lines = append(lines, w.timeless("document "+strings.TrimPrefix(path, root), run))
		}
		return err
	})).To(Succeed())
	slices.Sort(lines)
	return lines
}

// listed is what a list holds of the namespace.
func (w *world) listed(ctx context.Context, list client.ObjectList) []client.Object {
	GinkgoHelper()
	Expect(w.Client.List(ctx, list, client.InNamespace(w.namespace))).To(Succeed())
	items, err := meta.ExtractList(list)
	Expect(err).NotTo(HaveOccurred())
	var out []client.Object
	for _, item := range items {
		o, ok := item.(client.Object)
		Expect(ok).To(BeTrue())
		out = append(out, o)
	}
	return out
}

// describe says of an object what doesn't change from one run to the next.
func describe(o client.Object) string {
	text := fmt.Sprintf("%T %s", o, o.GetName())
	if !o.GetDeletionTimestamp().IsZero() {
		text += " is being deleted"
	}
	switch o := o.(type) {
	case *storagev1alpha1.BackupStorage:
		return text + fmt.Sprintf(" %s %s: %s", o.Status.Phase, o.Status.TotalSize, conditions(o.Status.Conditions))
	case *storagev1alpha1.Repository:
		text += fmt.Sprintf(" %s, Snapshots: %s, %s: %s", o.Status.Phase, value(o.Status.SnapshotCount), o.Status.Size, conditions(o.Status.Conditions))
		if m := o.Status.Maintenance; m != nil {
			text += fmt.Sprintf("; maintenance %s for %s by %s", m.Phase, m.Request, m.Job)
		}
		return text
	case *storagev1alpha1.Snapshot:
		text += fmt.Sprintf(" %s: %s", o.Status.Phase, conditions(o.Status.Conditions))
		for _, name := range slices.Sorted(maps.Keys(o.Status.Components)) {
			text += fmt.Sprintf("; %s %s %s", name, o.Status.Components[name].Phase, o.Status.Components[name].Error)
		}
		return text
	case *corev1alpha1.BackupConfiguration:
		return text + fmt.Sprintf(" %s: %s", o.Status.Phase, conditions(o.Status.Conditions))
	case *corev1alpha1.BackupSession:
		text += fmt.Sprintf(" %s: %s; snapshots %d", o.Status.Phase, conditions(o.Status.Conditions), len(o.Status.Snapshots))
		for _, r := range o.Status.RetentionPolicies {
			text += fmt.Sprintf("; retention %s %s, kept %s, dropped %s", r.Phase, r.Error, value(r.KeptCount), value(r.DroppedCount))
		}
		return text
	case *corev1alpha1.RestoreSession:
		text += fmt.Sprintf(" %s: %s", o.Status.Phase, conditions(o.Status.Conditions))
		for _, name := range slices.Sorted(maps.Keys(o.Status.Components)) {
			text += fmt.Sprintf("; %s %s %s", name, o.Status.Components[name].Phase, o.Status.Components[name].Error)
		}
		return text
	case *batchv1.Job:
		return text + fmt.Sprintf(" succeeded %d failed %d, %d conditions", o.Status.Succeeded, o.Status.Failed, len(o.Status.Conditions))
	case *corev1.Pod:
		// Its name ends in letters that mean nothing.
		return fmt.Sprintf("%T of Job %s: %s", o, o.Labels[batchv1.JobNameLabel], o.Status.Phase)
	}
	return text
}

func conditions(list []metav1alpha1.Condition) string {
	var out []string
	for _, c := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s=%s %s", c.Type, c.Status, c.Message)))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func value[T any](p *T) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprint(*p)
}
