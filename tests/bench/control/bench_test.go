//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"kubestash.com/kubestash/tests/bench"
)

// TestOperator measures one thing after the other. Each has a server of its own.
func TestOperator(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	binary := bench.Build(t, "operator")
	var rows []row
	for _, part := range []struct {
		name    string
		measure func(t *testing.T, binary string) []row
	}{
		{"slots", slots}, {"admission", admission}, {"memory", memory}, {"many", many},
	} {
		t.Run(part.name, func(t *testing.T) {
			started := time.Now()
			rows = append(rows, part.measure(t, binary)...)
			fmt.Printf("%s: took %s; load average at its end: %s\n", part.name, time.Since(started).Round(time.Second), bench.Load())
		})
	}
	fmt.Printf("\n%s; %d %% of the objects\n\n%s\n", bench.Machine(), bench.Percent(), table(rows))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
