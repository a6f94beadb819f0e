// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kubestash.com/kubestash/internal/domain/retention"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/tool"
)

// Our rule chooses the ids itself; where restic has the same rule, the two agree.
func TestRetentionKeepsWhatResticWouldKeep(t *testing.T) {
	p := newPod(t)
	p.write(filepath.Join(p.source, "f"), "x")
	c := p.client()
	must(t, c.Init(t.Context()))
	random := rand.New(rand.NewSource(5))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := at.AddDate(0, 1, 0) // a Snapshot of the future is another story
	var history []retention.Snapshot
	for range 16 {
		at = at.Add(-time.Duration(1+random.Intn(20*24*60)) * time.Minute).Truncate(time.Second)
		if random.Intn(3) > 0 {
			at = at.Add(10 * 24 * time.Hour).Add(-time.Duration(random.Intn(600)) * time.Minute)
		}
		if len(history) > 0 && !at.Before(history[len(history)-1].Time) {
			at = history[len(history)-1].Time.Add(-time.Duration(1+random.Intn(90)) * time.Minute)
		}
		summary, err := c.Backup(t.Context(), engine.BackupRequest{Path: p.source, Host: "dump", Time: at}, nil)
		must(t, err)
		history = append(history, retention.Snapshot{Name: summary.ID, Time: at})
	}
	for range 12 {
		count := func() *int32 {
			n := random.Int31n(7)
			return &n
		}
		policy := retention.Policy{Last: count(), Hourly: count(), Daily: count(), Weekly: count(), Monthly: count(), Yearly: count()}
		if *policy.Last+*policy.Hourly+*policy.Daily+*policy.Weekly+*policy.Monthly+*policy.Yearly == 0 {
			continue
		}
		want := p.resticDrops(policy)
		got := retention.Dropped(retention.Decide(history, policy, now))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("last %d, hourly %d, daily %d, weekly %d, monthly %d, yearly %d of %v:\nwe drop     %v\nrestic drops %v",
				*policy.Last, *policy.Hourly, *policy.Daily, *policy.Weekly, *policy.Monthly, *policy.Yearly, history, got, want)
		}
	}
}

// resticDrops asks restic what its own policy would remove.
func (p *pod) resticDrops(policy retention.Policy) []string {
	p.t.Helper()
	args := []string{"--repo", filepath.Join(p.volume, repoDir), "--password-file", filepath.Join(p.taskDir, "password"), "--no-cache", "--json", "forget", "--dry-run"}
	for flag, n := range map[string]*int32{"last": policy.Last, "hourly": policy.Hourly, "daily": policy.Daily,
		"weekly": policy.Weekly, "monthly": policy.Monthly, "yearly": policy.Yearly} {
		if *n > 0 {
			args = append(args, fmt.Sprintf("--keep-%s=%d", flag, *n))
		}
	}
	cmd := exec.CommandContext(p.t.Context(), tool.Path(p.t, "restic"), args...)
	cmd.Env = []string{"TZ=UTC", "HOME=" + p.scratch}
	out, err := cmd.Output()
	must(p.t, err)
	var groups []struct {
		Remove []struct {
			ID string `json:"id"`
		} `json:"remove"`
	}
	must(p.t, json.Unmarshal(out, &groups))
	var ids []string
	for _, group := range groups {
		for _, s := range group.Remove {
			ids = append(ids, s.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
