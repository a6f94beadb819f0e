// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"strings"
	"testing"
)

// badObjects are refused by the CRDs alone, so also where no webhook runs. Each want is what the user reads.
var badObjects = map[string]struct{ manifest, want string }{
	"a storage without a provider": {
		storage(`storage: {s3: {bucket: b}}`),
		`spec.storage.provider: Required value`,
	},
	"a storage of a provider that we do not know": {
		storage(`storage: {provider: swift}`),
		`spec.storage.provider: Unsupported value: "swift": supported values: "local", "s3", "gcs", "azure"`,
	},
	"a provider without its section": {
		storage(`storage: {provider: s3, gcs: {bucket: b}}`),
		`spec.storage.s3: Required value: provider s3 needs its section: set storage.s3`,
	},
	"a gcs provider without its section": {
		storage(`storage: {provider: gcs}`),
		`spec.storage.gcs: Required value: provider gcs needs its section`,
	},
	"an azure provider without its section": {
		storage(`storage: {provider: azure}`),
		`spec.storage.azure: Required value: provider azure needs its section`,
	},
	"a local provider without its section": {
		storage(`storage: {provider: local}`),
		`spec.storage.local: Required value: provider local needs its section`,
	},
	"an s3 storage without a bucket": {
		storage(`storage: {provider: s3, s3: {endpoint: "https://s3.example.com", bucket: ""}}`),
		`spec.storage.s3.bucket: Required value: s3 needs to know where to keep backups: set storage.s3.bucket`,
	},
	"a gcs storage without a bucket": {
		storage(`storage: {provider: gcs, gcs: {prefix: p}}`),
		`spec.storage.gcs.bucket: Required value`,
	},
	"an azure storage without an account": {
		storage(`storage: {provider: azure, azure: {container: c}}`),
		`spec.storage.azure.storageAccount: Required value`,
	},
	"an azure storage without a container": {
		storage(`storage: {provider: azure, azure: {storageAccount: a}}`),
		`spec.storage.azure.container: Required value`,
	},
	"a local storage without a volume": {
		storage(`storage: {provider: local, local: {mountPath: /backups}}`),
		`spec.storage.local: Invalid value: local needs exactly one volume to keep backups on`,
	},
	"a local storage with two volumes": {
		storage(`storage: {provider: local, local: {mountPath: /backups, hostPath: {path: /a}, nfs: {server: s, path: /}}}`),
		`spec.storage.local: Invalid value: local needs exactly one volume to keep backups on`,
	},
	"a local storage without a mount path": {
		storage(`storage: {provider: local, local: {hostPath: {path: /a}}}`),
		`spec.storage.local.mountPath: Required value: local needs the absolute path that pods mount the volume at`,
	},
	"a local storage with a relative mount path": {
		storage(`storage: {provider: local, local: {mountPath: backups, hostPath: {path: /a}}}`),
		`spec.storage.local.mountPath: Required value: local needs the absolute path`,
	},
	"a storage with a deletion policy that is for Repositories of BackupConfigurations only": {
		storage(`storage: {provider: gcs, gcs: {bucket: b}}, deletionPolicy: Retain`),
		`spec.deletionPolicy: Unsupported value: "Retain": supported values: "Delete", "WipeOut"`,
	},
	"a usage policy by selector without a selector": {
		storage(`storage: {provider: gcs, gcs: {bucket: b}}, usagePolicy: {allowedNamespaces: {from: Selector}}`),
		`spec.usagePolicy.allowedNamespaces.selector: Required value: from: Selector needs a selector that says which namespaces may use this object`,
	},
	"a usage policy by a word that we do not know": {
		storage(`storage: {provider: gcs, gcs: {bucket: b}}, usagePolicy: {allowedNamespaces: {from: Any}}`),
		`spec.usagePolicy.allowedNamespaces.from: Unsupported value: "Any": supported values: "All", "Selector", "Same"`,
	},
	"a storage without a spec": {
		"apiVersion: storage.kubestash.com/v1alpha1\nkind: BackupStorage\nmetadata: {name: x}\n",
		`spec: Required value`,
	},
	"a retention policy that keeps nothing in particular": {
		retention(`failedSnapshots: {last: 1}`),
		`spec: Invalid value: a RetentionPolicy must say what to keep: set maxRetentionPeriod, successfulSnapshots, or both`,
	},
	"a retention policy with an empty period": {
		retention(`maxRetentionPeriod: ""`),
		`spec: Invalid value: a RetentionPolicy must say what to keep`,
	},
	"a retention period without a unit": {
		retention(`maxRetentionPeriod: "30"`),
		`spec.maxRetentionPeriod: Invalid value: "30": maxRetentionPeriod must be whole numbers with the units y, mo, w, d, h or m, such as 30d or 1y6mo`,
	},
	"a retention period in seconds": {
		retention(`maxRetentionPeriod: 90s`),
		`spec.maxRetentionPeriod: Invalid value: "90s": maxRetentionPeriod must be whole numbers`,
	},
	"a negative retention period": {
		retention(`maxRetentionPeriod: -1d`),
		`spec.maxRetentionPeriod: Invalid value: "-1d": maxRetentionPeriod must be whole numbers`,
	},
	"a negative number of snapshots to keep": {
		retention(`successfulSnapshots: {last: -1}`),
		`spec.successfulSnapshots.last: Invalid value: -1: spec.successfulSnapshots.last in body should be greater than or equal to 0`,
	},
	"a retention policy by selector without a selector": {
		retention(`maxRetentionPeriod: 1d, usagePolicy: {allowedNamespaces: {from: Selector}}`),
		`spec.usagePolicy.allowedNamespaces.selector: Required value`,
	},
	"a BackupBatch without targets": {
		batch(`targets: []`, `[{name: web, addon: {name: a, tasks: [{name: t}]}, repositories: [{name: r, directory: d}]}]`),
		`spec.targets: Invalid value: 0: spec.targets in body should have at least 1 items`,
	},
	"a BackupBatch of a target that is nothing": {
		batch(`targets: [{name: web}]`, `[{name: web, addon: {name: a, tasks: [{name: t}]}, repositories: [{name: r, directory: d}]}]`),
		`spec.targets[0].appRef: Required value: a target needs to say what it is: set appRef`,
	},
	"a BackupBatch of a target whose name can be no object's": {
		batch(`targets: [{name: Web.1, appRef: {name: web}}]`, `[{name: Web.1, addon: {name: a, tasks: [{name: t}]}, repositories: [{name: r, directory: d}]}]`),
		`spec.targets[0].name: Invalid value: "Web.1": spec.targets[0].name in body should match`,
	},
	"a session of a BackupBatch that names an unknown target": {
		batch(`targets: [{name: web, appRef: {name: web}}]`, `[{name: db, addon: {name: a, tasks: [{name: t}]}, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions: Invalid value: a session names a target that is not in spec.targets: correct sessions[].targets[].name, or add the target`,
	},
	"a session of a BackupBatch without targets": {
		batch(`targets: [{name: web, appRef: {name: web}}]`, `[]`),
		`spec.sessions[0].targets: Required value: a session needs something to back up: set targets`,
	},
	"a target of a BackupBatch without an addon": {
		batch(`targets: [{name: web, appRef: {name: web}}]`, `[{name: web, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].targets[0].addon: Required value: a target needs an addon`,
	},
	"a target of a BackupBatch without a repository": {
		batch(`targets: [{name: web, appRef: {name: web}}]`, `[{name: web, addon: {name: a, tasks: [{name: t}]}}]`),
		`spec.sessions[0].targets[0].repositories: Required value: a target needs a repository`,
	},
	"a BackupConfiguration without sessions": {
		configuration(`backends: [{name: b}]`),
		`spec.sessions: Required value`,
	},
	"a BackupConfiguration with an empty list of sessions": {
		configuration(`sessions: []`),
		`spec.sessions: Invalid value: 0: spec.sessions in body should have at least 1 items`,
	},
	"a session without a name": {
		configuration(`sessions: [{` + scheduler + `, ` + addon + `, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].name: Required value`,
	},
	"two sessions of the same name": {
		configuration(`sessions: [` + session(`repositories: [{name: r, directory: d}]`) + `, ` + session(`repositories: [{name: q, directory: e}]`) + `]`),
		`spec.sessions[1]: Duplicate value: {"name":"s"}`,
	},
	"two backends of the same name": {
		configuration(`backends: [{name: b}, {name: b}], sessions: [` + session(`repositories: [{name: r, directory: d}]`) + `]`),
		`spec.backends[1]: Duplicate value: {"name":"b"}`,
	},
	"two backends without a name": {
		configuration(`backends: [{}, {}], sessions: [` + session(`repositories: [{name: r, directory: d}]`) + `]`),
		`spec.backends[1]: Duplicate value: {"name":""}`,
	},
	"two repositories of the same name in a session": {
		configuration(`sessions: [` + session(`repositories: [{name: r, directory: d}, {name: r, directory: e}]`) + `]`),
		`spec.sessions[0].repositories[1]: Duplicate value: {"name":"r"}`,
	},
	"a session without a scheduler": {
		configuration(`sessions: [{name: s, ` + addon + `, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].scheduler: Required value: a session needs a scheduler: set scheduler.schedule`,
	},
	"a scheduler with an empty schedule": {
		configuration(`sessions: [{name: s, scheduler: {schedule: "", jobTemplate: {}}, ` + addon + `, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].scheduler.schedule: Invalid value: "": spec.sessions[0].scheduler.schedule in body should be at least 1 chars long`,
	},
	"a scheduler without a job template": {
		configuration(`sessions: [{name: s, scheduler: {schedule: "@daily"}, ` + addon + `, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].scheduler.jobTemplate: Required value`,
	},
	"a session without an addon": {
		configuration(`sessions: [{name: s, ` + scheduler + `, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].addon: Required value: a session needs an addon: set addon.name`,
	},
	"an addon without a name": {
		configuration(`sessions: [{name: s, ` + scheduler + `, addon: {tasks: [{name: t}]}, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].addon: Required value: a session needs an addon: set addon.name`,
	},
	"an addon without tasks": {
		configuration(`sessions: [{name: s, ` + scheduler + `, addon: {name: a}, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].addon: Required value: the addon of a session needs a task: set addon.tasks, such as logical-backup`,
	},
	"a task without a name": {
		configuration(`sessions: [{name: s, ` + scheduler + `, addon: {name: a, tasks: [{name: ""}]}, repositories: [{name: r, directory: d}]}]`),
		`spec.sessions[0].addon.tasks[0].name: Invalid value: "": spec.sessions[0].addon.tasks[0].name in body should be at least 1 chars long`,
	},
	"a session without repositories": {
		configuration(`sessions: [` + session(`repositories: []`) + `]`),
		`spec.sessions[0].repositories: Required value: a session needs a repository to keep its backups in`,
	},
	"a repository without a directory": {
		configuration(`sessions: [` + session(`repositories: [{name: r}]`) + `]`),
		`spec.sessions[0].repositories[0].directory: Required value`,
	},
	"a repository of a backend that is not there": {
		configuration(`backends: [{name: b}], sessions: [` + session(`repositories: [{name: r, directory: d, backend: c}]`) + `]`),
		`spec.sessions: Invalid value: a repository names a backend that is not in spec.backends`,
	},
	"a deletion policy that is a variable": {
		configuration(`sessions: [` + session(`repositories: [{name: r, directory: d, deletionPolicy: "${x}"}]`) + `]`),
		`spec.sessions[0].repositories[0].deletionPolicy: Unsupported value: "${x}"`,
	},
	"a timeout in days, which Go does not know": {
		configuration(`sessions: [` + session(`backupTimeout: 1d, repositories: [{name: r, directory: d}]`) + `]`),
		`spec.sessions[0].backupTimeout: Invalid value: "1d": backupTimeout must be a duration such as 30s, 5m or 1h30m`,
	},
	"a negative timeout of a hook": {
		configuration(`sessions: [` + session(`hooks: {preBackup: [{name: h, timeout: -5s}]}, repositories: [{name: r, directory: d}]`) + `]`),
		`spec.sessions[0].hooks.preBackup[0].timeout: Invalid value: "-5s": timeout must be a duration such as`,
	},
	"a delay that is no duration": {
		configuration(`sessions: [` + session(`retryConfig: {delay: soon}, repositories: [{name: r, directory: d}]`) + `]`),
		`spec.sessions[0].retryConfig.delay: Invalid value: "soon": delay must be a duration such as`,
	},
	"no retry, written as zero retries": {
		configuration(`sessions: [` + session(`retryConfig: {maxRetry: 0}, repositories: [{name: r, directory: d}]`) + `]`),
		`spec.sessions[0].retryConfig.maxRetry: Invalid value: 0: spec.sessions[0].retryConfig.maxRetry in body should be greater than or equal to 1`,
	},
	"a hook that runs when we do not know": {
		configuration(`sessions: [` + session(`hooks: {postBackup: [{name: h, executionPolicy: Sometimes}]}, repositories: [{name: r, directory: d}]`) + `]`),
		`spec.sessions[0].hooks.postBackup[0].executionPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnSuccess", "OnFailure"`,
	},
	"a blueprint without a template": {
		blueprint(`usagePolicy: {}`),
		`spec.backupConfigurationTemplate: Required value: a BackupBlueprint needs the template that it makes BackupConfigurations from`,
	},
	"a blueprint with a deletion policy of something else": {
		blueprint(`backupConfigurationTemplate: {deletionPolicy: Delete}`),
		`spec.backupConfigurationTemplate.deletionPolicy: Unsupported value: "Delete": supported values: "OnDelete"`,
	},
	"a blueprint by selector without a selector": {
		blueprint(`backupConfigurationTemplate: {}, usagePolicy: {allowedNamespaces: {from: Selector}}`),
		`spec.usagePolicy.allowedNamespaces.selector: Required value`,
	},
	"a hook that nobody carries out": {
		hook(`action: {exec: {command: ["true"]}}`),
		`spec.executor: Required value: a HookTemplate needs somebody to carry it out: set executor`,
	},
	"a hook in a pod that does nothing": {
		hook(`executor: {type: Pod, pod: {selector: a=b}}`),
		`spec.action: Required value: say what is done: set action.exec, httpGet, httpPost or tcpSocket`,
	},
	"a hook that does two things": {
		hook(`action: {exec: {command: ["true"]}, tcpSocket: {port: 80}}, executor: {type: Pod, pod: {selector: a=b}}`),
		`spec.action: Invalid value: set exactly one of exec, httpGet, httpPost and tcpSocket`,
	},
	"a hook that runs a command in the operator": {
		hook(`action: {exec: {command: ["true"]}}, executor: {type: Operator}`),
		`spec.action.exec: Forbidden: exec needs a pod: use executor.type Pod, or another action`,
	},
	"a hook in no pods": {
		hook(`action: {exec: {command: ["true"]}}, executor: {type: Pod}`),
		`spec.executor.pod: Required value: say which pods: set pod.selector`,
	},
	"a hook of no Function": {
		hook(`executor: {type: Function}`),
		`spec.executor.function: Required value: say which Function: set function.name`,
	},
	"a hook of a Function with an action": {
		hook(`action: {exec: {command: ["true"]}}, executor: {type: Function, function: {name: f}}`),
		`spec.action: Forbidden: a Function does what its image does, and reads no action: remove it`,
	},
	"a hook of somebody else": {
		hook(`action: {tcpSocket: {port: 80}}, executor: {type: Nobody}`),
		`spec.executor.type: Unsupported value: "Nobody": supported values: "Function", "Pod", "Operator"`,
	},
	"a hook that posts a body and a form": {
		hook(`action: {httpPost: {host: h, port: 80, body: b, form: [{key: k, values: [v]}]}}, executor: {type: Operator}`),
		`spec.action.httpPost: Invalid value: set body or form, not both`,
	},
	"a restore of nothing": {
		restore(`target: {kind: PersistentVolumeClaim, name: p}`),
		`spec.dataSource: Required value: a RestoreSession must say what to restore`,
	},
	"a restore of no snapshot": {
		restore(`dataSource: {repository: r}`),
		`spec.dataSource.snapshot: Required value: dataSource must say which backup to restore`,
	},
	"a restore of the latest snapshot of no repository": {
		restore(`dataSource: {snapshot: latest}`),
		`spec.dataSource.repository: Required value: snapshot: latest needs the Repository to look in`,
	},
	"a restore of a point in time and of a snapshot": {
		restore(`dataSource: {repository: r, snapshot: s, pitr: {targetTime: "2026-01-31T12:00:00Z"}}`),
		`spec.dataSource.snapshot: Forbidden: dataSource can't have both snapshot and pitr`,
	},
	"a restore of a point in time of no repository": {
		restore(`dataSource: {pitr: {targetTime: "2026-01-31T12:00:00Z"}}`),
		`spec.dataSource.repository: Required value: pitr needs the Repository to look in`,
	},
	"a restore of a point in time that is not told": {
		restore(`dataSource: {repository: r, pitr: {exclusive: true}}`),
		`spec.dataSource.pitr.targetTime: Required value: pitr needs the point in time to restore`,
	},
	"a restore of a point in time that is no time": {
		restore(`dataSource: {repository: r, pitr: {targetTime: yesterday}}`),
		`spec.dataSource.pitr.targetTime: Invalid value: "yesterday"`,
	},
	"a restore with a timeout that is no duration": {
		restore(`dataSource: {snapshot: s}, restoreTimeout: 1w`),
		`spec.restoreTimeout: Invalid value: "1w": restoreTimeout must be a duration such as`,
	},
	"a target without a name": {
		restore(`dataSource: {snapshot: s}, target: {kind: Deployment}`),
		`spec.target.name: Required value`,
	},
	"a task with a driver that we do not know": {
		"apiVersion: addons.kubestash.com/v1alpha1\nkind: Addon\nmetadata: {name: x}\nspec: {backupTasks: [{name: t, driver: Kopia}]}\n",
		`spec.backupTasks[0].driver: Unsupported value: "Kopia": supported values: "Restic", "WalG", "VolumeSnapshotter", "Solr", "Medusa", "ClickHouseBackup", "Neo4jAdmin"`,
	},
}

func TestABadObjectIsRefusedWithAMessageThatHelps(t *testing.T) {
	server := newServer(t)
	for name, bad := range badObjects {
		t.Run(name, func(t *testing.T) {
			answer, err := server.Create([]byte(bad.manifest))
			if err != nil {
				t.Fatal(err)
			}
			for _, refusal := range answer.Errors {
				if strings.HasPrefix(refusal.Error(), bad.want) {
					return
				}
			}
			t.Errorf("got  %v\nwant %s", answer.Errors, bad.want)
		})
	}
}

const (
	repository = "apiVersion: storage.kubestash.com/v1alpha1\nkind: Repository\nmetadata: {name: x, resourceVersion: '1'}\n"
	backup     = "apiVersion: core.kubestash.com/v1alpha1\nkind: BackupSession\nmetadata: {name: x, resourceVersion: '1'}\n"
)

// changes are put to an object that is there. An empty want means that the change is accepted.
var changes = map[string]struct{ before, after, want string }{
	"the path of a repository": {
		repository + "spec: {path: /a}", repository + "spec: {path: /b}",
		`spec.path: Forbidden: path can't be changed: it is where the backups of this Repository lie`,
	},
	"the path of a repository, by leaving it out": {
		repository + "spec: {path: /a}", repository + "spec: {paused: true}",
		`spec.path: Forbidden: path can't be changed`,
	},
	"the other fields of a repository": {
		repository + "spec: {path: /a}", repository + "spec: {path: /a, paused: true, deletionPolicy: WipeOut}", "",
	},
	"the session of a BackupSession": {
		backup + "spec: {session: a}", backup + "spec: {session: b}",
		`spec: Forbidden: the spec of a BackupSession can't be changed`,
	},
	"the timeout of a BackupSession": {
		backup + "spec: {session: a}", backup + "spec: {session: a, backupTimeout: 1m}",
		`spec: Forbidden: the spec of a BackupSession can't be changed`,
	},
	"the labels of a BackupSession": {
		backup + "spec: {session: a, backupTimeout: 1m}", strings.Replace(backup, "name: x", "name: x, labels: {a: b}", 1) + "spec: {session: a, backupTimeout: 1m}", "",
	},
	"the bucket of a storage that holds nothing": {
		storage(`storage: {provider: gcs, gcs: {bucket: a}}`), storage(`storage: {provider: gcs, gcs: {bucket: b}}`), "",
	},
	"the bucket of a storage that holds repositories": {
		storage(`storage: {provider: gcs, gcs: {bucket: a}}`) + "status: {repositories: [{name: r}]}", storage(`storage: {provider: gcs, gcs: {bucket: b}}`),
		`spec.storage: Forbidden: storage can't be changed while Repositories are kept there`,
	},
	"the deletion policy of a storage that holds repositories": {
		storage(`storage: {provider: gcs, gcs: {bucket: a}}`) + "status: {repositories: [{name: r}]}", storage(`storage: {provider: gcs, gcs: {bucket: a}}, deletionPolicy: WipeOut`), "",
	},
}

func TestWhatMayNotChangeIsRefusedOnUpdateOnly(t *testing.T) {
	server := newServer(t)
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			before, err := server.Create([]byte(change.before))
			if err != nil || len(before.Errors) > 0 {
				t.Fatalf("creating: %v %v", err, before.Errors)
			}
			after, err := server.Update([]byte(change.after), before.Object)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(after.Errors) > 0 {
				got = after.Errors[0].Error()
			}
			if (change.want == "") != (got == "") || !strings.HasPrefix(got, change.want) {
				t.Errorf("got %q, want %q", got, change.want)
			}
		})
	}
}

const (
	scheduler = `scheduler: {schedule: "@daily", jobTemplate: {}}`
	addon     = `addon: {name: a, tasks: [{name: t}]}`
)

func session(fields string) string {
	return `{name: s, ` + scheduler + `, ` + addon + `, ` + fields + `}`
}

func object(apiVersion, kind, spec string) string {
	return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: x, resourceVersion: '1'}\nspec: {" + spec + "}\n"
}

func storage(spec string) string {
	return object("storage.kubestash.com/v1alpha1", "BackupStorage", spec)
}

func retention(spec string) string {
	return object("storage.kubestash.com/v1alpha1", "RetentionPolicy", spec)
}

func configuration(spec string) string {
	return object("core.kubestash.com/v1alpha1", "BackupConfiguration", spec)
}

func blueprint(spec string) string {
	return object("core.kubestash.com/v1alpha1", "BackupBlueprint", spec)
}

func hook(spec string) string {
	return object("core.kubestash.com/v1alpha1", "HookTemplate", spec)
}

func restore(spec string) string {
	return object("core.kubestash.com/v1alpha1", "RestoreSession", spec)
}

// batch is a BackupBatch with a session for targets.
func batch(targets, ofSession string) string {
	return object("core.kubestash.com/v1alpha1", "BackupBatch",
		targets+", sessions: [{name: nightly, scheduler: {schedule: '0 3 * * *', jobTemplate: {}}, targets: "+ofSession+"}]")
}
