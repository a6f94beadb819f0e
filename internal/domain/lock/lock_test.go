// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"slices"
	"testing"

	"kubestash.com/kubestash/internal/domain/naming"
)

func TestEnded(t *testing.T) {
	one := naming.Job("a", "dump", 1)
	of := func(component string) string { return naming.Job("a", component, 2) }
	last := naming.RetentionPolicyJob("a")
	for sentence, c := range map[string]struct {
		facts Facts
		want  []string
	}{
		"nobody was there": {Facts{Component: "dump"}, nil},
		"a run that works is alive": {
			Facts{Component: "dump", Backups: []Run{{Session: "a", Components: 1}}}, nil},
		"a run whose components have worked has left their locks": {
			Facts{Component: "dump", Backups: []Run{{Session: "a", Components: 1, Worked: true}}}, []string{one}},
		"its last step may still come": {
			Facts{Component: "dump-pod-0", Backups: []Run{{Session: "a", Components: 2, Worked: true}}}, []string{of("dump-pod-0")}},
		"a run that is over has left that of its last step too": {
			Facts{Component: "dump-pod-0", Backups: []Run{{Session: "a", Components: 2, Worked: true, Over: true}}},
			[]string{of("dump-pod-0"), last}},
		"a Job that may start a pod is alive, whatever else is known": {
			Facts{Component: "dump", Backups: []Run{{Session: "a", Components: 1, Worked: true, Over: true}}, Open: map[string]bool{one: true}}, nil},
		"a restore that is over": {
			Facts{Component: "dump", Restores: []Run{{Session: "r", Components: 1, Over: true}}}, []string{naming.RestoreJob("r", "dump", 1)}},
		"a run with several targets has left those of its own target": {
			Facts{Component: "dump-pod-0", Backups: []Run{{Session: "a", Target: "db", Components: 2, Over: true}}},
			[]string{naming.TargetJob("a", "db", "dump-pod-0", 2), naming.TargetRetentionPolicyJob("a", "db")}},
		"the last maintenance": {Facts{Component: "dump", Maintenance: []string{"m", ""}}, []string{"m"}},
		"a maintenance that works is alive": {
			Facts{Component: "dump", Maintenance: []string{"m"}, Open: map[string]bool{"m": true}}, nil},
		"a restore that works is alive": {
			Facts{Component: "dump", Restores: []Run{{Session: "r", Components: 1}}}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			want := slices.Sorted(slices.Values(c.want))
			if got := Ended(c.facts); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
