// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3fault

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ask sends a request and returns the status, the body, and whether the connection was reset.
func ask(t *testing.T, p *Proxy, method, body string) (status int, answer string, reset bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.Endpoint+"/bucket/key", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "signed.example"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err == nil {
		defer response.Body.Close()
		var content []byte
		content, err = io.ReadAll(response.Body)
		status, answer = response.StatusCode, string(content)
	}
	switch {
	// The last one is the writer's, when the reader has seen the reset first and closed the connection.
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return 0, "", true
	case err != nil:
		t.Fatal(err)
	}
	return status, answer, false
}

func TestFaults(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, _ = io.WriteString(w, r.Host+" "+string(content))
	}))
	defer upstream.Close()
	p := Start(t, "127.0.0.1:0", upstream.URL)
	long := strings.Repeat("x", 1<<20)
	for sentence, c := range map[string]struct {
		fault        Fault
		method, body string
		status       int
		answer       string
		reset        bool
		struck       int
	}{
		"no fault passes requests on, with their Host": {method: "PUT", body: "hello", status: 200, answer: "signed.example hello"},
		"503 is answered with S3's word":               {fault: Unavailable, method: "GET", status: 503, answer: "SlowDown", struck: 1},
		"403 is answered with S3's word":               {fault: Denied, method: "GET", status: 403, answer: "AccessDenied", struck: 1},
		"a full storage refuses to be written":         {fault: Full, method: "PUT", body: "x", status: 507, answer: "XMinioStorageFull", struck: 1},
		"a full storage can be read":                   {fault: Full, method: "GET", status: 200, answer: "signed.example"},
		"every second request: not the first":          {fault: Fault{Status: 503, Every: 2}, method: "GET", status: 200},
		"a slow storage answers in the end":            {fault: Fault{Delay: 30 * time.Millisecond}, method: "GET", status: 200, struck: 1},
		"a long request is cut off":                    {fault: Fault{ResetAfter: 1000}, method: "PUT", body: long, reset: true, struck: 1},
		"a short one is not":                           {fault: Fault{ResetAfter: 1000}, method: "PUT", body: "short", status: 200, struck: 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			p.Set(c.fault)
			status, answer, reset := ask(t, p, c.method, c.body)
			if status != c.status || !strings.Contains(answer, c.answer) || reset != c.reset || p.Struck() != c.struck {
				t.Errorf("got %d %.80q, reset %t, struck %d; want %d %q, %t, %d", status, answer, reset, p.Struck(), c.status, c.answer, c.reset, c.struck)
			}
		})
	}
	p.Set(Fault{Status: 503, Every: 2})
	if first, _, _ := ask(t, p, "GET", ""); first != 200 {
		t.Errorf("the first of two is answered %d", first)
	}
	if second, _, _ := ask(t, p, "GET", ""); second != 503 {
		t.Errorf("the second of two is answered %d", second)
	}
}
