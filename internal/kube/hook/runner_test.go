// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/internal/domain/hook"
)

var owner = &corev1alpha1.BackupSession{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", UID: "u"}}

func TestAnAttemptIsMadeOnceAndRemembered(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Unix(1_800_000_000, 0))
	release, runs := make(chan struct{}), atomic.Int32{}
	r := NewRunner(now, func(f func()) { go f() })
	for range 3 {
		r.Run("k", owner, time.Minute, func(context.Context) string { runs.Add(1); <-release; return "no luck." })
	}
	if got := r.Look("k"); got != (hook.Attempt{Known: true}) {
		t.Errorf("while it runs: %+v", got)
	}
	close(release)
	if got := (<-r.Calls()).Object; got.GetName() != "web-1" || got == owner {
		t.Errorf("called for %v", got)
	}
	if got := r.Look("k"); got != (hook.Attempt{Known: true, Ended: true, Error: "no luck."}) || runs.Load() != 1 {
		t.Errorf("after it: %+v, %d runs", got, runs.Load())
	}
	now.SetTime(now.Now().Add(remembered + time.Second))
	r.Settle("other", owner, "refused.")
	if r.Look("k").Known || r.Look("other").Error != "refused." {
		t.Error("an old outcome is kept, or a new one is not")
	}
}

func TestTheTimeStartsWhenThereIsRoom(t *testing.T) {
	r := NewRunner(clocktesting.NewFakePassiveClock(time.Now()), func(f func()) { go f() })
	release := make(chan struct{})
	var started sync.WaitGroup
	started.Add(atOnce)
	for i := range atOnce {
		r.Run(string(rune('a'+i)), owner, time.Minute, func(context.Context) string { started.Done(); <-release; return "" })
	}
	started.Wait()
	late := make(chan error, 1)
	r.Run("late", owner, time.Minute, func(ctx context.Context) string { late <- ctx.Err(); return "" })
	select {
	case <-late:
		t.Fatal("more run at a time than may")
	default:
	}
	close(release)
	if err := <-late; err != nil {
		t.Error(err)
	}
}

// Nobody listens: an attempt ends all the same.
func TestNobodyListens(t *testing.T) {
	r := NewRunner(clocktesting.NewFakePassiveClock(time.Now()), func(f func()) { f() })
	for i := range called + 10 {
		r.Settle(time.Duration(i).String(), owner, "refused.")
	}
	if !r.Look(time.Duration(called + 9).String()).Ended {
		t.Error("the last one has not ended")
	}
}
