// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/tests/cluster/internal/network"
	"kubestash.com/kubestash/tests/cluster/internal/plan"
	"kubestash.com/kubestash/tests/cluster/internal/process"
)

// ErrNotRunning says that there is no cluster, or one with a dead server or a node that isn't ready.
var ErrNotRunning = errors.New("the cluster isn't running")

// Status prints what runs, and returns ErrNotRunning unless all of it does.
func (m Machine) Status(ctx context.Context, out io.Writer) error {
	s, err := ReadSettings(m.Place.State)
	if err != nil {
		return err
	}
	if s == nil {
		left, err := m.Leftovers()
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "no cluster on this machine")
		for _, l := range left {
			fmt.Fprintln(out, "  there is", l)
		}
		return ErrNotRunning
	}
	fmt.Fprintf(out, "Kubernetes %s, %d nodes, in %s, logs in %s\n\n", s.Minor, s.Nodes, m.Place.State, m.Place.Logs())
	records, err := m.table().Records()
	if err != nil {
		return err
	}
	healthy := len(records) > 0
	w := tabwriter.NewWriter(out, 0, 4, 3, ' ', 0)
	fmt.Fprintln(w, "SERVER\tSTATE\tPID\tSINCE\tMEMORY")
	total := 0
	for _, r := range records {
		state, memory := "running", resident(r)
		if !r.IsAlive() {
			state, memory, healthy = "dead", 0, false
		}
		total += memory
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d MiB\n", r.Name, state, r.PID, m.Now().Sub(r.Started).Round(time.Second), memory)
	}
	fmt.Fprintf(w, "sum\t\t\t\t%d MiB\n\n", total)
	ready := m.nodeStatus(ctx, w)
	if err := w.Flush(); err != nil {
		return err
	}
	if !healthy || ready < s.Nodes {
		return ErrNotRunning
	}
	return nil
}

// nodeStatus prints the nodes and returns how many are ready.
func (m Machine) nodeStatus(ctx context.Context, w io.Writer) int {
	client, err := m.Client()
	if err != nil {
		fmt.Fprintln(w, "no nodes:", err)
		return 0
	}
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Fprintln(w, "no nodes:", err)
		return 0
	}
	count := 0
	fmt.Fprintln(w, "NODE\tREADY\tVERSION\tADDRESS")
	for _, n := range list.Items {
		if isReady(n) {
			count++
		}
		address := ""
		if len(n.Status.Addresses) > 0 {
			address = n.Status.Addresses[0].Address
		}
		fmt.Fprintf(w, "%s\t%t\t%s\t%s\n", n.Name, isReady(n), n.Status.NodeInfo.KubeletVersion, address)
	}
	return count
}

// resident is a process's memory in MiB; zero when it can't be read.
func resident(r process.Record) int {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(r.PID), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				return 0
			}
			return kib / 1024
		}
	}
	return 0
}

// Leftovers lists what a cluster that is gone has left behind: processes, mounts, namespaces, links, control groups. A registry that runs
// without a cluster is listed as what it is.
func (m Machine) Leftovers() ([]string, error) {
	left := network.Leftovers()
	marked, err := m.table().Marked()
	if err != nil {
		return nil, err
	}
	for _, r := range marked {
		left = append(left, r.Name)
	}
	mounts, err := mountsBelow(m.Place.State)
	if err != nil {
		return nil, err
	}
	for _, p := range mounts {
		left = append(left, "mount "+p)
	}
	all, err := plan.New(plan.MaxNodes, m.Place.State)
	if err != nil {
		return nil, err
	}
	for _, n := range all.Nodes {
		if m.cgroups().Exists(n.CgroupRoot) {
			left = append(left, "control group "+n.CgroupRoot)
		}
	}
	return left, nil
}
