// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"strings"
)

// StopServer kills one server of the cluster, as a machine loses one: nothing is told to anybody. Pods go on running.
// Up starts it again.
func (m Machine) StopServer(ctx context.Context, name string) error {
	if err := m.CheckMachine(); err != nil {
		return err
	}
	held, err := m.Lock(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	records, err := m.table().Records()
	if err != nil {
		return err
	}
	var names []string
	for _, r := range records {
		if r.Name == name {
			return m.table().Stop(name, 0)
		}
		names = append(names, r.Name)
	}
	return fmt.Errorf("stopping %s: there is no such server; there are: %s", name, strings.Join(names, ", "))
}
