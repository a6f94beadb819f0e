// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var values = Map(map[string]string{
	"name": "sample", "empty": "", "path": "/a/b/c.tar.gz", "text": "Grüße", "n": "2", "stars": "a.*b.*c",
	"hostile": "\"}, {\"x\": \"${name}\n- $$ \\ \x00", "glob": "*", "bad": "\xff\xfe",
})

func TestResolve(t *testing.T) {
	for sentence, row := range map[string]struct{ in, want string }{
		"plain text stays":          {"a b", "a b"},
		"a variable":                {"x-${name}-y", "x-sample-y"},
		"two variables":             {"${name}${name}", "samplesample"},
		"an empty value is a value": {"[${empty}]", "[]"},
		"a default isn't used when the value is empty": {"[${empty:=d}]", "[]"},
		"a default by :=":                          {"${none:=d}", "d"},
		"a default by :-":                          {"${none:-d}", "d"},
		"a default by =":                           {"${none=d}", "d"},
		"an empty default":                         {"[${none:=}]", "[]"},
		"a default with any text":                  {"${none:=*/5 * * * * $x (y) /:=}", "*/5 * * * * $x (y) /:="},
		"a nested default":                         {"${none:=a${name}b}", "asampleb"},
		"a default in a default":                   {"${none:=${none2:=deep}}", "deep"},
		"an unused default may lack values":        {"${name:=${none}}", "sample"},
		"the first } ends a default":               {"${none:={}}", "{}"},
		"a bare $ stays":                           {"$name $(name) $ 5$", "$name $(name) $ 5$"},
		"$$ is a dollar":                           {"$${name} $$$$", "${name} $$"},
		"$$ before a variable":                     {"$$${name}", "$sample"},
		"a value is never read again":              {"${hostile}", "\"}, {\"x\": \"${name}\n- $$ \\ \x00"},
		"length in characters":                     {"${#text}", "5"},
		"length of nothing":                        {"${#empty}", "0"},
		"upper case":                               {"${text^^}", "GRÜßE"},
		"lower case":                               {"${text,,}", "grüße"},
		"first character up":                       {"${name^}", "Sample"},
		"first character down":                     {"${text,}", "grüße"},
		"part from an offset":                      {"${text:2}", "üße"},
		"part with a length":                       {"${text:1:3}", "rüß"},
		"part with a variable length":              {"${text:0:${n}}", "Gr"},
		"part from the end":                        {"${text: -2}", "ße"},
		"part without the end":                     {"${text:1:-1}", "rüß"},
		"part beyond the end":                      {"[${text:9}${text:9:9}${text:1:0}${text:3:-4}]", "[]"},
		"part with a huge length":                  {"${text:1:9223372036854775807}", "rüße"},
		"shortest prefix":                          {"${path#*/}", "a/b/c.tar.gz"},
		"longest prefix":                           {"${path##*/}", "c.tar.gz"},
		"shortest suffix":                          {"${path%.*}", "/a/b/c.tar"},
		"longest suffix":                           {"${path%%.*}", "/a/b/c"},
		"a prefix that doesn't match":              {"${path#x}", "/a/b/c.tar.gz"},
		"a set":                                    {"${name#[!x]a}", "mple"},
		"a set that holds a star":                  {"${stars#a[.*]}", "*b.*c"},
		"a set that isn't closed is a character":   {"${name#[s}", "sample"},
		"an escaped star":                          {`${stars%%\**}`, "a."},
		"a dot is no wildcard":                     {"${stars#.}", "a.*b.*c"},
		"a pattern from a value":                   {"[${path##${glob}}]", "[]"},
		"replace the first":                        {"${path/a/X}", "/X/b/c.tar.gz"},
		"replace all":                              {`${path//\//-}`, "-a-b-c.tar.gz"},
		"replace all by nothing":                   {"${path//[a-z]}", "///.."},
		"replace with a slash":                     {"${name/s/a/b}", "a/bample"},
		"replace at the start":                     {"${name/#sa/x}", "xmple"},
		"replace at the start only":                {"${name/#mp/x}", "sample"},
		"replace at the end":                       {"${name/%le/x}", "sampx"},
		"replace the longest":                      {"${path/\\/*\\//X}", "Xc.tar.gz"},
		"replace everything once":                  {"${name//*/x}", "x"},
		"replace an empty pattern":                 {"${name//}", "sample"},
		"a value that isn't UTF-8 keeps its bytes": {"${bad%x}${bad}", "\xff\xfe\xff\xfe"},
		"no name-like text in unicode":             {"$ü", "$ü"},
	} {
		got, err := Resolve(row.in, values)
		if err != nil || got != row.want {
			t.Errorf("%s: got %q, %v; want %q", sentence, got, err, row.want)
		}
	}
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	for sentence, row := range map[string]struct{ in, want string }{
		"not closed":              {"ab ${name", "at position 4: ${name is not closed by }"},
		"not closed in a default": {"${none:=x", "at position 1: ${none is not closed by }"},
		"no name":                 {"x${}", "at position 2: ${ is not followed by a name of letters, digits and _"},
		"a space":                 {"${ name}", "at position 1: ${ is not followed by a name of letters, digits and _"},
		"a shell default":         {"${name-x}", "at position 7: ${name is followed by '-', which is no operator"},
		"a shell alternative":     {"${name+x}", "at position 7: ${name is followed by '+', which is no operator"},
		"an array":                {"${arr[1]}", "at position 6: ${arr is followed by '[', which is no operator"},
		"an indirection":          {"${!x}", "at position 1: ${ is not followed by a name of letters, digits and _"},
		"case with a pattern":     {"${name^^x}", "at position 9: ${name is followed by 'x', which is no operator"},
		"in an unused default":    {"${name:=${}}", "at position 9: ${ is not followed by a name of letters, digits and _"},
		"too deep":                {strings.Repeat("${a:=", 40) + strings.Repeat("}", 40), "at position 161: more than 32 nested ${"},
	} {
		got, err := Resolve(row.in, values)
		var syntax *Syntax
		if !errors.As(err, &syntax) || err.Error() != row.want || got != "" {
			t.Errorf("%s: got %q, %v; want %s", sentence, got, err, row.want)
		}
		if checked := Check(row.in); checked == nil || checked.Error() != row.want {
			t.Errorf("%s: Check says %v", sentence, checked)
		}
	}
}

