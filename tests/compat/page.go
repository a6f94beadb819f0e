// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"strings"
)

const intro = `# Compatibility

What KubeStash does with each field of its API that users can write. The fields are those of the published API; a field either works, and the test that
is named shows it at work, or it is refused, with the words that are quoted: in a condition of the object, or by the API server at once. None is
ignored. This page is written from ` + "`tests/compat`" + ` by ` + "`go test ./tests/compat -update`" +
	`; a test fails when a field has no row, when a row names a test that
doesn't exist, or when the page is out of date.

Of the published kinds, BackupVerifier and BackupVerificationSession are not served yet: the API server answers that it has no such kind.
`

// limits are those that no field has, and that a user may meet.
const limits = `
## Limits

* An object in Kubernetes takes at most 1.5 MiB. So ` + "`status.repositories`" + ` of a BackupStorage lists at most 1,000 Repositories (fewer where names
  and errors are very long): those with an error first, then by namespace and name. ` + "`status.repositoryCount`" + ` tells how many there are;
  sizes are summed over all, all are in metadata.yaml of the backend, and all are erased when the storage is wiped out. Shown by
  ` + "`controllers/storage/backupstorage/many_test.go`" + `.
`

// Page is docs/compatibility.md.
func Page() string {
	var page strings.Builder
	page.WriteString(intro)
	for _, kind := range Kinds() {
		fmt.Fprintf(&page, "\n## %s\n\n| field | what becomes of it | shown by |\n|---|---|---|\n", kind.Name)
		said := map[string]bool{}
		for _, path := range Paths(kind.Spec) {
			row, _ := Find(kind.Name, path)
			if row.As != "" {
				if !said[row.Path] {
					fmt.Fprintf(&page, "| `%s` and below | as %s | %s |\n", row.Path, row.As, row.Test)
				}
				said[row.Path] = true
				continue
			}
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", path, row.verdict(), row.Test)
		}
	}
	page.WriteString(admission)
	for _, rule := range Rules {
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", rule.Kind, rule.Text, rule.By, rule.Test)
	}
	page.WriteString(limits)
	return page.String()
}

const admission = `
## Admission

What the published webhooks fill in and refuse, and who does it here. What a CRD can say it says itself, webhook or not. What a webhook refuses is
told in the same words when it was written while none was there, and nothing is done: in a condition of the object, unless it says where. An object
that is named and doesn't exist yet is a warning.

| kind | rule | by | shown by |
|---|---|---|---|
`

func (r Row) verdict() string {
	verdict := "works"
	if r.Refused != "" {
		verdict = "refused: “" + strings.NewReplacer("%s", "…", "%q", "…").Replace(r.Refused) + "”"
	}
	if r.Note != "" {
		verdict += "; " + r.Note
	}
	return verdict
}

func (t Test) String() string {
	if t.Name == "" {
		return "`" + t.File + "`"
	}
	return "`" + t.File + "`: " + t.Name
}
