// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
)

// Run passes connections on from one address to another until ctx ends.
func Run(ctx context.Context, from, to string, logger *slog.Logger) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", from)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", from, err)
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting on %s: %w", from, err)
		}
		go func() {
			if err := pass(ctx, conn, to); err != nil {
				logger.Warn("forwarding", "error", err)
			}
		}()
	}
}

func pass(ctx context.Context, in net.Conn, to string) error {
	defer in.Close()
	var dialer net.Dialer
	out, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", to, err)
	}
	defer out.Close()
	done := make(chan struct{}, 2)
	copyHalf := func(dst, src net.Conn) {
		// Either side may cut the connection at any time; that's its end and no failure of ours.
		_, _ = io.Copy(dst, src)
		if half, ok := dst.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		done <- struct{}{}
	}
	go copyHalf(out, in)
	go copyHalf(in, out)
	<-done
	<-done
	return nil
}
