//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"kubestash.com/kubestash/tests/kit/hand"
)

// profiles names a folder in which heap profiles are kept. Without it the operator keeps none, as usual.
const profiles = "BENCH_PROFILE"

// operator is the process, with the flags and the environment that config/manager gives it. There is one, so it elects no leader.
type operator struct {
	cmd     *exec.Cmd
	log     string
	profile string
	ended   chan struct{}
}

// start starts the operator, without webhooks unless a flag says otherwise, and waits until it answers.
func start(t *testing.T, binary, kubeconfig string, flags ...string) *operator {
	t.Helper()
	folder := t.TempDir()
	o := &operator{log: filepath.Join(folder, "operator.log"), profile: freeAddress(t), ended: make(chan struct{})}
	log, err := os.Create(o.log)
	must(t, err)
	defer log.Close()
	probes := freeAddress(t)
	if os.Getenv(profiles) != "" {
		flags = append(flags, "--pprof-bind-address="+o.profile)
	}
	o.cmd = exec.CommandContext(t.Context(), binary, append([]string{
		"--metrics-bind-address=0", "--webhook-port=0", "--health-probe-bind-address=" + probes, "--mover-image=" + hand.MoverImage,
	}, flags...)...)
	o.cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "GOMEMLIMIT=460MiB")
	o.cmd.Stdout, o.cmd.Stderr = log, log
	o.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, o.cmd.Start())
	go func() { _ = o.cmd.Wait(); close(o.ended) }()
	t.Cleanup(func() {
		o.stop()
		if t.Failed() {
			t.Logf("the operator's log ends: %s", o.tail())
		}
	})
	await(t, "the operator answers", 2*time.Minute, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+probes+"/readyz", nil)
		must(t, err)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			o.mustRun(t)
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return o
}

func (o *operator) mustRun(t *testing.T) {
	t.Helper()
	select {
	case <-o.ended:
		t.Fatalf("the operator ended: %s", o.tail())
	default:
	}
}

// stop asks it to end, and returns when it has.
func (o *operator) stop() {
	_ = o.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-o.ended:
	case <-time.After(30 * time.Second):
		_ = o.cmd.Process.Kill()
		<-o.ended
	}
}

func (o *operator) tail() string {
	text, err := os.ReadFile(o.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// usage is what a process has in memory, in bytes: now, and at most since it started.
type usage struct{ rss, peak int64 }

// used is read where every process has it.
func (o *operator) used(t *testing.T) usage {
	t.Helper()
	o.mustRun(t)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.cmd.Process.Pid))
	must(t, err)
	read := func(field string) int64 {
		for line := range strings.Lines(string(status)) {
			if rest, found := strings.CutPrefix(line, field+":"); found {
				kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				must(t, err)
				return kib << 10
			}
		}
		t.Fatalf("/proc tells nothing of %s", field)
		return 0
	}
	return usage{rss: read("VmRSS"), peak: read("VmHWM")}
}

// settle waits until the operator has nothing more to do: for some seconds it has hardly computed.
func (o *operator) settle(t *testing.T) {
	t.Helper()
	const look, idle = 5 * time.Second, 250 * time.Millisecond
	for deadline := time.Now().Add(time.Hour); ; {
		before := o.computed(t)
		time.Sleep(look)
		switch {
		case o.computed(t)-before < idle:
			return
		case time.Now().After(deadline):
			t.Fatal("the operator computes and computes")
		}
	}
}

// computed is how long it has had a processor.
func (o *operator) computed(t *testing.T) time.Duration {
	t.Helper()
	o.mustRun(t)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.cmd.Process.Pid))
	must(t, err)
	// The name, in brackets, may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const user, system, tick = 11, 12, 10 * time.Millisecond
	var total time.Duration
	for _, at := range []int{user, system} {
		ticks, err := strconv.ParseInt(fields[at], 10, 64)
		must(t, err)
		total += time.Duration(ticks) * tick
	}
	return total
}

// atRest is the median of the last moments of a rest after all work. Go collects its garbage at the latest after two minutes, and gives
// back what it doesn't need little by little.
func (o *operator) atRest(t *testing.T, rest time.Duration) usage {
	t.Helper()
	o.settle(t)
	time.Sleep(rest)
	var samples []int64
	var u usage
	for range 21 {
		u = o.used(t)
		samples = append(samples, u.rss)
		time.Sleep(200 * time.Millisecond)
	}
	slices.Sort(samples)
	u.rss = samples[len(samples)/2]
	fmt.Printf("at rest: %s, peak %s\n", mebibytes(u.rss), mebibytes(u.peak))
	return u
}

// keepProfile writes down where the memory is, for whoever asks with BENCH_PROFILE=FOLDER.
func (o *operator) keepProfile(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv(profiles)
	if folder == "" {
		return
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+o.profile+"/debug/pprof/heap", nil)
	must(t, err)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	file, err := os.Create(filepath.Join(folder, name+".pprof"))
	must(t, err)
	defer file.Close()
	_, err = file.ReadFrom(response.Body)
	must(t, err)
}

// kubeconfig writes the access of a config to a file.
func kubeconfig(t *testing.T, config *rest.Config) string {
	t.Helper()
	const name = "bench"
	host := config.Host
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	out := clientcmdapi.NewConfig()
	out.Clusters[name] = &clientcmdapi.Cluster{Server: host, CertificateAuthorityData: config.CAData}
	out.AuthInfos[name] = &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData, ClientKeyData: config.KeyData, Impersonate: config.Impersonate.UserName,
	}
	out.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	out.CurrentContext = name
	path := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, clientcmd.WriteToFile(*out, path))
	return path
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// await looks again and again until it is so.
func await(t *testing.T, what string, within time.Duration, isSo func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for !isSo() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting %s until %s: it didn't come", within, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
