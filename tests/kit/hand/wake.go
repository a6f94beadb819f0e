// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"context"
	"fmt"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// woken are the BackupSessions whose turn has come.
type woken struct {
	mutex sync.Mutex
	keys  []client.ObjectKey
}

func (w *woken) add(request reconcile.Request) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.keys = append(w.keys, request.NamespacedName)
}

// Woken returns the BackupSessions that were woken since the last call, because their turn has come.
func (d *Driver) Woken() []client.ObjectKey {
	d.woken.mutex.Lock()
	defer d.woken.mutex.Unlock()
	keys := d.woken.keys
	d.woken.keys = nil
	return keys
}

// PassBackup is one look at one BackupSession. It may be called from several goroutines at once, as workers do.
func (d *Driver) PassBackup(ctx context.Context, key client.ObjectKey) error {
	if _, err := d.set.reconcile[backups](d.context(ctx), key); err != nil {
		return fmt.Errorf("reconciling %s: %w", pass{backups, key}, err)
	}
	return nil
}
