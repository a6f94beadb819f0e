// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// terminal runs what it prints, so that a reader can trust and repeat it.
type terminal struct {
	out io.Writer
	// dir is the checkout: commands name files relative to it.
	dir string
	// env is added to that of the process. Secrets travel here and are named in commands, never spelled.
	env []string
}

func (t *terminal) say(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

func (t *terminal) title(number int, text string) {
	fmt.Fprintf(t.out, "\n%s\n%d. %s\n%s\n", strings.Repeat("─", 100), number, text, strings.Repeat("─", 100))
}

// run prints a command, and what it prints as it comes.
func (t *terminal) run(ctx context.Context, command string) error {
	fmt.Fprintf(t.out, "\n$ %s\n", command)
	cmd := t.command(ctx, command)
	cmd.Stdout, cmd.Stderr = t.out, t.out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running %q: %w", command, err)
	}
	return nil
}

// capture runs a command without printing anything, and returns its output.
func (t *terminal) capture(ctx context.Context, command string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := t.command(ctx, command)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("running %q: %w: %s", command, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

func (t *terminal) command(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", command)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), t.env...)
	// A command that is told to stop gets the chance to clean up behind itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
