// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"regexp"
	"strings"
	"testing"
)

var dns1123 = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

func TestPublishedNames(t *testing.T) {
	long := strings.Repeat("abcdefghi-", 8) + "end"
	for sentence, row := range map[string]struct{ got, want string }{
		"a trigger is named after its configuration and session": {
			CronJob("sample-backup-sts", "demo-session"), "trigger-sample-backup-sts-demo-session"},
		"a long trigger keeps 26 bytes at each end": {
			CronJob("persistentvolumeclaim-a-very-long-claim-name", "frequent-backup"),
			"trigger-persistentvolumeclclaim-name-frequent-backup"},
		"a session ends in its time": {
			BackupSession("sample-backup", "frequent-backup", 1705483201), "sample-backup-frequent-backup-1705483201"},
		"published proof: a volumesnapshot of a deployment": {
			Snapshot("gcs-repository", "deployment-volumesnapshot-frequent-backup-1705483201"),
			"gcs-repository-deployment-volumeshot-frequent-backup-1705483201"},
		"published proof: an NFS claim": {
			Snapshot("pvc-repo", "persistentvolumeclaim-nfs-pvc-frequent-backup-1704779101"),
			"pvc-repo-persistentvolumeclaim-n-pvc-frequent-backup-1704779101"},
		"published proof: postgres": {
			Snapshot("gcs-postgres-repo", "sample-postgres-backup-frequent-backup-1738580539"),
			"gcs-postgres-repo-sample-postgreckup-frequent-backup-1738580539"},
		"published proof: elasticsearch": {
			Snapshot("gcs-elasticsearch-repo", "elasticsearch-backup-frequent-backup-1738660680"),
			"gcs-elasticsearch-repo-elasticseckup-frequent-backup-1738660680"},
		"published proof: an appbinding by blueprint": {
			Snapshot("default-blueprint", "appbinding-sample-mariadb-frequent-backup-1726637655"),
			"default-blueprint-appbinding-samiadb-frequent-backup-1726637655"},
		"a snapshot of a session without a time": {
			Snapshot("repo", "by-hand"), "repo-by-hand"},
		"the job of a single component is named as the session": {
			Job("sample-backup-frequent-backup-1705483201", "dump", 1), "sample-backup-frequent-backup-1705483201"},
		"each of several components has its own job": {
			Job("sample-1705483201", "dump-pod-0", 2), "sample-1705483201-dump-pod-0"},
		"the only target of a run needs no name": {
			TargetJob("sample-1705483201", "", "dump", 1) + " " + TargetRun("sample-1705483201", ""), "sample-1705483201 sample-1705483201"},
		"each of several targets has its own job": {
			TargetJob("sample-1705483201", "web", "dump", 1), "sample-1705483201-web-dump"},
		"each of several targets has its own secret": {
			TargetRun("sample-1705483201", "web"), "sample-1705483201-web"},
		"each of several targets has its own retention job": {
			TargetRetentionPolicyJob("sample-1705483201", "web"), "retentionpolicy-sample-1705483201-web"},
		"a restore job is named as its session": {
			RestoreJob("restore-sample", "dump", 1), "restore-sample"},
		"a restore of several components": {
			RestoreJob("restore-sample", "dump-pod-1", 3), "restore-sample-dump-pod-1"},
		"an init job":     {InitJob("s3-storage"), "init-s3-storage"},
		"an upload job":   {UploadJob("s3-storage"), "upload-s3-storage"},
		"a cleanup job":   {CleanupJob("gcs-storage"), "cleanup-gcs-storage"},
		"a retention job": {RetentionPolicyJob("sample-1705483201"), "retentionpolicy-sample-1705483201"},
		"a prefixed name is cut at the end": {
			InitJob(long), ("init-" + long)[:63]},
		"a volume snapshot": {VolumeSnapshot("source-data", 1705483201), "source-data-1705483201"},
		"a blueprint's configuration": {
			BlueprintConfiguration("StatefulSet", "sample-sts", "demo", true), "statefulset-sample-sts"},
		"a blueprint's configuration in another namespace": {
			BlueprintConfiguration("StatefulSet", "sample-sts", "demo", false), "demo-statefulset-sample-sts"},
		"an empty part leaves no dash": {Join(Limit, "repo", "", "1"), "repo-1"},
		"a dash at the cut's end is trimmed": {
			Prefixed(8, "init", "ab-cd"), "init-ab"},
		"capitals and underscores of a session become legal": {
			CronJob("bc", "Full_Backup"), "trigger-bc-full-backup"},
		"a dot that meets a dash at the cut is dropped with it": {
			Join(8, "abc.", "x", "x", "-ef"), "abc.ef"},
		"nothing usable still gives a name": {Join(Limit, "___"), "x"},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", sentence, row.got, row.want)
		}
	}
}

