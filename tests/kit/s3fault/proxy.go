// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Fault is what is wrong with the storage. The zero Fault is: nothing.
type Fault struct {
	// Status is answered instead of asking the storage, with Code and Message as S3's words for it.
	Status        int
	Code, Message string
	// Delay is how long a request waits before anything becomes of it.
	Delay time.Duration
	// ResetAfter resets the connection once so many bytes of a request's or an answer's body have passed.
	ResetAfter int64
	// Every strikes each nth request that it is about; zero and one are all of them.
	Every int
	// OnlyWrites is about requests that write an object.
	OnlyWrites bool
}

// What S3 answers.
var (
	Unavailable = Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
	Denied      = Fault{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"}
	Full        = Fault{Status: http.StatusInsufficientStorage, Code: "XMinioStorageFull",
		Message: "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.", OnlyWrites: true}
)

// Proxy is one server. Set may be called at any time.
type Proxy struct {
	// Endpoint is its URL.
	Endpoint string

	mutex sync.Mutex
	fault Fault
	// seen counts the requests that the fault is about, struck those that it has hit.
	seen, struck int
	written      int64
}

// Start listens at an address, whose port may be 0, and passes on to the upstream URL until the test ends.
func Start(t testing.TB, address, upstream string) *Proxy {
	t.Helper()
	to, err := url.Parse(upstream)
	if err != nil {
		t.Fatalf("reading the storage's URL: %v", err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("listening for the storage's users: %v", err)
	}
	p := &Proxy{Endpoint: "http://" + listener.Addr().String()}
	pass := &httputil.ReverseProxy{
		// In.Host stays: it is part of what was signed.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if !errors.Is(err, errReset) {
				answer(w, Fault{Status: http.StatusBadGateway, Code: "InternalError"}, err.Error())
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if cut, ok := r.Request.Context().Value(cutKey{}).(*cut); ok {
				r.Body = cut.wrap(r.Body)
			}
			return nil
		},
	}
	server := &http.Server{
		Handler:           p.handler(pass),
		ReadHeaderTimeout: time.Minute,
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}
	ended := make(chan struct{})
	go func() { _ = server.Serve(listener); close(ended) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	return p
}

// Set makes a fault of the storage, in place of the one before.
func (p *Proxy) Set(f Fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.fault, p.seen, p.struck = f, 0, 0
}

// Struck is how many requests the fault has hit since it was set.
func (p *Proxy) Struck() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.struck
}

// Written is how many bytes of objects have passed since the last call of Count.
func (p *Proxy) Written() int64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.written
}

// Count begins to count the bytes of objects.
func (p *Proxy) Count() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.written = 0
}

// countedBody counts what is read of a request's body.
type countedBody struct {
	io.ReadCloser
	proxy *Proxy
}

func (b *countedBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	b.proxy.mutex.Lock()
	defer b.proxy.mutex.Unlock()
	b.proxy.written += int64(n)
	return n, err
}

// strike returns the fault that hits a request; the zero Fault hits none.
func (p *Proxy) strike(r *http.Request) Fault {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	f := p.fault
	if f == (Fault{}) || f.OnlyWrites && r.Method != http.MethodPut && r.Method != http.MethodPost {
		return Fault{}
	}
	p.seen++
	if f.Every > 1 && p.seen%f.Every != 0 {
		return Fault{}
	}
	p.struck++
	return f
}

func (p *Proxy) handler(pass http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := p.strike(r)
		if r.Method == http.MethodPut && r.Body != nil {
			r.Body = &countedBody{ReadCloser: r.Body, proxy: p}
		}
		if f.Delay > 0 {
			select {
			case <-time.After(f.Delay):
			case <-r.Context().Done():
				return
			}
		}
		if f.Status != 0 {
			answer(w, f, f.Message)
			return
		}
		if f.ResetAfter > 0 {
			cut := &cut{left: f.ResetAfter, conn: r.Context().Value(connKey{})}
			r = r.WithContext(context.WithValue(r.Context(), cutKey{}, cut))
			if r.Body != nil {
				r.Body = cut.wrap(r.Body)
			}
		}
		pass.ServeHTTP(w, r)
	})
}

// answer is an error as S3 gives it. The body of the request is read, as a client may send all of it before it looks.
func answer(w http.ResponseWriter, f Fault, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.Status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, f.Code, message)
}

type (
	connKey struct{}
	cutKey  struct{}
)

var errReset = errors.New("the connection was reset")

// cut resets a connection after so many bytes, counted over both directions.
type cut struct {
	mutex sync.Mutex
	left  int64
	conn  any
}

func (c *cut) wrap(body io.ReadCloser) io.ReadCloser { return &cutBody{ReadCloser: body, cut: c} }

type cutBody struct {
	io.ReadCloser
	cut *cut
}

func (b *cutBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	b.cut.mutex.Lock()
	defer b.cut.mutex.Unlock()
	if b.cut.left -= int64(n); b.cut.left > 0 {
		return n, err
	}
	if conn, ok := b.cut.conn.(*net.TCPConn); ok {
		// Without lingering the other side hears "reset", and not "the end".
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
	return 0, errReset
}
