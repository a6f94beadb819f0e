// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"kubestash.com/kubestash/tests/kit/tool"
)

// Gateway is a running server.
type Gateway struct {
	// Endpoint is its URL.
	Endpoint string
	// AccessKey and SecretKey open it.
	AccessKey, SecretKey string
	folder               string
}

const (
	startTimeout  = time.Minute
	startInterval = 50 * time.Millisecond
	attempts      = 5
)

// Start starts a server that knows one pair of keys. It is stopped at the end of the test.
func Start(t testing.TB, accessKey, secretKey string) *Gateway {
	t.Helper()
	program := tool.Path(t, "versitygw")
	g := &Gateway{AccessKey: accessKey, SecretKey: secretKey, folder: t.TempDir()}
	var err error
	// Somebody else may take the port between our look and the server's start.
	for range attempts {
		if err = g.start(t, program); err == nil {
			return g
		}
	}
	t.Fatalf("starting versitygw: %v", err)
	return nil
}

func (g *Gateway) start(t testing.TB, program string) error {
	address, err := freeAddress(t.Context())
	if err != nil {
		return err
	}
	var output bytes.Buffer
	cmd := exec.Command(program, "--port", address, "--quiet", "posix", g.folder)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+g.AccessKey, "ROOT_SECRET_KEY="+g.SecretKey)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", program, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	g.Endpoint = "http://" + address
	err = wait.PollUntilContextTimeout(t.Context(), startInterval, startTimeout, true, func(ctx context.Context) (bool, error) {
		select {
		case err := <-ended:
			ended <- err
			return false, fmt.Errorf("it has ended: %w: %s", err, output.String())
		default:
			return g.answers(ctx), nil
		}
	})
	stop := func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	if err != nil {
		stop()
		return fmt.Errorf("waiting for %s: %w", g.Endpoint, err)
	}
	t.Cleanup(stop)
	return nil
}

// answers is true when it speaks at all: without keys it refuses us, and that is an answer.
func (g *Gateway) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Endpoint, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}

// MakeBucket makes a bucket.
func (g *Gateway) MakeBucket(t testing.TB, bucket string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(g.folder, bucket), 0o755); err != nil {
		t.Fatalf("making bucket %s: %v", bucket, err)
	}
}

// Object returns the content of an object, and false when there is none.
func (g *Gateway) Object(t testing.TB, bucket, key string) (string, bool) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(g.folder, bucket, filepath.FromSlash(key)))
	if os.IsNotExist(err) {
		return "", false
	}
	if err != nil {
		t.Fatalf("reading %s of bucket %s: %v", key, bucket, err)
	}
	return string(content), true
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}
