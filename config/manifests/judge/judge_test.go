// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	const warning = `{"passed":true,"outputs":[{"type":"warning","message":"Value x: no icon"},{"type":"info","message":"All went well"}]}`
	for name, c := range map[string]struct{ allowed, findings, want string }{
		"nothing was found":                      {"", `{"passed":true,"outputs":null}`, ""},
		"a warning is a failure":                 {"", warning, "warning: Value x: no icon"},
		"a warning may be allowed with a reason": {"# why\n\nit is drawn later: no icon\n", warning, ""},
		"what is allowed must still be there":    {"it is drawn later: no icon", `{"passed":true}`, `nothing says "no icon" any more`},
		"an error is never allowed": {
			"it is drawn later: no icon", `{"passed":false,"outputs":[{"type":"error","message":"no icon"}]}`, "error: no icon",
		},
		"a validator that says nothing has not passed": {"", `{"passed":false}`, "nobody says why"},
		"what is allowed needs a reason":               {"no icon", `{"passed":true}`, "has no reason and text"},
		"no findings at all":                           {"", "", "reading the findings"},
	} {
		t.Run(name, func(t *testing.T) {
			err := judge(io.Discard, c.allowed, []byte(c.findings))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