func TestUnresolvedNamesAllThatIsMissing(t *testing.T) {
	for sentence, row := range map[string]struct {
		in   string
		want []string
	}{
		"sorted and once":            {"${zeta} ${alpha} ${zeta} ${name}", []string{"alpha", "zeta"}},
		"in a default that is used":  {"${none:=${deep}}", []string{"deep"}},
		"an operator needs a value":  {"${none^^}${#other}${third#x}", []string{"none", "other", "third"}},
		"in an operator's arguments": {"${none/${a}/${b}}", []string{"a", "b", "none"}},
	} {
		_, err := Resolve(row.in, values)
		var unresolved *Unresolved
		if !errors.As(err, &unresolved) || !reflect.DeepEqual(unresolved.Names, row.want) {
			t.Errorf("%s: got %v, want %v", sentence, err, row.want)
		}
	}
}

func TestUnusableValues(t *testing.T) {
	huge := Map(map[string]string{"a": strings.Repeat("x", 2000), "word": "ten"})
	for sentence, row := range map[string]struct{ in, want string }{
		"an offset that is no number":     {"${a:x}", "${a}: offset and length must be whole numbers"},
		"an offset from a value":          {"${a:${word}}", "${a}: offset and length must be whole numbers"},
		"an offset beyond every number":   {"${a:99999999999999999999}", "${a}: offset and length must be whole numbers"},
		"a replacement that multiplies":   {"${a//x/${a}}", "${a}: the result is longer than 1 MiB"},
		"a text that is too long":         {strings.Repeat("${a}", 600), "the result is longer than 1 MiB"},
		"a pattern with a backward range": {"${a#[z-a]}", "${a}: the pattern can't be used"},
		"a pattern that isn't a text":     {"${a#\xff}", "${a}: the pattern can't be used"},
	} {
		_, err := Resolve(row.in, huge)
		var unusable *Unusable
		if !errors.As(err, &unusable) || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", sentence, err, row.want)
		}
	}
}

