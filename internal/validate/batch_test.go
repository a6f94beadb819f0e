// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package validate_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/domain/invoker"
	"kubestash.com/kubestash/internal/validate"
)

// batchOf is what configuration is, for two targets.
func batchOf(change ...func(*corev1alpha1.BackupBatchSpec)) *corev1alpha1.BackupBatch {
	one := configuration()
	part := func(target, repository string) corev1alpha1.BatchSessionTarget {
		r := one.Spec.Sessions[0].Repositories[0]
		r.Name, r.Directory = repository, "batch/"+target
		return corev1alpha1.BatchSessionTarget{
			Name: target, Addon: one.Spec.Sessions[0].Addon.DeepCopy(), Repositories: []corev1alpha1.RepositoryInfo{r},
		}
	}
	b := &corev1alpha1.BackupBatch{
		ObjectMeta: metav1.ObjectMeta{Namespace: one.Namespace, Name: "both"},
		Spec: corev1alpha1.BackupBatchSpec{
			Backends: one.Spec.Backends,
			Targets: []corev1alpha1.BatchTarget{
				{Name: "web", AppRef: &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Name: "web"}},
				{Name: "db", AppRef: &metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "StatefulSet", Name: "db"}},
			},
			Sessions: []corev1alpha1.BatchSession{{
				SessionConfig: one.Spec.Sessions[0].SessionConfig,
				Targets:       []corev1alpha1.BatchSessionTarget{part("web", "web-repo"), part("db", "db-repo")},
			}},
		},
	}
	for _, c := range change {
		c(&b.Spec)
	}
	return b
}

func TestBackupBatch(t *testing.T) {
	type spec = corev1alpha1.BackupBatchSpec
	for sentence, row := range map[string]struct {
		change func(*spec)
		want   []string
	}{
		"a good one":            {func(*spec) {}, nil},
		"no target":             {func(s *spec) { s.Targets = nil }, []string{"spec.targets: Required", "spec.sessions[0].targets[0].name: Not found", "spec.sessions[0].targets[1].name: Not found"}},
		"a target that is none": {func(s *spec) { s.Targets[1].AppRef = nil }, []string{"spec.targets[1].appRef: Required"}},
		"a target of another namespace": {func(s *spec) { s.Targets[1].AppRef.Namespace = "far" }, []string{
			`spec.targets[1].appRef.namespace: Invalid value: "far": StatefulSet db is in namespace far`}},
		"two targets of one name": {func(s *spec) { s.Targets[1].Name, s.Sessions[0].Targets = "web", s.Sessions[0].Targets[:1] }, []string{"spec.targets[1].name: Duplicate"}},
		"a name that no object can have": {func(s *spec) { s.Targets[1].Name, s.Sessions[0].Targets[1].Name = "d.b", "d.b" },
			[]string{`spec.targets[1].name: Invalid value: "d.b"`}},
		"a session of no target":       {func(s *spec) { s.Sessions[0].Targets = nil }, []string{"spec.sessions[0].targets: Required"}},
		"a session of an unknown one":  {func(s *spec) { s.Sessions[0].Targets[1].Name = "cache" }, []string{`spec.sessions[0].targets[1].name: Not found: "cache"`}},
		"a session of some of them":    {func(s *spec) { s.Sessions[0].Targets = s.Sessions[0].Targets[1:] }, nil},
		"no addon":                     {func(s *spec) { s.Sessions[0].Targets[1].Addon = nil }, []string{"spec.sessions[0].targets[1].addon.name: Required"}},
		"no repository":                {func(s *spec) { s.Sessions[0].Targets[1].Repositories = nil }, []string{"spec.sessions[0].targets[1].repositories: Required"}},
		"an unknown backend":           {func(s *spec) { s.Sessions[0].Targets[1].Repositories[0].Backend = "nfs" }, []string{`spec.sessions[0].targets[1].repositories[0].backend: Not found: "nfs"`}},
		"two targets in one directory": {func(s *spec) { s.Sessions[0].Targets[1].Repositories[0].Directory = "/batch/web/" }, []string{"spec.sessions[0].targets[1].repositories[0].directory: Invalid value"}},
		"two targets in one repository": {func(s *spec) {
			s.Sessions[0].Targets[1].Repositories[0] = s.Sessions[0].Targets[0].Repositories[0]
		}, []string{`spec.sessions[0].targets[1].repositories[0].name: Invalid value: "web-repo": a repository holds the backups of one target, and this one holds those of web`}},
	} {
		expect(t, sentence, validate.Invoker(invoker.Of(batchOf(row.change))), row.want...)
	}
}

func TestARepositoryOfABatchBelongsToOneTarget(t *testing.T) {
	b := batchOf()
	existing := func(app string) validate.Surroundings {
		return validate.Surroundings{Repositories: []storagev1alpha1.Repository{{
			ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Name: "web-repo"},
			Spec: storagev1alpha1.RepositorySpec{
				AppRef:     metav1alpha1.TypedObjectReference{APIGroup: "apps", Kind: "Deployment", Namespace: b.Namespace, Name: app},
				StorageRef: *b.Spec.Backends[0].StorageRef, Path: "batch/web",
			},
		}}}
	}
	expect(t, "its own", validate.InvokerAmong(invoker.Of(b), existing("web")))
	expect(t, "another's", validate.InvokerAmong(invoker.Of(b), existing("shop")),
		`spec.sessions[0].targets[0].repositories[0].name: Invalid value: "web-repo": Repository web-repo holds the backups of Deployment shop`)
}
