// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the golden file of rights, and docs/permissions.md")

const (
	goldenRights = "testdata/rights.txt"
	page         = "../../docs/permissions.md"
	operator     = "kubestash-operator"
)

// A permission is one verb on one resource.
type permission struct{ group, resource, verb string }

// A grant is what one role of the bundle lets somebody do.
type grant struct {
	title string
	// ofOperator says that the operator holds it, in the whole cluster or in its own namespace.
	ofOperator bool
	// role is its name, where the bundle or config/rbac has one; OLM names those of the ClusterServiceVersion.
	role  string
	rules []rbacv1.PolicyRule
}

func readGrants(t *testing.T) (grants []grant) {
	t.Helper()
	c := readCSV(t)
	for _, p := range c.Spec.Install.Spec.ClusterPermissions {
		grants = append(grants, grant{"the operator, in the whole cluster", true, "", p.Rules})
	}
	for _, p := range c.Spec.Install.Spec.Permissions {
		grants = append(grants, grant{"the operator, where its OperatorGroup looks", true, "", p.Rules})
	}
	files, err := filepath.Glob(filepath.Join(bundle, "manifests", "*role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		switch r := read[rbacv1.ClusterRole](t, file); r.Kind {
		case "Role":
			grants = append(grants, grant{"the operator, in its own namespace (" + r.Name + ")", true, r.Name, r.Rules})
		case "ClusterRole":
			grants = append(grants, grant{"whoever is bound to the ClusterRole " + r.Name, false, r.Name, r.Rules})
		}
	}
	if len(grants) < 3 {
		t.Fatalf("only %d roles were found", len(grants))
	}
	return append(grants, withoutOLM(t, grants)...)
}

// withoutOLM are the operator's roles in config/rbac that give what the bundle doesn't: what OLM does for an operator, it does itself elsewhere.
func withoutOLM(t *testing.T, bundled []grant) (grants []grant) {
	t.Helper()
	var has []permission
	for _, g := range bundled {
		if g.ofOperator {
			has = append(has, permissions(g.rules)...)
		}
	}
	files, err := filepath.Glob("../rbac/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			r := rbacv1.ClusterRole{}
			if err := yaml.Unmarshal([]byte(document), &r); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if !strings.HasPrefix(r.Name, operator) || !slices.ContainsFunc(permissions(r.Rules), func(p permission) bool { return !slices.Contains(has, p) }) {
				continue
			}
			where := map[string]string{"Role": "its own namespace", "ClusterRole": "the whole cluster"}[r.Kind]
			grants = append(grants, grant{fmt.Sprintf("the operator without OLM, in %s (%s)", where, r.Name), true, r.Name, r.Rules})
		}
	}
	return grants
}

// Whoever widens a right rewrites the golden file with -update, and so shows the reviewer what has become wider.
func TestRightsAreThoseThatWereReviewed(t *testing.T) {
	var out strings.Builder
	out.WriteString("# What KubeStash lets whom do. go test ./config/manifests -update rewrites it; look at the difference before you commit it.\n")
	title := ""
	for _, g := range readGrants(t) {
		if g.title != title {
			title = g.title
			fmt.Fprintf(&out, "\n%s\n", title)
		}
		out.WriteString(strings.Join(lines(g.rules), ""))
	}
	compare(t, goldenRights, out.String())
}

// lines tells rules in one order, whatever order they were written in.
func lines(rules []rbacv1.PolicyRule) (out []string) {
	for _, r := range rules {
		verbs := slices.Sorted(slices.Values(r.Verbs))
		for _, url := range r.NonResourceURLs {
			out = append(out, fmt.Sprintf("    %s: %s\n", url, strings.Join(verbs, " ")))
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				named := ""
				if len(r.ResourceNames) > 0 {
					named = " " + strings.Join(r.ResourceNames, " ")
				}
				out = append(out, fmt.Sprintf("    %s %s%s: %s\n", cmp.Or(group, "core"), resource, named, strings.Join(verbs, " ")))
			}
		}
	}
	slices.Sort(out)
	return out
}

// What no review may let pass.
func TestTheOperatorHasNoRightThatGivesItAll(t *testing.T) {
	n := 0
	for _, g := range readGrants(t) {
		for _, p := range permissions(g.rules) {
			n++
			if p.group == "*" || p.resource == "*" || p.verb == "*" {
				t.Errorf("%s: everything: %+v", g.title, p)
			}
			if slices.Contains([]string{"escalate", "bind", "impersonate"}, p.verb) {
				t.Errorf("%s: whoever may %s may all: %+v", g.title, p.verb, p)
			}
			if p.group == "" && p.resource == "secrets" && !slices.Contains([]string{"get", "create", "delete"}, p.verb) && strings.Contains(g.title, "whole cluster") {
				t.Errorf("Secrets are read by their names only, and never changed: %+v", p)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d permissions were looked at", n)
	}
}

func permissions(rules []rbacv1.PolicyRule) (out []permission) {
	for _, r := range rules {
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					out = append(out, permission{group, resource, verb})
				}
			}
		}
	}
	return out
}

