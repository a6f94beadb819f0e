// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

// Rule says what becomes of something that the published webhooks do: a default, or a refusal.
type Rule struct {
	Kind, Text string
	// By is who does it here: the CRD, or a webhook.
	By   string
	Test Test
}

const (
	byCRD     = "CRD"
	byWebhook = "webhook; reconciler"
)

var (
	bothSides = func(name string) Test { return Test{File: "tests/integration/admission_rules_test.go", Name: name} }
	schema    = func(name string) Test { return Test{File: "api/bad_test.go", Name: name} }
	defaults  = func(name string) Test { return Test{File: "api/default_test.go", Name: name} }
	pure      = func(name string) Test { return Test{File: "internal/validate/validate_test.go", Name: name} }
)

// Rules are those of the published webhooks, for the kinds that there are.
var Rules = []Rule{
	{"BackupStorage", "`usagePolicy` is Same when it is absent", byCRD, defaults("")},
	{"BackupStorage", "one slash at the end of bucket, endpoint and prefix is dropped", "webhook; the same place without it",
		bothSides("fills in defaults of other objects, and trims what says where a storage is")},
	{"BackupStorage", "a second default in the namespace", byWebhook + " (condition Default; backups go on)", bothSides("a second default storage")},
	{"BackupStorage", "`from: Selector` without a selector", byCRD, schema("")},
	{"BackupStorage", "the place of another storage, in any namespace; paths are cleaned, the endpoint counts", byWebhook,
		bothSides("a storage in the same place as another one")},
	{"BackupStorage", "a provider without its section", byCRD, schema("")},
	{"BackupStorage", "`spec.storage` changes while Repositories are there", byCRD, schema("")},
	{"RetentionPolicy", "`usagePolicy` Same, `failedSnapshots` `{last: 1}`", byCRD, defaults("")},
	{"RetentionPolicy", "a period that can't be read; nothing to keep; a selector that is missing", byCRD, schema("")},
	{"RetentionPolicy", "a second default in the namespace", "webhook; without it the older one counts", pure("TestRetentionPolicy")},
	{"RetentionPolicy", "a time zone that isn't one (added)", byWebhook + " (of the BackupConfiguration)",
		bothSides("a retention policy with a time zone that isn't one")},
	{"Repository", "`spec.path` changes; there is no webhook", byCRD, schema("")},
	{"BackupSession", "the spec changes; there is no webhook", byCRD, schema("")},
	{"HookTemplate", "`usagePolicy` Same; no executor, no action, no selector, no function", byCRD, schema("")},
	{"HookTemplate", "a selector or a text that isn't one (added)", byWebhook, bothSides("a HookTemplate that is no template")},
	{"BackupBlueprint", "`usagePolicy` Same; no template", byCRD, schema("")},
	{"BackupBlueprint", "a storage that its namespace may not use", byWebhook + " (event at the target)",
		bothSides("a blueprint whose storage isn't for everybody")},
	{"RestoreSession", "no source; `pitr` or `latest` without a repository", byCRD, schema("")},
	{"RestoreSession", "a HookTemplate that its namespace may not use", byWebhook, pure("TestRestoreSessionAmong")},
	{"RestoreSession", "no addon, several tasks, nothing to restore into (added)", byWebhook, bothSides("a restore into nothing")},
	{"BackupConfiguration", "the default BackupStorage and RetentionPolicy are filled in", "webhook; without it, when they are used",
		bothSides("fills in defaults of other objects, and trims what says where a storage is")},
	{"BackupConfiguration", "no backend, storage or policy, and no default", byWebhook, bothSides("a backend where there is no default")},
	{"BackupConfiguration", "names that are missing or come twice; no scheduler, addon, task, repository", byCRD + "; " + byWebhook,
		pure("TestBackupConfiguration")},
	{"BackupConfiguration", "a backend that isn't there (references are normalised before they are compared)", byCRD + "; " + byWebhook,
		pure("TestBackupConfiguration")},
	{"BackupConfiguration", "a Repository of that name that is another target's, or in another storage", byWebhook, pure("TestBackupConfigurationAmong")},
	{"BackupConfiguration", "a directory twice (paths are cleaned; two storages are two places)", byWebhook, pure("TestBackupConfiguration")},
	{"BackupConfiguration", "a directory that another Repository is in", byWebhook, bothSides("a directory that another namespace's Repository is in")},
	{"BackupConfiguration", "a storage that its namespace may not use", byWebhook, bothSides("a storage that isn't for everybody")},
	{"BackupConfiguration", "a retention policy that its namespace may not use", byWebhook, bothSides("a retention policy that isn't for everybody")},
	{"BackupConfiguration", "a HookTemplate that its namespace may not use (its namespace is that of the configuration unless it says so)", byWebhook,
		bothSides("a HookTemplate that isn't for everybody")},
	{"BackupConfiguration", "a schedule that isn't one, a target of another namespace (added)", byWebhook, bothSides("a schedule that isn't one")},
	{"BackupBatch", "what holds for a BackupConfiguration (added: the published webhook lets everything in)", byWebhook,
		bothSides("a batch with a schedule that isn't one")},
}
