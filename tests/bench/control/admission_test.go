//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/certificate"
	"kubestash.com/kubestash/tests/bench"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/webhooks"
)

const (
	// goalAdmission is what one webhook may take, in 99 cases of 100: who applies a BackupConfiguration waits for two, one after the other.
	goalAdmission = 50 * time.Millisecond
	// badShare is how many there are for each that is refused.
	badShare = 10
)

// admission measures how long the API server waits for the webhooks when people apply BackupConfigurations, several at once, among many
// that are there.
func admission(t *testing.T, binary string) []row {
	c := newCluster(t, false)
	number := int(bench.Scaled(1000))
	c.namespace(t, "team")
	each(number, func(i int) { c.configured(t, "team", fmt.Sprintf("app-%04d", i), object.Storage) })
	shown := certified(t)
	served := freeAddress(t)
	_, port, err := net.SplitHostPort(served)
	must(t, err)
	o := start(t, binary, c.kubeconfig, "--webhook-port="+port, "--webhook-cert-dir="+shown.folder)
	c.ready(t, number, 20*time.Minute)
	o.settle(t)

	w := watchDoor(t, served, shown)
	configurations, err := webhooks.Configurations(w.port, shown.trust)
	must(t, err)
	for _, o := range configurations {
		c.make(t, o)
	}
	await(t, "the webhooks are asked", time.Minute, func() bool { return c.applied(t, 0) != nil })
	w.forget()
	var refused atomic.Int64
	each(number, func(i int) {
		if c.applied(t, i) != nil {
			refused.Add(1)
		}
	})
	if want := (number + badShare - 1) / badShare; int(refused.Load()) != want {
		t.Errorf("%d BackupConfigurations were refused, and %d are bad", refused.Load(), want)
	}
	var rows []row
	for _, of := range []struct{ path, does string }{{"/mutate-", "fills in defaults"}, {"/validate-", "validates"}} {
		took := w.took(of.path)
		if len(took) != number {
			t.Errorf("%s… was asked %d times, not %d", of.path, len(took), number)
		}
		rows = append(rows, latency("webhook that "+of.does+", of a BackupConfiguration", took, goalAdmission))
	}
	return rows
}

// applied is what the API server says of a BackupConfiguration that is new, if it refuses it. Each tenth is bad. None is kept.
func (c *cluster) applied(t *testing.T, i int) error {
	t.Helper()
	bc := object.BackupConfiguration(ground)
	bc.Namespace, bc.Name, bc.Spec.Target = "team", fmt.Sprintf("new-%04d", i), object.ClaimRef("team")
	bc.Spec.Target.Name = fmt.Sprintf("app-%04d", i)
	bc.Spec.Sessions[0].Addon = object.Addon(object.ClaimAddon, metav1alpha1.TaskLogicalBackup, nil)
	if i%badShare == 0 {
		bc.Spec.Sessions[0].Scheduler.Schedule = "at noon"
	}
	err := c.client.Create(t.Context(), bc, client.DryRunAll)
	if err != nil && !strings.Contains(err.Error(), "at noon") {
		t.Errorf("applying BackupConfiguration %s: %v", bc.Name, err)
	}
	return err
}

// shown is a certificate for this machine's loopback.
type shown struct {
	folder string
	pair   tls.Certificate
	// trust is who has signed it, PEM.
	trust []byte
}

func certified(t *testing.T) shown {
	t.Helper()
	m, _, err := certificate.Next(time.Now(), certificate.Material{}, certificate.Material{}, []string{"127.0.0.1"}, rand.Reader)
	must(t, err)
	s := shown{folder: t.TempDir(), trust: m.Trust}
	must(t, os.WriteFile(filepath.Join(s.folder, "tls.crt"), m.Certificate, 0o600))
	must(t, os.WriteFile(filepath.Join(s.folder, "tls.key"), m.Key, 0o600))
	s.pair, err = tls.X509KeyPair(m.Certificate, m.Key)
	must(t, err)
	return s
}

// door stands before the webhooks with a stopwatch.
type door struct {
	port  int
	mutex sync.Mutex
	all   map[string][]time.Duration
}

func watchDoor(t *testing.T, served string, s shown) *door {
	t.Helper()
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(s.trust) {
		t.Fatal("there is no authority")
	}
	d := &door{all: map[string][]time.Duration{}}
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: served})
	behind.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 100}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		behind.ServeHTTP(w, r)
		d.mutex.Lock()
		defer d.mutex.Unlock()
		d.all[r.URL.Path] = append(d.all[r.URL.Path], time.Since(began))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{s.pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	d.port = server.Listener.Addr().(*net.TCPAddr).Port
	return d
}

func (d *door) forget() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	clear(d.all)
}

// took are the times of the webhooks whose paths begin so.
func (d *door) took(path string) []time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	var out []time.Duration
	for p, all := range d.all {
		if strings.HasPrefix(p, path) {
			out = append(out, all...)
		}
	}
	return out
}
