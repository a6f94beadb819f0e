// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
)

// lost is the log of a pod whose node doesn't answer.
type lost struct{}

func (lost) Tail(ctx context.Context, _, _, _ string, _ int64) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestANodeThatIsLostDoesNotHoldUpItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		NewReader(lost{}, clock.RealClock{}).Read(t.Context(), &corev1.Pod{})
		if took := time.Since(began); took != patience {
			t.Errorf("reading took %s, want %s", took, patience)
		}
	})
}
