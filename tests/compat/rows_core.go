// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

const (
	configuration = "BackupConfiguration"
	restore       = "RestoreSession"
)

var (
	slot         = Test{"internal/desired/session_test.go", "TestASlotStartsNoPod"}
	addonResolve = Test{"internal/domain/addon/addon_test.go", "TestResolve"}
	dataOf       = Test{"internal/desired/data_test.go", "TestDataOf"}
	hookRequests = Test{"internal/domain/hook/request_test.go", ""}
	hooksOfRuns  = Test{"internal/domain/session/hooks_test.go", "TestHookStories"}
	verifier     = Test{"internal/validate/refused_test.go", "TestAVerifierIsRefusedNotIgnored"}
)

var configurationRows = concat([]Row{
	works(configuration, "target", Test{"tests/integration/backup_test.go", "goes from an annotation to Succeeded"}),
	works(configuration, "backends", repositoryMade),
	works(configuration, "sessions[].name", repositoryMade),
	works(configuration, "sessions[].scheduler.schedule", Test{"internal/domain/schedule/schedule_test.go", "TestNext"}),
	works(configuration, "sessions[].scheduler", slot),
	works(configuration, "sessions[].scheduler.concurrencyPolicy",
		Test{"tests/integration/queue_test.go", "replace each other with concurrencyPolicy Replace"}),
	works(configuration, "sessions[].retryConfig", Test{"internal/domain/session/testdata/a-failed-run-is-tried-again-after-its-delay.golden", ""}),
	works(configuration, "sessions[].backupTimeout", Test{"internal/domain/session/testdata/a-timeout-ends-what-still-runs.golden", ""}),
	works(configuration, "sessions[].sessionHistoryLimit", Test{"internal/domain/session/testdata/finished-sessions-beyond-the-limit-go.golden", ""}),
	works(configuration, "sessions[].repositories[]", repositoryMade),
	works(configuration, "sessions[].repositories[].deletionPolicy",
		Test{"controllers/core/backupconfiguration/backupconfiguration_test.go", "TestDeletion"}),
	works(configuration, "sessions[].repositories[].maintenance", maintenance),
	refused(configuration, "sessions[].repositories[].backupVerifier", "trying backups out is not supported by this version", "", verifier),
	works(configuration, "paused", Test{"controllers/core/backupconfiguration/backupconfiguration_test.go", "TestPausing"}),

	works("BackupSession", "invoker", Test{"tests/integration/slot_test.go", ""}),
	works("BackupSession", "session", Test{"internal/domain/session/testdata/the-configuration-has-no-such-session.golden", ""}),
	works("BackupSession", "retryLeft", Test{"internal/domain/session/testdata/the-last-try-is-not-tried-again.golden", ""}),
	works("BackupSession", "backupTimeout", Test{"internal/domain/session/testdata/a-timeout-ends-what-still-runs.golden", ""}),
},
	jobRows(configuration, "sessions[].scheduler.jobTemplate"),
	addonInfoRows(configuration, "sessions[].addon"),
	hookRows(configuration, "sessions[].hooks.preBackup[]", hooksOfRuns),
	hookRows(configuration, "sessions[].hooks.postBackup[]", hooksOfRuns),
)

var batchRows = []Row{
	same("BackupBatch", "backends", configuration+" `backends`", Test{"internal/validate/batch_test.go", "TestBackupBatch"}),
	works("BackupBatch", "targets", Test{"tests/integration/batch_test.go", ""}),
	same("BackupBatch", "sessions", configuration+" `sessions`, with an addon and repositories for each target",
		Test{"internal/validate/batch_test.go", "TestARepositoryOfABatchBelongsToOneTarget"}),
	works("BackupBatch", "paused", Test{"controllers/core/backupconfiguration/backupconfiguration_test.go", "TestPausing"}),
}

var restoreRows = concat([]Row{
	works(restore, "target", Test{"tests/integration/restore_test.go", "brings back a Snapshot by its name"}),
	works(restore, "dataSource.namespace",
		Test{"tests/integration/restoring_test.go", "needs the password in its own namespace, and gets the data there"}),
	works(restore, "dataSource.repository", Test{"tests/integration/restore_test.go", "brings back the latest Snapshot that succeeded, in one Job"}),
	works(restore, "dataSource.snapshot", Test{"tests/integration/restore_test.go", "brings back a Snapshot by its name"}),
	works(restore, "dataSource.pitr", Test{"internal/domain/restore/source_test.go", ""}, "the newest Snapshot that ended by then"),
	works(restore, "dataSource.components", Test{"tests/integration/restoring_test.go", "writes the one component that was chosen, by its former name"}),
	works(restore, "dataSource.encryptionSecret",
		Test{"tests/integration/restoring_test.go", "needs the password in its own namespace, and gets the data there"}),
	works(restore, "restoreTimeout", Test{"internal/domain/restore/testdata/a-timeout-ends-what-still-runs.golden", ""}),
	refused(restore, "manifestOptions", "restoring manifests is not supported by this version", "",
		Test{"internal/validate/refused_test.go", "TestManifestsAreNotRestored"}),
},
	addonInfoRows(restore, "addon"),
	hookRows(restore, "hooks.preRestore[]", Test{"internal/domain/restore/hooks_test.go", "TestHookStories"}),
	hookRows(restore, "hooks.postRestore[]", Test{"internal/domain/restore/hooks_test.go", "TestHookStories"}),
)

