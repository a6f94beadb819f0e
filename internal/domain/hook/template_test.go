// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"strings"
	"testing"
	"time"
)

func example() data {
	return data{
		Summary: Summary{
			Name: "web-nightly-1", Namespace: "shop",
			Invoker: Reference{APIGroup: "core.kubestash.com", Kind: "BackupConfiguration", Namespace: "shop", Name: "web"},
			Target:  Reference{APIGroup: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"},
			Status:  Outcome{Phase: PhaseFailed, Duration: "12s", Error: `no "luck"`},
		},
		Params:    map[string]string{"channel": "#backups", "text": "{{ .Name }}"},
		Variables: map[string]string{"token": "abc"},
	}
}

func TestRender(t *testing.T) {
	for sentence, row := range map[string]struct{ text, want string }{
		"text without braces stays as it is":          {"echo ${HOME} $(date) $$ ${x:-y} {a}", "echo ${HOME} $(date) $$ ${x:-y} {a}"},
		"beside a template, a shell's variables stay": {"echo {{ .Name }} > ${DIR}/x", "echo web-nightly-1 > ${DIR}/x"},
		"the session is known by its name":            {"{{ .Name }} in {{ .Namespace }}", "web-nightly-1 in shop"},
		"so are invoker and target":                   {"{{ .Invoker.APIGroup }}/{{ .Invoker.Kind }} {{ .Target.Kind }} {{ .Target.Namespace }}/{{ .Target.Name }}", "core.kubestash.com/BackupConfiguration Deployment shop/web"},
		"a message depends on the phase":              {"{{ if eq .Status.Phase `Succeeded` }}good{{ else }}bad: {{ .Status.Error }}{{ end }}", `bad: no "luck"`},
		"a parameter is text, and is not executed":    {"{{ .Params.text }}", "{{ .Name }}"},
		"a variable": {"{{ .Variables.token }}", "abc"},
		"the status as JSON has the published names":       {"{{ toJson .Status }}", `{"phase":"Failed","duration":"12s","error":"no \"luck\""}`},
		"a reference as JSON too":                          {"{{ .Invoker | toJson }}", `{"apiGroup":"core.kubestash.com","kind":"BackupConfiguration","namespace":"shop","name":"web"}`},
		"a dictionary as JSON, as in the guide":            {`{{ $m := dict "type" "mrkdwn" "text" (printf "*%s* %s" .Name .Status.Duration) }}{{ toJson (dict "blocks" (list $m)) }}`, `{"blocks":[{"text":"*web-nightly-1* 12s","type":"mrkdwn"}]}`},
		"a default stands for what is empty":               {`{{ "" | default "none" }}`, "none"},
		"a loop":                                           {`{{ range $i, $x := list "a" "b" }}{{ $i }}{{ $x }}{{ end }}`, "0a1b"},
		"nested loops":                                     {`{{ range list 1 2 }}{{ range list 3 4 }}{{ . }}{{ end }}{{ end }}`, "3434"},
		"a loop over nothing has another way":              {`{{ range list }}x{{ else }}none{{ end }}`, "none"},
		"functions on text":                                {`{{ "a-b" | upper | replace "-" "+" | quote }} {{ trunc 3 "abcdef" }} {{ join "," (splitList " " "x y") }}`, `"A+B" abc x,y`},
		"functions on lists and dictionaries":              {`{{ first (list 1 2) }}{{ last (list 1 2) }}{{ len (rest (list 1 2 3)) }} {{ get (dict "a" 1) "a" }} {{ hasKey (dict "a" 1) "b" }} {{ keys (dict "b" 1 "a" 2) }}`, "122 1 false [a b]"},
		"functions on numbers, also of text":               {`{{ add 1 2 }} {{ sub "5" 2 }} {{ mul 2 3 }} {{ div 7 2 }} {{ int "x" }} {{ max 3 9 }}`, "3 3 6 3 0 9"},
		"a choice":                                         {`{{ ternary "y" "n" (eq .Status.Phase "Failed") }}{{ coalesce "" .Name }}`, "yweb-nightly-1"},
		"base64, and back":                                 {`{{ b64enc "hi" }} {{ b64dec "aGk=" }}`, "aGk= hi"},
		"an indent":                                        {"{{ indent 2 \"a\\nb\" }}", "  a\n  b"},
		"JSON, read":                                       {"{{ (fromJson `{\"a\": [1, 2]}`).a | toJson }}", "[1,2]"},
		"HTML characters in JSON are escaped unless asked": {`{{ toJson "<" }} {{ toRawJson "<" }}`, `"\u003c" "<"`},
		"a regular expression":                             {`{{ regexReplaceAll "[0-9]+" .Name "N" }} {{ regexMatch "^web" .Name }}`, "web-nightly-N true"},
		"nothing is nothing":                               {`{{ first (list) | default "x" }}`, "x"},
	} {
		got, err := render(row.text, example())
		if err != nil || got != row.want {
			t.Errorf("%s: got %q, %v; want %q", sentence, got, err, row.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	for sentence, row := range map[string]struct{ text, want string }{
		"a parameter that nobody declared":          {"{{ .Params.nobody }}", `no entry for key "nobody"`},
		"a field that isn't there":                  {"{{ .Status.Message }}", "can't evaluate field Message"},
		"a function that reads the environment":     {`{{ env "HOME" }}`, `function "env" not defined`},
		"a function that expands it":                {`{{ expandenv "$HOME" }}`, `function "expandenv" not defined`},
		"a function that asks the network":          {`{{ getHostByName "x" }}`, `function "getHostByName" not defined`},
		"a function that answers differently":       {"{{ now }}", `function "now" not defined`},
		"what isn't closed":                         {"{{ if true }}", "unexpected EOF"},
		"a template that calls itself":              {`{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}`, "define and block are not known here"},
		"a call of another template":                {`{{ template "hook" }}`, "template is not known here"},
		"a loop of a billion rounds":                {"{{ range 1000000000 }}{{ end }}", "more than 10000 times"},
		"loops in loops":                            {"{{ range 500 }}{{ range 500 }}{{ end }}{{ end }}", "more than 10000 times"},
		"a loop in the other way of a loop":         {"{{ range list }}{{ else }}{{ range 100000 }}{{ end }}{{ end }}", "more than 10000 times"},
		"a word of a gigabyte":                      {`{{ repeat 1000000000 "x" }}`, "larger than"},
		"a word that doubles":                       {`{{ $x := "x" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}`, "larger than"},
		"a word that doubles by printf":             {`{{ $x := "x" }}{{ range 64 }}{{ $x = printf "%s%s" $x $x }}{{ end }}`, "larger than"},
		"a replacement that grows":                  {`{{ $x := "aa" }}{{ range 64 }}{{ $x = replace "a" "aa" $x }}{{ end }}`, "larger than"},
		"a list that doubles":                       {`{{ $x := list 1 }}{{ range 64 }}{{ $x = concat $x $x }}{{ end }}`, "larger than"},
		"a dictionary that holds itself many times": {`{{ $d := dict }}{{ range 64 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ toJson $d }}`, "larger than"},
		"a width of a million":                      {`{{ printf "%1000000d" 1 }}`, "up to three digits"},
		"a width that is an argument":               {`{{ printf "%*d" 1000000 1 }}`, "up to three digits"},
		"text that becomes too long":                {`{{ range 2000 }}` + strings.Repeat("x", 100) + `{{ end }}`, "becomes longer"},
		"text that is too long":                     {"{{ 1 }}" + strings.Repeat("x", maxText), "longer than"},
		"a failure that was asked for":              {`{{ fail "not like this" }}`, "not like this"},
	} {
		start := time.Now()
		got, err := render(row.text, example())
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %.80q, %v; want an error with %q", sentence, got, err, row.want)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: it took %s to say so", sentence, took)
		}
	}
}

// FuzzRender looks for a template that takes the operator with it.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"{{ .Name }}", `{{ range list 1 2 }}{{ . }}{{ end }}`, `{{ dict "a" (list 1) | toJson }}`, `{{ printf "%5.2f" 1.5 }}`,
		`{{ with .Status }}{{ .Phase }}{{ end }}`, "{{ index .Params `channel` }}", `{{ slice "abc" 1 2 }}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if out, err := render(text, example()); err == nil && strings.Contains(text, "{{") && len(out) > maxText {
			t.Errorf("%d bytes", len(out))
		}
	})
}
