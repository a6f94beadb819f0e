// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const gcs = `storage: {provider: gcs, gcs: {bucket: b}}`

// defaults is what stands at a path when the manifest leaves it out.
var defaults = map[string]struct {
	manifest string
	path     []string
	want     string
}{
	"a storage without a usage policy is for its own namespace": {
		storage(gcs), []string{"spec", "usagePolicy"}, `{"allowedNamespaces":{"from":"Same"}}`,
	},
	"a storage with an empty usage policy is for its own namespace": {
		storage(gcs + `, usagePolicy: {}`), []string{"spec", "usagePolicy"}, `{"allowedNamespaces":{"from":"Same"}}`,
	},
	"a storage with empty allowed namespaces is for its own namespace": {
		storage(gcs + `, usagePolicy: {allowedNamespaces: {}}`), []string{"spec", "usagePolicy"}, `{"allowedNamespaces":{"from":"Same"}}`,
	},
	"a storage keeps its data when it is deleted": {
		storage(gcs), []string{"spec", "deletionPolicy"}, `"Delete"`,
	},
	"a storage is not the default one, and doesn't say so": {
		storage(gcs), []string{"spec", "default"}, `null`,
	},
	"a retention policy keeps one failed snapshot": {
		retention(`maxRetentionPeriod: 1d`), []string{"spec", "failedSnapshots"}, `{"last":1}`,
	},
	"a retention policy with an empty rule for failed snapshots keeps one": {
		retention(`maxRetentionPeriod: 1d, failedSnapshots: {}`), []string{"spec", "failedSnapshots"}, `{"last":1}`,
	},
	"a retention policy is for its own namespace": {
		retention(`maxRetentionPeriod: 1d`), []string{"spec", "usagePolicy"}, `{"allowedNamespaces":{"from":"Same"}}`,
	},
	"a blueprint is for its own namespace": {
		blueprint(`backupConfigurationTemplate: {}`), []string{"spec", "usagePolicy"}, `{"allowedNamespaces":{"from":"Same"}}`,
	},
	"a session keeps one finished BackupSession and does not retry": {
		configuration(`sessions: [` + session(`repositories: [{name: r, directory: d}]`) + `]`), []string{"spec", "sessions"},
		`[{"addon":{"name":"a","tasks":[{"name":"t"}]},"name":"s","repositories":[{"directory":"d","name":"r"}],` +
			`"scheduler":{"jobTemplate":{},"schedule":"@daily"},"sessionHistoryLimit":1}]`,
	},
	"a session may keep none": {
		oneSession(`sessionHistoryLimit: 0`), []string{"spec", "sessions", "0", "sessionHistoryLimit"}, `0`,
	},
	"a retry is one retry": {
		oneSession(`retryConfig: {}`), []string{"spec", "sessions", "0", "retryConfig"}, `{"maxRetry":1}`,
	},
	"a hook runs always": {
		oneSession(`hooks: {postBackup: [{name: h}]}`), []string{"spec", "sessions", "0", "hooks", "postBackup"}, `[{"executionPolicy":"Always","name":"h"}]`,
	},
	"a hook template is for its own namespace": {
		hook(`action: {exec: {command: ["true"]}}, executor: {type: Pod, pod: {selector: a=b}}`), []string{"spec", "usagePolicy"},
		`{"allowedNamespaces":{"from":"Same"}}`,
	},
	"a hook runs in one pod": {
		hook(`action: {exec: {command: ["true"]}}, executor: {type: Pod, pod: {selector: a=b}}`), []string{"spec", "executor", "pod"},
		`{"selector":"a=b","strategy":"ExecuteOnOne"}`,
	},
	"the manifests of a database are restored but for its archiver": {
		restore(`dataSource: {snapshot: s}, manifestOptions: {mariaDB: {}}`), []string{"spec", "manifestOptions", "mariaDB"},
		`{"archiver":false,"authSecret":true,"configSecret":true,"db":true,"initScript":true}`,
	},
	"the manifests of a Druid are restored": {
		restore(`dataSource: {snapshot: s}, manifestOptions: {druid: {}}`), []string{"spec", "manifestOptions", "druid"},
		`{"authSecret":true,"configSecret":true,"db":true,"deepStorageSecret":true}`,
	},
	"the manifests of a Redis Sentinel are restored": {
		restore(`dataSource: {snapshot: s}, manifestOptions: {redisSentinel: {}}`), []string{"spec", "manifestOptions", "redisSentinel"},
		`{"authSecret":true,"sentinel":true}`,
	},
}

func TestWhatIsLeftOutHasThePublishedDefault(t *testing.T) {
	server := newServer(t)
	for name, test := range defaults {
		t.Run(name, func(t *testing.T) {
			answer, err := server.Create([]byte(test.manifest))
			if err != nil || len(answer.Errors) > 0 {
				t.Fatalf("refused: %v %v", err, answer.Errors)
			}
			equal(t, "default", at(t, answer.Object, test.path), test.want)
		})
	}
}

func oneSession(fields string) string {
	return configuration(`sessions: [` + session(fields+`, repositories: [{name: r, directory: d}]`) + `]`)
}

// at returns what is at a path, as JSON. A number in the path is an index of a list.
func at(t *testing.T, object *unstructured.Unstructured, path []string) string {
	t.Helper()
	var value any = object.Object
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			value = v[step[0]-'0']
		default:
			t.Fatalf("nothing at %q", step)
		}
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestKustomizeKnowsEveryFile(t *testing.T) {
	for dir, pattern := range map[string]string{"../config/samples": "*_*.yaml", "../config/crd": "bases/*.yaml"} {
		var kustomization struct {
			Resources []string `json:"resources"`
		}
		if err := yaml.UnmarshalStrict(documents(t, filepath.Join(dir, "kustomization.yaml"))[0], &kustomization); err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, file := range glob(t, filepath.Join(dir, pattern)) {
			name, err := filepath.Rel(dir, file)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, name)
		}
		slices.Sort(kustomization.Resources)
		same(t, dir, kustomization.Resources, files)
	}
}