func decode(t *testing.T, document string) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(document), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestResolveTree(t *testing.T) {
	in := `{"spec": {"name": "${name}", "${name}-key": [1, true, null, "${path}", {"deep": "${hostile}"}], "n": 2.5}}`
	tree := decode(t, in)
	got, err := ResolveTree(tree, values)
	if err != nil {
		t.Fatal(err)
	}
	hostile, _ := values("hostile")
	want := map[string]any{"spec": map[string]any{
		"name": "sample", "n": 2.5,
		"sample-key": []any{1.0, true, nil, "/a/b/c.tar.gz", map[string]any{"deep": hostile}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !reflect.DeepEqual(tree, decode(t, in)) {
		t.Error("the document itself was changed")
	}
}

func TestResolveTreeErrors(t *testing.T) {
	for sentence, row := range map[string]struct {
		tree any
		want string
	}{
		"every missing name with its places": {
			decode(t, `{"a": "${x}", "s": [{"n": "${y}"}, {"n": "${x}"}], "${z}": 1, "${w}": 1}`),
			"no value for ${w}, ${x}, ${y}, ${z} (used by ${w}, ${z}, a, s[0].n, s[1].n)"},
		"a syntax error with its place":   {decode(t, `{"s": ["ok", "${"]}`), "s[1]: at position 1: ${ is not followed by a name of letters, digits and _"},
		"an unusable part with its place": {decode(t, `{"s": "${name:x}"}`), "s: ${name}: offset and length must be whole numbers"},
		"two keys that become one":        {decode(t, `{"o": {"${name}": 1, "sample": 2}}`), "o.sample: two keys become the same"},
		"a leaf that isn't decoded JSON":  {map[string]any{"a": []string{"${x}"}}, "a: []string is not decoded JSON"},
	} {
		got, err := ResolveTree(row.tree, values)
		if err == nil || err.Error() != row.want || got != nil {
			t.Errorf("%s: got %v, %v; want %s", sentence, got, err, row.want)
		}
	}
}

func TestHasVariables(t *testing.T) {
	for in, want := range map[string]bool{
		"*/5 * * * *": false, "${schedule}": true, "a $x $(y) $${z}": false, "${none:=d}": true, "${": true, "": false,
	} {
		if got := HasVariables(in); got != want {
			t.Errorf("%q: got %t", in, got)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{
		"${name}", "${none:=${a}}", "$${x}", "${path##*/}", "${text: -2:1}", "${path//[!a/]/\\/}", "${#n}", "${", "$$$",
		"${a%%[", "${name/%?/${name//?/${path}}}", "${text:1:-9}", "${a#[]-x]}", "${a#[^]]}", "\xff${bad%\xff}",
	} {
		f.Add(seed, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		vars := func(name string) (string, bool) {
			if name == "v" {
				return value, true
			}
			return values(name)
		}
		got, err := Resolve(text, vars)
		if (Check(text) == nil) != !errors.As(err, new(*Syntax)) {
			t.Errorf("Check and Resolve disagree on %q: %v", text, err)
		}
		if err == nil && len(got) > maxResult {
			t.Errorf("%q became %d bytes", text, len(got))
		}
		if err == nil && !HasVariables(text) && len(got) > len(text) {
			t.Errorf("%q without variables became %q", text, got)
		}
		if whole, err := Resolve("${v}", vars); err != nil || whole != value {
			t.Errorf("a value was read again: %q became %q, %v", value, whole, err)
		}
	})
}
