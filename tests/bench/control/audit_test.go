//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// policy has a line written when a request is over; what isn't about objects, and what the server asks itself, is left out.
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - level: None
    users: ["system:apiserver", "system:anonymous"]
  - level: None
    nonResourceURLs: ["*"]
  - level: Metadata
`

// audit is the API server's own record of who asked what.
type audit struct{ policy, log string }

func newAudit(t *testing.T) audit {
	t.Helper()
	folder := t.TempDir()
	a := audit{policy: filepath.Join(folder, "policy.yaml"), log: filepath.Join(folder, "audit.log")}
	must(t, os.WriteFile(a.policy, []byte(policy), 0o600))
	return a
}

// request is one line of it. Done is when it was answered.
type request struct {
	Verb         string    `json:"verb"`
	Received     time.Time `json:"requestReceivedTimestamp"`
	Done         time.Time `json:"stageTimestamp"`
	Impersonated struct {
		User string `json:"username"`
	} `json:"impersonatedUser"`
	Object struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Response struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// read returns all requests so far, in the order in which they were received.
func (a audit) read(t *testing.T) []request {
	t.Helper()
	file, err := os.Open(a.log)
	must(t, err)
	defer file.Close()
	var out []request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		must(t, json.Unmarshal(lines.Bytes(), &r))
		out = append(out, r)
	}
	must(t, lines.Err())
	slices.SortStableFunc(out, func(a, b request) int { return a.Received.Compare(b.Received) })
	return out
}

func (r request) isBy(user string) bool { return r.Impersonated.User == user }

func (r request) isWrite() bool { return !slices.Contains([]string{"get", "list", "watch"}, r.Verb) }

func (r request) isEvent() bool { return r.Object.Resource == "events" }

// made reports whether it has created an object.
func (r request) made(resource string) bool {
	return r.Verb == "create" && r.Object.Resource == resource && r.Object.Subresource == "" && r.Response.Code == 201
}

func (r request) String() string {
	resource := r.Object.Resource
	if r.Object.Subresource != "" {
		resource += "/" + r.Object.Subresource
	}
	if r.Response.Code >= 400 {
		return r.Verb + " " + resource + " (refused)"
	}
	return r.Verb + " " + resource
}

// between are the requests that were received in a time, the end left out.
func between(all []request, from, to time.Time) []request {
	var out []request
	for _, r := range all {
		if !r.Received.Before(from) && r.Received.Before(to) {
			out = append(out, r)
		}
	}
	return out
}

// load counts the operator's requests: its writes without events, its events, and its reads.
func load(all []request, user string) (writes []request, events, reads int) {
	for _, r := range all {
		switch {
		case !r.isBy(user) || r.Object.Resource == "leases":
		case !r.isWrite():
			reads++
		case r.isEvent():
			events++
		default:
			writes = append(writes, r)
		}
	}
	return writes, events, reads
}