var blueprintRows = []Row{
	works("BackupBlueprint", "backupConfigurationTemplate.namespace",
		Test{"controllers/core/backupblueprint/backupblueprint_test.go", "TestAnotherNamespacesBlueprint"}),
	same("BackupBlueprint", "backupConfigurationTemplate.backends", configuration+" `backends`",
		Test{"internal/domain/blueprint/blueprint_test.go", "TestThePublishedGuideResolves"}),
	same("BackupBlueprint", "backupConfigurationTemplate.sessions", configuration+" `sessions`, with `${…}` filled in",
		Test{"internal/domain/blueprint/blueprint_test.go", "TestThePublishedGuideResolves"}),
	works("BackupBlueprint", "backupConfigurationTemplate.deletionPolicy",
		Test{"controllers/core/backupblueprint/backupblueprint_test.go", "TestADeletedBlueprintTakesWhatItMadeWithOnDelete"}),
	{Kind: "BackupBlueprint", Path: "subjects", Refused: "spec.subjects names kinds that this version doesn't watch: %s",
		Seen: "spec.subjects names kinds that this version doesn't watch:",
		Test: Test{"internal/domain/blueprint/subject_test.go", "TestSubjectsThatNobodyWatchesAreTold"},
		Note: "in an event, as guides have it; Deployment, StatefulSet, DaemonSet and PersistentVolumeClaim are watched"},
	works("BackupBlueprint", "usagePolicy", usagePolicy),
}

var hookTemplateRows = []Row{
	works("HookTemplate", "usagePolicy", Test{"internal/validate/hooktemplate_test.go", "TestHooksAreUsedByWhomTheyAllow"}),
	works("HookTemplate", "params", Test{"internal/domain/hook/template_test.go", ""}),
	works("HookTemplate", "action", Test{"internal/kube/hook/runner_test.go", ""}),
	works("HookTemplate", "executor", Test{"internal/kube/hook/executor_test.go", ""}),
}

// jobRows are those of a scheduler's Job.
func jobRows(kind, at string) []Row {
	const never, onePod = "jobTemplate.", "a backup of one component is one pod"
	return concat([]Row{
		works(kind, at, everySetting),
		refused(kind, at+".parallelism", onePod, never+"parallelism: Invalid value", refusedSetting),
		refused(kind, at+".completions", onePod, never+"completions: Invalid value", refusedSetting),
		refused(kind, at+".completionMode", onePod, never+"completionMode: Invalid value", refusedSetting),
		refused(kind, at+".suspend", "a suspended Job would hold its session up for ever; suspend the scheduler instead", never+"suspend: Forbidden", refusedSetting),
	}, podRows(kind, at+".template.spec"))
}

func podRows(kind, at string) []Row {
	return []Row{
		refused(kind, at+".args", "KubeStash's own program takes no further arguments; those of restic are the parameter args of the task",
			"template.spec.args: Forbidden", refusedSetting),
		{Kind: kind, Path: at + ".podPlacementPolicy", Test: refusedSetting, Seen: "template.spec.podPlacementPolicy: Forbidden",
			Refused: "it isn't supported; place the pod with nodeSelector, affinity or topologySpreadConstraints",
			Note:    "the name default, which tools fill in, is accepted: it places nothing"},
	}
}

func addonInfoRows(kind, at string) []Row {
	claims := refused(kind, at+".tasks[].targetVolumes.volumeClaimTemplates", "claims are made for a restore; a backup reads those that there are",
		"claims are made for a restore",
		Test{"internal/validate/refused_test.go", "TestClaimsAreMadeForARestoreOnly"})
	if kind == restore {
		claims = works(kind, claims.Path, Test{"tests/integration/restoring_test.go", "makes the claims that it restores into, which stay"})
	}
	return concat([]Row{
		works(kind, at+".name", Test{"internal/domain/addon/addon_test.go", "TestResolveErrors"}),
		works(kind, at+".tasks[]", addonResolve, "exactly one task"),
		works(kind, at+".tasks[].targetVolumes", dataOf),
		works(kind, at+".tasks[].addonVolumes", Test{"api/meta/v1alpha1/volume_core_test.go", "TestAnAddonVolumeWithoutATemplateIsItsSource"}),
		works(kind, at+".containerRuntimeSettings", everySetting),
		works(kind, at+".jobTemplate", everySetting),
		claims,
	}, podRows(kind, at+".jobTemplate.spec"))
}

func hookRows(kind, at string, stories Test) []Row {
	return []Row{
		works(kind, at, stories),
		works(kind, at+".params", Test{"internal/domain/hook/template_test.go", ""}),
		works(kind, at+".variables", hookRequests),
		works(kind, at+".volumes", hookRequests, "of a Function's pod"),
		works(kind, at+".volumeMounts", hookRequests, "of a Function's pod"),
		works(kind, at+".runtimeSettings", hookRequests, "of a Function's pod"),
		refused(kind, at+".runtimeSettings.container.nice", "nice and ionice are for KubeStash's own image: remove them", "nice and ionice", hookRequests),
		refused(kind, at+".runtimeSettings.container.ionice", "nice and ionice are for KubeStash's own image: remove them", "nice and ionice", hookRequests),
	}
}
