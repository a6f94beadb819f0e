// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bufio"
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// maxLogTail bounds what is read of a pod's log.
const maxLogTail int64 = 64 << 10

// LogReader reads the end of a container's log.
type LogReader interface {
	// Tail returns the last lines, oldest first.
	Tail(ctx context.Context, namespace, pod, container string, lines int64) ([]string, error)
}

// LogOpener reads a container's log from its beginning.
type LogOpener interface {
	// Open returns at most limit bytes. Close it.
	Open(ctx context.Context, namespace, pod, container string, limit int64) (io.ReadCloser, error)
}

// NewLogReader reads through the API server.
func NewLogReader(c kubernetes.Interface) LogReader { return logReader{c} }

// NewLogOpener reads through the API server.
func NewLogOpener(c kubernetes.Interface) LogOpener { return logReader{c} }

type logReader struct{ kubernetes.Interface }

func (l logReader) Tail(ctx context.Context, namespace, pod, container string, lines int64) ([]string, error) {
	limit := maxLogTail
	stream, err := l.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, TailLines: &lines, LimitBytes: &limit,
	}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading log of pod %s/%s: %w", namespace, pod, err)
	}
	defer func() { _ = stream.Close() }()
	var out []string
	scanner := bufio.NewScanner(io.LimitReader(stream, maxLogTail))
	scanner.Buffer(make([]byte, 0, 4096), int(maxLogTail))
	for scanner.Scan() {
		out = append(out, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("reading log of pod %s/%s: %w", namespace, pod, err)
	}
	return out, nil
}

func (l logReader) Open(ctx context.Context, namespace, pod, container string, limit int64) (io.ReadCloser, error) {
	stream, err := l.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container, LimitBytes: &limit}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading log of pod %s/%s: %w", namespace, pod, err)
	}
	return stream, nil
}
