// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"kubestash.com/kubestash/internal/domain/storage"
)

// memory holds when each storage was looked at. Nothing is wrong without it: after a restart every storage is looked
// at once.
type memory struct {
	mu    sync.Mutex
	looks map[types.UID]storage.LastLook
}

func newMemory() *memory { return &memory{looks: map[types.UID]storage.LastLook{}} }

func (m *memory) recall(uid types.UID) storage.LastLook {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.looks[uid]
}

func (m *memory) remember(uid types.UID, look storage.LastLook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks[uid] = look
}

func (m *memory) forget(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.looks, uid)
}