// docs/permissions.md is made of the comments beside the markers, so that it is as true as they are.
func TestEveryRightHasAReasonInThePage(t *testing.T) {
	why := readReasons(t)
	var out strings.Builder
	out.WriteString(pageHead)
	grants, named, title := readGrants(t), []string{}, ""
	for _, g := range grants {
		if g.role != "" {
			named = append(named, g.role)
		}
	}
	for _, g := range grants {
		if !g.ofOperator {
			continue
		}
		why := why.of(g.role, named)
		for _, p := range permissions(g.rules) {
			if len(why[p]) == 0 {
				t.Errorf("%s %s %s has no reason: write it above its +kubebuilder:rbac marker, or above its rule in config/rbac", p.verb, cmp.Or(p.group, "core"), p.resource)
			}
		}
		if g.title != title {
			title = g.title
			fmt.Fprintf(&out, "\n## %s\n\n| resource | verbs | who needs it, and what for |\n|---|---|---|\n", strings.ToUpper(title[:1])+title[1:])
		}
		for _, row := range rows(g.rules, why) {
			out.WriteString(row)
		}
	}
	out.WriteString(pageFoot)
	compare(t, page, out.String())
}

// rows is the table of some rules: a row for each resource, with every reason that names one of its verbs.
func rows(rules []rbacv1.PolicyRule, why reasons) (out []string) {
	for _, r := range rules {
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				verbs := slices.Sorted(slices.Values(r.Verbs))
				var texts []string
				for _, verb := range verbs {
					texts = append(texts, why[permission{group, resource, verb}]...)
				}
				slices.Sort(texts)
				name := "`" + resource + "`"
				if group != "" {
					name += " of `" + group + "`"
				}
				if len(r.ResourceNames) > 0 {
					name += ", only `" + strings.Join(r.ResourceNames, "`, `") + "`"
				}
				out = append(out, fmt.Sprintf("| %s | %s | %s |\n", name, strings.Join(verbs, ", "), strings.Join(slices.Compact(texts), "<br>")))
			}
		}
	}
	slices.Sort(out)
	return out
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	had := strings.Split(string(want), "\n")
	have := strings.Split(got, "\n")
	for _, line := range have {
		if !slices.Contains(had, line) {
			t.Errorf("%s hasn't got\n%s", filepath.Base(file), line)
		}
	}
	for _, line := range had {
		if !slices.Contains(have, line) {
			t.Errorf("%s still has\n%s", filepath.Base(file), line)
		}
	}
	t.Error("if that is meant: go test ./config/manifests -update, and look at the difference")
}

const pageHead = `# What the operator may do, and why

Written by ` + "`go test ./config/manifests -update`" + ` from the bundle and from the comments beside the rules; a test fails when it is stale, and when a right has no reason.
What is granted without reasons, a line for each, is in [config/manifests/testdata/rights.txt](../config/manifests/testdata/rights.txt): a wider right changes that file, and so is seen in
a review.

* Secrets are read by their names, and those of a run are made and deleted. They are never listed or watched, and never changed outside of the operator's own namespace.
* Nothing is granted with "*", and nothing lets the operator give rights or act as somebody else.
* A pod that moves bytes has no token of the Kubernetes API. It can do nothing there.
* The names before the colon are controllers, whose folder in controllers/ has the code that is named, or the role whose file in config/rbac has the rule.
`

const pageFoot = `
## Users

Roles of the cluster aggregate what users may do: the role ` + "`view`" + ` sees every kind of KubeStash, ` + "`edit` and `admin`" + ` write what users write
([config/rbac](../config/rbac)). Only those who administer the cluster write an Addon or a Function, because a Function runs any image in every namespace that names it.
Whoever scrapes the metrics is bound to ` + "`kubestash-metrics-reader`" + `.

Who may write a BackupConfiguration or a RestoreSession in a namespace makes the operator read and write that namespace's volumes for them, with the credentials that
the BackupStorage names. A BackupStorage's usagePolicy says which namespaces may use it; what holds for a restore from another namespace is told in
[architecture.md](architecture.md#a-restore).
`
