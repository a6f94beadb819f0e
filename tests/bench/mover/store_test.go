//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// counter is a proxy in front of a store that counts the requests by their method; a listing is a method of its own here.
type counter struct {
	endpoint string
	mutex    sync.Mutex
	requests map[string]int
}

func newCounter(t *testing.T, store string) *counter {
	t.Helper()
	target, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{requests: map[string]int{}}
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		// The client has signed the name that it called.
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.count(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.Close(); transport.CloseIdleConnections() })
	c.endpoint = server.URL
	return c
}

func (c *counter) count(r *http.Request) {
	method := r.Method
	if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
		method = "LIST"
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.requests[method]++
}

func (c *counter) reset() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	clear(c.requests)
}

func (c *counter) counted() map[string]int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return maps.Clone(c.requests)
}
