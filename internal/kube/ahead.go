// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"strconv"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ahead knows what was written last of each object, so that a pass isn't made over what an earlier pass has outdated: it would ask for the
// same things again, and be refused. Nothing is wrong without it: what a pass does can be repeated.
type ahead struct {
	mutex   sync.Mutex
	written map[client.ObjectKey]*version
}

// version is what the cache is waited for, a few times.
type version struct {
	number uint64
	left   int
}

// patience is how often a pass is put off: some seconds in all. A cache that is behind for longer has lost its connection.
const patience = 30

// wrote notes what an object is now.
func (a *ahead) wrote(obj client.Object) {
	number, err := strconv.ParseUint(obj.GetResourceVersion(), 10, 64)
	if err != nil {
		return
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.written == nil {
		a.written = map[client.ObjectKey]*version{}
	}
	a.written[client.ObjectKeyFromObject(obj)] = &version{number: number, left: patience}
}

// isOf reports whether an object that was read is older than what was written, and is to be read again.
func (a *ahead) isOf(obj client.Object) bool {
	number, err := strconv.ParseUint(obj.GetResourceVersion(), 10, 64)
	key := client.ObjectKeyFromObject(obj)
	a.mutex.Lock()
	defer a.mutex.Unlock()
	v := a.written[key]
	if v == nil {
		return false
	}
	if err != nil || number >= v.number || v.left == 0 {
		delete(a.written, key)
		return false
	}
	v.left--
	return true
}

func (a *ahead) forget(key client.ObjectKey) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.written, key)
}
