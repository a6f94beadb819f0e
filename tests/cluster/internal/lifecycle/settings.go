// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/process"
	"kubestash.com/kubestash/tests/cluster/internal/tool"
)

// Settings is what a cluster was made with.
type Settings struct {
	Nodes int    `json:"nodes"`
	Minor string `json:"kubernetes"`
	// Boot is the machine's boot that the cluster was made in. Namespaces, mounts and control groups don't outlive it.
	Boot string `json:"boot"`
}

// Request is what a user asks for; zero values mean that of the existing cluster, else the default.
type Request struct {
	Nodes int
	Minor string
}

func settingsFile(state string) string { return filepath.Join(state, "settings.json") }

// ReadSettings reads the settings of the machine's cluster; nil means that there is none.
func ReadSettings(state string) (*Settings, error) {
	data, err := os.ReadFile(settingsFile(state))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's settings: %w", err)
	}
	var s Settings
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("reading the cluster's settings: %w", err)
	}
	return &s, nil
}

func writeSettings(state string, s Settings) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the cluster's settings: %w", err)
	}
	return writeFile(settingsFile(state), string(data)+"\n")
}

// merge decides what the cluster will be. A request that contradicts the existing cluster is refused: to follow it we'd have to throw away
// what is in it.
func merge(have *Settings, want Request, boot string) (Settings, error) {
	if have == nil {
		s := Settings{Nodes: want.Nodes, Minor: want.Minor, Boot: boot}
		if s.Nodes == 0 {
			s.Nodes = 2
		}
		if s.Minor == "" {
			s.Minor = tool.KubernetesVersions[0]
		}
		return s, nil
	}
	if (want.Nodes != 0 && want.Nodes != have.Nodes) || (want.Minor != "" && want.Minor != have.Minor) {
		return *have, fmt.Errorf("starting the cluster: one with %d nodes and Kubernetes %s exists on this machine; run cluster-down first",
			have.Nodes, have.Minor)
	}
	return *have, nil
}

// layout is the cluster's plan, or the largest one where settings are lost: what is taken away must cover every node there may have been.
func (m Machine) layout() (plan.Cluster, *Settings, error) {
	s, err := ReadSettings(m.Place.State)
	nodes := plan.MaxNodes
	if err == nil && s != nil {
		nodes = s.Nodes
	}
	c, planErr := plan.New(nodes, m.Place.State)
	return c, s, planErr
}

// isFromAnotherBoot says whether the machine was started anew since the cluster was made.
func (s Settings) isFromAnotherBoot() bool {
	boot, err := process.Boot()
	return err == nil && boot != s.Boot
}
