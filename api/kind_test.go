// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"io/fs"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"kubestash.com/kubestash/config/crd"
)

// kinds is what people type, and what `kubectl get` prints, as published. Age comes last, and is left out here.
var kinds = map[string]struct {
	resource string
	short    []string
	all      bool
	cluster  bool
	status   bool
	columns  []string
}{
	"BackupStorage": {
		resource: "backupstorages.storage.kubestash.com", all: true, status: true,
		columns: []string{
			"Provider .spec.storage.provider string", "Default .spec.default boolean", "Deletion-Policy .spec.deletionPolicy string",
			"Total-Size .status.totalSize string", "Phase .status.phase string",
		},
	},
	"Repository": {
		resource: "repositories.storage.kubestash.com", short: []string{"repo"}, all: true, status: true,
		columns: []string{
			"Integrity .status.integrity boolean", "Snapshot-Count .status.snapshotCount integer", "Size .status.size string",
			"Phase .status.phase string", "Last-Successful-Backup .status.lastBackupTime date",
		},
	},
	"RetentionPolicy": {
		resource: "retentionpolicies.storage.kubestash.com",
		columns:  []string{"Max-Retention-Period .spec.maxRetentionPeriod string", "Default .spec.default boolean"},
	},
	"Snapshot": {
		resource: "snapshots.storage.kubestash.com", status: true,
		columns: []string{
			"Repository .spec.repository string", "Session .spec.session string", "Snapshot-Time .status.snapshotTime string",
			"Deletion-Policy .spec.deletionPolicy string", "Phase .status.phase string",
		},
	},
	"BackupConfiguration": {
		resource: "backupconfigurations.core.kubestash.com", short: []string{"bc"}, all: true, status: true,
		columns: []string{"Phase .status.phase string", "Paused .spec.paused boolean"},
	},
	"BackupSession": {
		resource: "backupsessions.core.kubestash.com", all: true, status: true,
		columns: []string{
			"Invoker-Type .spec.invoker.kind string", "Invoker-Name .spec.invoker.name string", "Phase .status.phase string",
			"Duration .status.duration string",
		},
	},
	"RestoreSession": {
		resource: "restoresessions.core.kubestash.com", short: []string{"restore"}, all: true, status: true,
		columns: []string{"Repository .spec.dataSource.repository string", "Phase .status.phase string", "Duration .status.duration string"},
	},
	"BackupBatch":     {resource: "backupbatches.core.kubestash.com", all: true, status: true},
	"BackupBlueprint": {resource: "backupblueprints.core.kubestash.com", all: true},
	// There is no spec.timeout: the column is published, and blank.
	"HookTemplate": {
		resource: "hooktemplates.core.kubestash.com", all: true,
		columns: []string{"Executor .spec.executor.type string", "Timeout .spec.timeout string"},
	},
	"Addon":    {resource: "addons.addons.kubestash.com", all: true, cluster: true},
	"Function": {resource: "functions.addons.kubestash.com", short: []string{"fn"}, all: true, cluster: true},
}

func TestKubectlFindsAndPrintsEachKindAsPublished(t *testing.T) {
	found := map[string]bool{}
	for _, c := range crds(t) {
		name := c.Spec.Names.Kind
		found[name] = true
		want, ok := kinds[name]
		if !ok {
			t.Errorf("%s: not published", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			categories := []string{"kubestash", "appscode"}
			if want.all {
				categories = append(categories, "all")
			}
			scope := apiextensionsv1.NamespaceScoped
			if want.cluster {
				scope = apiextensionsv1.ClusterScoped
			}
			version := c.Spec.Versions[0]
			equal(t, "resource", c.Name, want.resource)
			equal(t, "plural and group", c.Spec.Names.Plural+"."+c.Spec.Group, want.resource)
			equal(t, "list kind", c.Spec.Names.ListKind, name+"List")
			equal(t, "scope", c.Spec.Scope, scope)
			equal(t, "version", version.Name, "v1alpha1")
			equal(t, "label", c.Labels["app.kubernetes.io/name"], "kubestash")
			equal(t, "status", version.Subresources != nil && version.Subresources.Status != nil, want.status)
			same(t, "short names", c.Spec.Names.ShortNames, want.short)
			same(t, "categories", c.Spec.Names.Categories, categories)
			same(t, "columns", columns(version), append(slices.Clone(want.columns), "Age .metadata.creationTimestamp date"))
		})
	}
	for name := range kinds {
		if !found[name] {
			t.Errorf("%s: no CRD", name)
		}
	}
}

// columns are those that `kubectl get` prints without -o wide.
func columns(version apiextensionsv1.CustomResourceDefinitionVersion) []string {
	var printed []string
	for _, c := range version.AdditionalPrinterColumns {
		if c.Priority == 0 {
			printed = append(printed, c.Name+" "+c.JSONPath+" "+c.Type)
		}
	}
	return printed
}

func crds(t *testing.T) []apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	files, err := fs.Glob(crd.Bases, "bases/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]apiextensionsv1.CustomResourceDefinition, len(files))
	for i, file := range files {
		body, err := crd.Bases.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(body, &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
