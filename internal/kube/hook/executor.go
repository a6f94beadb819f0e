// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
	"kubestash.com/kubestash/internal/domain/redact"
)

// maxMessage is how long a failure may be in a status, in bytes.
const maxMessage = 512

// Executor does what a request says: in pods, or from here.
type Executor struct {
	// Live reads pods past the cache: a cache that is behind knows pods that are gone.
	Live client.Reader
	// Exec runs commands in containers.
	Exec Execer
	// PodWait is how long an attempt waits for a pod to run. Pods that are replaced come back in seconds.
	PodWait time.Duration
}

// Do makes one attempt.
func (e *Executor) Do(ctx context.Context, r hook.Request) error {
	if r.Executor == corev1alpha1.HookExecutorOperator {
		return e.act(ctx, nil, r.Action)
	}
	pods, err := e.pods(ctx, r.Namespace, r.Pod)
	if err != nil {
		return err
	}
	if r.Pod.Strategy != corev1alpha1.HookExecuteOnAll {
		pods = pods[:1]
	}
	// One pod that fails doesn't keep the others from being started again.
	var failures []error
	for i := range pods {
		if err := e.act(ctx, &pods[i], r.Action); err != nil {
			failures = append(failures, fmt.Errorf("pod %s: %w", pods[i].Name, err))
		}
	}
	return errors.Join(failures...)
}

// act does the action once. pod is nil when the operator itself does it.
func (e *Executor) act(ctx context.Context, pod *corev1.Pod, a *corev1alpha1.HookAction) error {
	switch {
	case a.Exec != nil && pod == nil:
		return errors.New("a command needs a pod to run in: use executor.type Pod")
	case a.Exec != nil:
		return e.exec(ctx, pod, a.ContainerName, a.Exec.Command)
	case a.HTTPGet != nil:
		return request(ctx, pod, a.ContainerName, http.MethodGet, a.HTTPGet, "", nil)
	case a.HTTPPost != nil:
		return post(ctx, pod, a.ContainerName, a.HTTPPost)
	case a.TCPSocket != nil:
		return connect(ctx, pod, a.ContainerName, a.TCPSocket)
	default:
		return errors.New("its HookTemplate names no action")
	}
}

func post(ctx context.Context, pod *corev1.Pod, container string, p *corev1alpha1.HookHTTPPost) error {
	if len(p.Form) == 0 {
		return request(ctx, pod, container, http.MethodPost, &p.HookHTTPGet, p.Body, nil)
	}
	form := url.Values{}
	for _, field := range p.Form {
		form[field.Key] = append(form[field.Key], field.Values...)
	}
	return request(ctx, pod, container, http.MethodPost, &p.HookHTTPGet, form.Encode(), form)
}

// request succeeds with a code from 200 to 399. The answer's body is nobody's business: it would let those who may write hooks read what
// only the operator can reach.
func request(ctx context.Context, pod *corev1.Pod, container, method string, g *corev1alpha1.HookHTTPGet, body string, form url.Values) error {
	address, err := address(pod, container, g.Host, g.Port)
	if err != nil {
		return err
	}
	scheme := strings.ToLower(string(g.Scheme))
	if scheme == "" {
		scheme = "http"
	}
	target, err := url.Parse(scheme + "://" + address + "/" + strings.TrimPrefix(g.Path, "/"))
	if err != nil {
		return errors.New("the path is not that of a URL")
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("preparing the request: %w", err)
	}
	req.Header.Set("User-Agent", "kubestash-hook")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range g.HTTPHeaders {
		if strings.EqualFold(h.Name, "Host") {
			req.Host = h.Value
			continue
		}
		req.Header.Add(h.Name, h.Value)
	}
	response, err := httpClient(g.Host == "").Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, address, cause(err))
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	if response.StatusCode < 200 || response.StatusCode >= 400 {
		return fmt.Errorf("%s %s answered %s", method, address, response.Status)
	}
	return nil
}

// httpClient follows no redirect: that one was answered is the success. A pod's certificate is never for its address, so it isn't verified,
// as the kubelet doesn't in probes. A proxy is for servers that have a name.
func httpClient(toPod bool) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: 30 * time.Second}
	if toPod {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	} else {
		transport.Proxy = http.ProxyFromEnvironment
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func connect(ctx context.Context, pod *corev1.Pod, container string, s *corev1alpha1.HookTCPSocket) error {
	address, err := address(pod, container, s.Host, s.Port)
	if err != nil {
		return err
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", address, cause(err))
	}
	return connection.Close()
}

// address is where a request goes. A name of a port is one of the pod's, also where the host is another.
func address(pod *corev1.Pod, container, host string, port intstr.IntOrString) (string, error) {
	if host == "" {
		if pod == nil {
			return "", errors.New("set host: the operator's own pod is not meant")
		}
		host = pod.Status.PodIP
	}
	number := port.IntValue()
	if port.Type == intstr.String && number == 0 {
		if pod == nil {
			return "", fmt.Errorf("port %q is a name, which only a pod has: set a number", port.StrVal)
		}
		if number = named(pod, container, port.StrVal); number == 0 {
			return "", fmt.Errorf("it has no port named %q in container %q", port.StrVal, container)
		}
	}
	if number < 1 || number > 65535 {
		return "", fmt.Errorf("port %s is none", port.String())
	}
	return net.JoinHostPort(host, strconv.Itoa(number)), nil
}

// named finds a port by its name, in one container or in all.
func named(pod *corev1.Pod, container, name string) int {
	for _, c := range pod.Spec.Containers {
		if container != "" && c.Name != container {
			continue
		}
		for _, p := range c.Ports {
			if p.Name == name {
				return int(p.ContainerPort)
			}
		}
	}
	return 0
}

// cause drops the URL from an error of an HTTP client: a path or a query may hold a token.
func cause(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// told puts a failure into words for a status; empty when there is none.
func told(err error, timeout time.Duration) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("it did not end within its timeout of %s.", timeout)
	default:
		return strings.TrimSuffix(redact.New().Bounded(err.Error(), maxMessage, true), ".") + "."
	}
}
