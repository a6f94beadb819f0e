// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
)

// maxOutput is how much is kept of what a command writes to its standard error.
const maxOutput = 4 << 10

// Execer runs a command in a container.
type Execer interface {
	// Exec returns what the command wrote to its standard error, or the end of it, and an exec.CodeExitError when it failed.
	Exec(ctx context.Context, namespace, pod, container string, command []string) (stderr string, err error)
}

// NewExecer runs commands through the API server.
func NewExecer(cfg *rest.Config, c kubernetes.Interface) Execer { return execer{cfg, c} }

type execer struct {
	config *rest.Config
	kubernetes.Interface
}

func (e execer) Exec(ctx context.Context, namespace, pod, container string, command []string) (string, error) {
	url := e.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	session, err := remotecommand.NewSPDYExecutor(e.config, "POST", url)
	if err != nil {
		return "", fmt.Errorf("preparing to run a command: %w", err)
	}
	stderr := &tail{}
	// The output is read to its end, or the command would block on it; nobody wants to see it.
	err = session.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: io.Discard, Stderr: stderr})
	return stderr.String(), err
}

// exec succeeds with exit code 0. What the command is, is not told: it may hold a password.
func (e *Executor) exec(ctx context.Context, pod *corev1.Pod, container string, command []string) error {
	if container == "" {
		container = pod.Spec.Containers[0].Name
	}
	stderr, err := e.Exec.Exec(ctx, pod.Namespace, pod.Name, container, command)
	var code exec.CodeExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &code):
		text := fmt.Sprintf("the command ended with exit code %d", code.Code)
		if last := strings.TrimSpace(stderr); last != "" {
			text += ": " + last
		}
		return errors.New(text)
	default:
		return fmt.Errorf("running the command in container %s: %w", container, err)
	}
}

// tail keeps the end of what is written.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.Buffer.Write(p[max(0, len(p)-maxOutput):])
	if over := t.Len() - maxOutput; over > 0 {
		t.Next(over)
	}
	return n, nil
}
