// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"kubestash.com/kubestash/tests/kit/tool"
	"kubestash.com/kubestash/tests/s3"
)

// Restic looks at a repository in the S3 server with nothing but restic, the server's keys and the password.
func Restic(t testing.TB, url, password string, args ...string) []byte {
	t.Helper()
	cmd := ResticCommand(t, url, password, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("restic %s: %v: %s", args[0], err, stderr.String())
	}
	return out
}

// ResticCommand is the same before it runs.
func ResticCommand(t testing.TB, url, password string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool.Path(t, "restic"), append([]string{"--no-cache", "-r", url}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+Keys.AccessKey, "AWS_SECRET_ACCESS_KEY="+Keys.SecretKey,
		"AWS_DEFAULT_REGION="+s3.Region, "RESTIC_PASSWORD="+password)
	return cmd
}
