// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestParts(t *testing.T) {
	pod := &corev1.PodSpec{Volumes: []corev1.Volume{{Name: "data"}, {Name: "config"}}}
	for name, tc := range map[string]struct {
		app       Application
		want      []string // component, claims, node
		wantError string
	}{
		"a Deployment is one part, whatever its replicas": {
			app: Application{Kind: "Deployment", Pod: pod, Replicas: ptr.To[int32](3)}, want: []string{"dump"},
		},
		"a claim is one part": {
			app: Application{Kind: "PersistentVolumeClaim", Name: "files"}, want: []string{"dump claim=files"},
		},
		"a StatefulSet has one for each pod, with the pod's own claims": {
			app:  Application{Kind: "StatefulSet", Name: "db", Pod: pod, Replicas: ptr.To[int32](2), ClaimTemplates: []string{"data", "wal"}},
			want: []string{"dump-pod-0 data-db-0 wal-db-0", "dump-pod-1 data-db-1 wal-db-1"},
		},
		"a StatefulSet may count from elsewhere": {
			app:  Application{Kind: "StatefulSet", Name: "db", Pod: pod, FirstOrdinal: 5, ClaimTemplates: []string{"data"}},
			want: []string{"dump-pod-5 data-db-5"},
		},
		"a StatefulSet without pods": {
			app: Application{Kind: "StatefulSet", Name: "db", Pod: pod, Replicas: ptr.To[int32](0)}, wantError: "scaled to zero",
		},
		"a DaemonSet has one for each node": {
			app: Application{Kind: "DaemonSet", Pod: pod, Nodes: []string{"node1", "node0"}}, want: []string{"dump-node0 node=node0", "dump-node1 node=node1"},
		},
		"a DaemonSet without pods": {app: Application{Kind: "DaemonSet", Pod: pod}, wantError: "no pod"},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := Parts(tc.app)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("got error %v, want one with %q", err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := describe(parts)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if len(pod.Volumes) != 2 || pod.Volumes[0].PersistentVolumeClaim != nil {
		t.Error("the pod template that was handed in changed")
	}
}

// describe says of each part its component, claims, node and ordinal.
func describe(parts []Part) []string {
	var got []string
	for _, p := range parts {
		words := []string{p.Component}
		if p.Pod != nil {
			for _, v := range p.Pod.Volumes {
				if v.PersistentVolumeClaim != nil {
					words = append(words, v.PersistentVolumeClaim.ClaimName)
				}
			}
		}
		if p.Claim != "" {
			words = append(words, "claim="+p.Claim)
		}
		if p.Node != "" {
			words = append(words, "node="+p.Node)
		}
		got = append(got, strings.Join(words, " "))
	}
	return got
}

func TestFind(t *testing.T) {
	pod := &corev1.PodSpec{Volumes: []corev1.Volume{{Name: "data"}}}
	set := Application{Kind: "StatefulSet", Name: "db", Pod: pod, Replicas: ptr.To[int32](1), ClaimTemplates: []string{"data"}}
	zero, bare := set, set
	zero.Replicas, bare.ClaimTemplates = ptr.To[int32](0), nil
	daemons := Application{Kind: "DaemonSet", Name: "agent", Pod: pod, Nodes: []string{"n1", "n2"}}
	for name, tc := range map[string]struct {
		app       Application
		wanted    []string
		want      []string
		wantError string
	}{
		"one of a StatefulSet's pods":                    {set, []string{"dump-pod-0"}, []string{"dump-pod-0 data-db-0"}, ""},
		"a pod that is gone: its claims may have stayed": {set, []string{"dump-pod-4"}, []string{"dump-pod-4 data-db-4"}, ""},
		"a StatefulSet that is scaled to zero":           {zero, []string{"dump-pod-0", "dump-pod-1"}, []string{"dump-pod-0 data-db-0", "dump-pod-1 data-db-1"}, ""},
		"a Deployment's component into a StatefulSet":    {set, []string{"dump"}, nil, "belongs to no pod of a StatefulSet"},
		"an ordinal that is no number":                   {set, []string{"dump-pod-01"}, nil, "belongs to no pod of a StatefulSet"},
		"a StatefulSet without claims has only pods":     {bare, []string{"dump-pod-1"}, nil, "no place to go in StatefulSet db, which has: dump-pod-0"},
		"a node that is there":                           {daemons, []string{"dump-n2"}, []string{"dump-n2 node=n2"}, ""},
		"a node that is gone":                            {daemons, []string{"dump-n1", "dump-n3"}, nil, "no pod of the DaemonSet runs on that node; there are: dump-n1, dump-n2"},
		"a StatefulSet's component into a Deployment":    {Application{Kind: "Deployment", Name: "web", Pod: pod}, []string{"dump-pod-0"}, nil, "Deployment web, which has: dump"},
		"a claim":                                {Application{Kind: "PersistentVolumeClaim", Name: "files"}, []string{"dump"}, []string{"dump claim=files"}, ""},
		"no target: whatever the components are": {Application{}, []string{"dump-pod-3", "dump-n1"}, []string{"dump-pod-3", "dump-n1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := Find(tc.app, tc.wanted)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("got error %v, want one with %q", err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(parts); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			for _, p := range parts {
				if digits, _ := ordinalOf(p.Component); p.Ordinal != digits {
					t.Errorf("part %s has ordinal %q", p.Component, p.Ordinal)
				}
			}
		})
	}
}
