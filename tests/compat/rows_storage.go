// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

var (
	s3Access       = Test{"internal/backend/s3/s3_test.go", "TestAccess"}
	localAccess    = Test{"internal/backend/local/local_test.go", "TestAccess"}
	everySetting   = Test{"internal/desired/settings_test.go", "TestEveryFieldOfEverySettingHasAnEffectOrIsRefused"}
	refusedSetting = Test{"internal/validate/validate_test.go", "TestSettings"}
	unknownStore   = Test{"internal/backend/all/all_test.go", ""}
	usagePolicy    = Test{"internal/domain/usage/usage_test.go", "TestAllowed"}
	retentionStory = Test{"internal/domain/retention/retention_test.go", "TestStories"}
	repositoryMade = Test{"controllers/core/backupconfiguration/backupconfiguration_test.go", "TestEverythingIsMade"}
	maintenance    = Test{"internal/domain/maintenance/stories_test.go", "TestEffective"}
	runOfOnePod    = Test{"tests/integration/backup_test.go", "goes from an annotation to Succeeded"}
)

// Rows are all rows. The order is that of the API reference.
var Rows = concat(storageRows, repositoryRows, configurationRows, batchRows, restoreRows, blueprintRows, hookTemplateRows, addonRows)

func concat(groups ...[]Row) []Row {
	var all []Row
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

const noRestic = "nice and ionice are for restic, which the Jobs of a BackupStorage don't run; set them in the containerRuntimeSettings of a session's addon"

var storageRows = []Row{
	works("BackupStorage", "storage.provider", Test{"internal/validate/validate_test.go", "TestBackupStorage"}, "s3 and local"),
	works("BackupStorage", "storage.s3", s3Access),
	refused("BackupStorage", "storage.gcs", "storage provider %q is not supported", "local and s3", unknownStore),
	refused("BackupStorage", "storage.azure", "storage provider %q is not supported", "local and s3", unknownStore),
	works("BackupStorage", "storage.local", localAccess),
	works("BackupStorage", "usagePolicy", usagePolicy),
	works("BackupStorage", "default", Test{"internal/domain/configuration/configuration_test.go", "TestDefaults"}),
	works("BackupStorage", "deletionPolicy", Test{"controllers/storage/backupstorage/controller_test.go", "TestDeletion"}),
	works("BackupStorage", "maxConcurrentBackups",
		Test{"tests/integration/queue_test.go", "keeps to the limit of a BackupStorage, which may be its own"}),
	works("BackupStorage", "maintenance", maintenance),
	works("BackupStorage", "runtimeSettings", everySetting),
	refused("BackupStorage", "runtimeSettings.pod.serviceAccountAnnotations",
		"KubeStash makes no ServiceAccount; make one with these annotations and name it in serviceAccountName",
		"r.pod.serviceAccountAnnotations: Forbidden", refusedSetting),
	refused("BackupStorage", "runtimeSettings.container.nice", noRestic, "r.container: Forbidden", refusedSetting),
	refused("BackupStorage", "runtimeSettings.container.ionice", noRestic, "r.container: Forbidden", refusedSetting),

	works("RetentionPolicy", "maxRetentionPeriod", Test{"internal/domain/retention/retention_test.go", "TestParsePeriod"}),
	works("RetentionPolicy", "usagePolicy", usagePolicy),
	works("RetentionPolicy", "successfulSnapshots", retentionStory),
	works("RetentionPolicy", "failedSnapshots", retentionStory),
	works("RetentionPolicy", "timeZone", Test{"internal/domain/retention/testdata/a day begins where the policy says.story", ""}),
	works("RetentionPolicy", "default", Test{"internal/domain/configuration/configuration_test.go", "TestDefaults"}),
}

var repositoryRows = []Row{
	works("Repository", "appRef", repositoryMade, "the operator writes it"),
	works("Repository", "storageRef", repositoryMade, "the operator writes it"),
	works("Repository", "path", Test{"internal/domain/repository/repository_test.go", "TestLayout"}),
	works("Repository", "deletionPolicy", Test{"controllers/storage/repository/controller_test.go", "TestDeletion"}),
	works("Repository", "encryptionSecret", Test{"tests/integration/secret_test.go", "is in no object but Secrets, in no event and in no log"}),
	works("Repository", "maintenance", maintenance),
	works("Repository", "paused", Test{"controllers/storage/repository/controller_test.go", "TestAPausedRepositoryIsLeftAlone"}),

	works("Snapshot", "", runOfOnePod, "the operator writes it"),
	works("Snapshot", "deletionPolicy", Test{"controllers/storage/snapshot/controller_test.go", "TestDeletion"}),
	works("Snapshot", "paused", Test{"controllers/storage/snapshot/controller_test.go", "a paused Snapshot is left alone"}, "a deletion waits"),
}
