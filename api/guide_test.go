// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/config/crd"
	"kubestash.com/kubestash/config/crd/crdtest"
)

// What the guides write that the API does not know (any more) is dropped, never refused.
var droppedFields = map[string][]string{
	"BackupBlueprint/pvc-backup-blueprint":     {"spec.backupConfigurationTemplate.sessions[0].failurePolicy"},
	"RestoreSession/sample-restore":            {"spec.manifestOptions.mySQL.issuerRefName", "spec.manifestOptions.restoreNamespace"},
	"Snapshot/gcs-demo-repo-sample-1700000000": {"status.components.dump.resticStats[0].hostPath", "status.components.dump.resticStats[0].id", "status.components.dump.resticStats[0].size", "status.components.dump.resticStats[0].uploaded", "status.walSegments"},
}

func TestEveryManifestOfTheGuidesIsAccepted(t *testing.T) {
	server, scheme := newServer(t), newScheme(t)
	for _, file := range glob(t, "testdata/guides/*.yaml") {
		for _, manifest := range documents(t, file) {
			answer, err := server.Create(manifest)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			name := answer.Object.GetKind() + "/" + answer.Object.GetName()
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				if len(answer.Errors) > 0 {
					t.Fatalf("refused: %v", answer.Errors.ToAggregate())
				}
				var want []string
				if filepath.Base(file) == "old-fields.yaml" {
					want = droppedFields[name]
				}
				slices.Sort(answer.Pruned)
				if !slices.Equal(answer.Pruned, want) {
					t.Errorf("dropped fields:\n got %q\nwant %q", answer.Pruned, want)
				}
				decodeStrictly(t, scheme, answer)
			})
		}
	}
}

func TestEverySampleIsAcceptedAndThereIsOneForEachKind(t *testing.T) {
	server, scheme := newServer(t), newScheme(t)
	missing := map[schema.GroupVersionKind]bool{}
	for _, gvk := range server.Kinds() {
		missing[gvk] = true
	}
	for _, file := range glob(t, "../config/samples/*_*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			for _, manifest := range documents(t, file) {
				answer, err := server.Create(manifest)
				if err != nil {
					t.Fatal(err)
				}
				if len(answer.Errors) > 0 {
					t.Fatalf("refused: %v", answer.Errors.ToAggregate())
				}
				if len(answer.Pruned) > 0 {
					t.Errorf("unknown fields: %q", answer.Pruned)
				}
				decodeStrictly(t, scheme, answer)
				delete(missing, answer.Object.GroupVersionKind())
			}
		})
	}
	for gvk := range missing {
		t.Errorf("no sample for %s", gvk.Kind)
	}
}

// decodeStrictly fails when the Go types know less than the CRD, or disagree with it.
func decodeStrictly(t *testing.T, scheme *runtime.Scheme, answer crdtest.Answer) {
	t.Helper()
	raw, err := answer.Object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	object, err := scheme.New(answer.Object.GroupVersionKind())
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(raw, object); err != nil {
		t.Errorf("decoding what the CRD accepts: %v", err)
	}
}

func newServer(t *testing.T) *crdtest.Server {
	t.Helper()
	server, err := crdtest.New(crd.Bases, "bases")
	if err != nil {
		t.Fatalf("an API server would refuse the CRDs: %v", err)
	}
	return server
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		addonsv1alpha1.AddToScheme, corev1alpha1.AddToScheme, storagev1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	return files
}

func documents(t *testing.T, file string) [][]byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var docs [][]byte
	for doc := range bytes.SplitSeq(body, []byte("\n---\n")) {
		if len(bytes.TrimSpace(doc)) > 0 {
			docs = append(docs, doc)
		}
	}
	return docs
}
