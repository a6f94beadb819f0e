// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package naming

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Every name is valid and within its limit, whatever it is made of, and is the same each time.
func FuzzNames(f *testing.F) {
	long := strings.Repeat("long-", 60)
	for _, seed := range [][3]string{
		{"web", "nightly", "dump"}, {"", "", ""}, {"-", ".", "_"}, {long, long, long}, {"ÄÖÜ", "日本語", "${x}"},
		{"a.b", "c.", ".d"}, {"UPPER", "a b", "a\nb"}, {"x'; drop", "$(reboot)", "\x00"}, {strings.Repeat("a", 63), "b", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], int64(1774746000))
	}
	f.Fuzz(func(t *testing.T, a, b, c string, unix int64) {
		names := func() map[string]string {
			return map[string]string{
				"CronJob": CronJob(a, b), "BackupSession": BackupSession(a, b, unix), "Snapshot": Snapshot(a, b), "Job": Job(a, b, 2),
				"Job of one": Job(a, b, 1), "RestoreJob": RestoreJob(a, b, 3), "InitJob": InitJob(a), "UploadJob": UploadJob(a), "CleanupJob": CleanupJob(a),
				"RetentionPolicyJob": RetentionPolicyJob(a), "VolumeSnapshot": VolumeSnapshot(a, unix),
				"BlueprintConfiguration": BlueprintConfiguration(a, b, c, unix%2 == 0), "Child": Child(a, b, c), "Disambiguate": Disambiguate(a, b),
				"DisambiguateWithin": DisambiguateWithin(CronJobLimit, a, b),
			}
		}
		again := names()
		for of, name := range names() {
			limit := Limit
			if of == "CronJob" || of == "DisambiguateWithin" {
				limit = CronJobLimit
			}
			if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 || len(name) > limit {
				t.Errorf("%s of %q, %q, %q is %q: %v", of, a, b, c, name, problems)
			}
			if again[of] != name {
				t.Errorf("%s is %q, and then %q", of, name, again[of])
			}
		}
		for _, value := range []string{LabelValue(a), LabelValue(a + b + c)} {
			if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
				t.Errorf("%q as a label is %q: %v", a, value, problems)
			}
		}
	})
}

// Where nobody has published a name, different parents have different children.
func FuzzNoCollision(f *testing.F) {
	long := strings.Repeat("x", 80)
	f.Add("web", "dump", "db", "dump")
	f.Add(long+"a"+long, "", long+"b"+long, "")
	f.Add("Web", "dump", "web", "dump")
	f.Add("a_b", "c", "a.b", "c")
	f.Add("", "a", "a", "")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if a == c && b == d {
			return
		}
		// "a", "b-c" and "a-b", "c" are joined alike: what is joined as it is must say who it is by itself.
		if strings.Trim(a, "-")+"-"+b == strings.Trim(c, "-")+"-"+d || a+"-"+b == c+"-"+d {
			return
		}
		if Child(a, b) == Child(c, d) {
			t.Errorf("%q, %q and %q, %q are both %q", a, b, c, d, Child(a, b))
		}
		if a != c {
			if Disambiguate(b, a) == Disambiguate(b, c) {
				t.Errorf("the owners %q and %q of %q are not told apart", a, c, b)
			}
			if LabelValue(a) == LabelValue(c) {
				t.Errorf("%q and %q are the same label %q", a, c, LabelValue(a))
			}
		}
	})
}