func TestEveryNameIsValidAndShortEnough(t *testing.T) {
	long := strings.Repeat("a.b-", 70)
	for _, part := range []string{"a", "ünïcode", "Ä", "-", ".", "..", "a..b", "-a.-", "A_B", long, long + "Z", "日本", "a\nb", ""} {
		for _, other := range []string{"b", "--", long, ".x", "_", ""} {
			names := map[string]string{
				"BackupSession": BackupSession(part, other, 1), "Snapshot": Snapshot(part, other+"-12"),
				"Job of a target": TargetJob(part, other, part, 2), "retention Job of a target": TargetRetentionPolicyJob(part, other),
				"Secret of a target": TargetRun(part, "x"+other),
				"Job":                Job(part, other, 2), "single Job": Job(part, other, 1), "InitJob": InitJob(part),
				"BlueprintConfiguration": BlueprintConfiguration(part, other, part, false),
				"Disambiguate":           Disambiguate(part, other), "CronJob": CronJob(part, other),
				"Disambiguate a CronJob": DisambiguateWithin(CronJobLimit, part, other),
			}
			for what, name := range names {
				limit := Limit
				if strings.HasSuffix(what, "CronJob") {
					limit = CronJobLimit
				}
				if len(name) > limit || !dns1123.MatchString(name) {
					t.Errorf("%s of %q and %q is %q (%d bytes)", what, part, other, name, len(name))
				}
			}
		}
	}
}

func TestNamesThatNobodyPublishedDoNotCollide(t *testing.T) {
	session := func(unix int64) string { return BackupSession(strings.Repeat("deployment-", 5), "frequent", unix) }
	node := "dump-ip-10-0-0-1.a-region-with-a-long-name.compute.internal"
	tests := map[string][2]string{
		"two runs on a node with a long name":       {Job(session(1705483201), node, 2), Job(session(1705483202), node, 2)},
		"two components that differ in the middle":  {Job(session(1), "dump-aaaaaaaaaaaaaaaaaaaaa-a-aaaaaaaaaaaaaaaaaaaaaa", 2), Job(session(1), "dump-aaaaaaaaaaaaaaaaaaaaa-b-aaaaaaaaaaaaaaaaaaaaaa", 2)},
		"two targets of a session with a long name": {TargetRetentionPolicyJob(session(1), "web"), TargetRetentionPolicyJob(session(1), "db")},
		"two long targets":                          {BlueprintConfiguration("Deployment", strings.Repeat("x", 40)+"a"+strings.Repeat("x", 22), "n", true), BlueprintConfiguration("Deployment", strings.Repeat("x", 40)+"b"+strings.Repeat("x", 22), "n", true)},
		"names that differ in case only":            {Job("s", "Pod", 2), Job("s", "pod", 2)},
		"a disambiguated name and another's":        {Disambiguate("n", "one"), Disambiguate("n", "two")},
	}
	for sentence, pair := range tests {
		if pair[0] == pair[1] {
			t.Errorf("%s: both are %q", sentence, pair[0])
		}
	}
}

func TestADisambiguatedSessionKeepsItsTime(t *testing.T) {
	name := Disambiguate(BackupSession(strings.Repeat("x", 60), "frequent", 1705483201), "demo/x")
	if !strings.Contains(name, "-1705483201-") {
		t.Errorf("the time is lost: %q", name)
	}
	if again := Disambiguate(BackupSession(strings.Repeat("x", 60), "frequent", 1705483201), "demo/x"); again != name {
		t.Errorf("not stable: %q, then %q", name, again)
	}
}

func TestLabelValue(t *testing.T) {
	valid := regexp.MustCompile(`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`)
	long := strings.Repeat("y", 64)
	for sentence, row := range map[string]struct {
		in   string
		same bool
	}{
		"empty stays empty":               {"", true},
		"a valid value stays":             {"Sample_backup.v1", true},
		"63 bytes stay":                   {long[:63], true},
		"64 bytes are shortened":          {long, false},
		"a slash is replaced":             {"demo/sample", false},
		"a trailing dash is dropped":      {"sample-", false},
		"a value of nothing legal hashes": {"///", false},
		"unicode is replaced":             {"日本", false},
	} {
		got := LabelValue(row.in)
		if (got == row.in) != row.same || len(got) > 63 || !valid.MatchString(got) {
			t.Errorf("%s: got %q", sentence, got)
		}
	}
	if LabelValue("a/b") == LabelValue("a:b") {
		t.Error("different strings became one label value")
	}
}
