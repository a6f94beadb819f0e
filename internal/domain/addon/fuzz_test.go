// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
)

// A list that is written as a list, and one that is written as a text, mean the same items.
func FuzzList(f *testing.F) {
	for _, seed := range [][3]string{
		{"a", "b", "c"}, {"/source/a,b", `ends in \`, "x"}, {`a\,b`, `\`, `\\`}, {"", " ", "\t"}, {",", ",,", `\,`}, {"ä\n", "${x}", "'"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		items := []string{a, b, c}
		if slices.ContainsFunc(items, func(s string) bool { return !utf8.ValidString(s) }) {
			return
		}
		raw, err := json.Marshal(map[string]any{"paths": items})
		if err != nil {
			t.Fatal(err)
		}
		values, problems := given(&runtime.RawExtension{Raw: raw})
		if len(problems) > 0 {
			t.Fatalf("%q: %v", items, problems)
		}
		var want []string
		for _, item := range items {
			if trimmed := strings.TrimSpace(item); trimmed != "" {
				want = append(want, trimmed)
			}
		}
		if got := list(values["paths"]); !slices.Equal(got, want) {
			t.Errorf("%q was written %q and read %q", items, values["paths"], got)
		}
	})
}

// What is quoted for a shell is read as it was, and nothing in it is expanded.
func FuzzWords(f *testing.F) {
	for _, seed := range [][2]string{{"a", "b c"}, {"it's", `"`}, {"", `\`}, {"$(reboot)", "`x` ${y}"}, {"a\nb", "\u00a0"}, {"--exclude=*", "~"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		single := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
		double := func(s string) string {
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
		}
		for _, quote := range []func(string) string{single, double} {
			text := quote(a) + " " + quote(b)
			if got, err := words(text); err != nil || !slices.Equal(got, []string{a, b}) {
				t.Errorf("%q and %q were quoted %q and read %q, %v", a, b, text, got, err)
			}
		}
	})
}

// Where nothing is to be expanded, a real shell splits alike.
func FuzzWordsAsShell(f *testing.F) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"a b", `"a\b" '\' \ `, `''`, `a""b`, `"\"" \'`, "  a\tb ", `"a`, `\`} {
		f.Add(seed)
	}
	const alphabet = "abc \t'\"\\-"
	f.Fuzz(func(t *testing.T, raw string) {
		var text strings.Builder
		for _, b := range []byte(raw[:min(len(raw), 200)]) {
			text.WriteByte(alphabet[int(b)%len(alphabet)])
		}
		got, err := words(text.String())
		out, shellErr := exec.CommandContext(t.Context(), shell, "-c", "set -- "+text.String()+"\nfor word; do printf '%s\\n' \"$word\"; done").Output()
		if strings.HasSuffix(strings.TrimRight(text.String(), `\`), "") && strings.HasSuffix(text.String(), `\`) {
			// The shell would join the next line.
			return
		}
		if (err == nil) != (shellErr == nil) {
			t.Fatalf("%q: %v, and the shell: %v", text.String(), err, shellErr)
		}
		if err == nil && strings.Join(append(got, ""), "\n") != string(out) {
			t.Errorf("%q is %q, and to the shell %q", text.String(), got, out)
		}
	})
}

// Whatever stands in params, the answer is values or words of what is wrong, and never both lost.
func FuzzGiven(f *testing.F) {
	for _, seed := range []string{`{"a":"b"}`, `{"a":[1,true,"x,y"]}`, `{"a":{}}`, `[]`, `null`, ``, `{"a":1e400}`, `{"a":null}`, `{"a":"b"} x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		values, problems := given(&runtime.RawExtension{Raw: raw})
		var tree map[string]any
		if json.Unmarshal(raw, &tree) != nil {
			return
		}
		named := 0
		for _, value := range tree {
			if value != nil {
				named++
			}
		}
		if len(values)+len(problems) != named {
			t.Errorf("%s: %v and %v", raw, values, problems)
		}
	})
}
