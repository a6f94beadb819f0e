// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"net/http"
	"sync"

	"k8s.io/client-go/rest"
)

// wire counts what goes over it to the API server.
type wire struct {
	fate   *fate
	mutex  sync.Mutex
	writes []string
}

// listen returns a copy of config whose requests are counted.
func (w *wire) listen(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = -1, 0
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			if isWrite(request) && !w.fate.isDead() {
				w.mutex.Lock()
				w.writes = append(w.writes, request.Method+" "+request.URL.Path)
				w.mutex.Unlock()
			}
			return w.fate.send(next, request)
		})
	})
	return config
}

func isWrite(request *http.Request) bool {
	return request.Method != http.MethodGet && request.Method != http.MethodHead
}

func (w *wire) since(count int) []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return append([]string(nil), w.writes[count:]...)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
