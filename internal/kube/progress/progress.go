// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/task"
)

const (
	// interval is how often one pod's log is read at most.
	interval = 10 * time.Second
	// tail is how many lines at its end are looked at: a line per repository, and some to spare.
	tail = 20
	// forget is when what is known of a pod is dropped.
	forget = 10 * time.Minute
	// patience is how long a log may take. That of a pod on a node that is lost takes for ever, and its run has a deadline.
	patience = 5 * time.Second
)

// Reader reads pods' progress, and remembers it only to not ask too often: losing it loses nothing.
type Reader struct {
	logs  kube.LogReader
	clock clock.PassiveClock
	mu    sync.Mutex
	pods  map[types.UID]known
}

type known struct {
	at           time.Time
	byRepository map[string]*engine.Progress
}

// NewReader returns a Reader that knows nothing yet.
func NewReader(logs kube.LogReader, c clock.PassiveClock) *Reader {
	return &Reader{logs: logs, clock: c, pods: map[types.UID]known{}}
}

// Read returns the last progress by repository name. A log that can't be read is no failure of the backup.
func (p *Reader) Read(ctx context.Context, pod *corev1.Pod) map[string]*engine.Progress {
	p.mu.Lock()
	last, ok := p.pods[pod.UID]
	p.mu.Unlock()
	if ok && p.clock.Since(last.at) < interval {
		return last.byRepository
	}
	reading, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lines, err := p.logs.Tail(reading, pod.Namespace, pod.Name, metav1alpha1.ContainerKubeStash, tail)
	if err != nil {
		log.FromContext(ctx).V(1).Info("Reading progress failed", "pod", pod.Name, "reason", err.Error())
	}
	fresh := known{at: p.clock.Now(), byRepository: map[string]*engine.Progress{}}
	for name, progress := range last.byRepository {
		fresh.byRepository[name] = progress
	}
	for _, line := range lines {
		var l task.ProgressLine
		if json.Unmarshal([]byte(line), &l) == nil && l.Progress != nil {
			fresh.byRepository[l.Repository] = l.Progress
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for uid, k := range p.pods {
		if fresh.at.Sub(k.at) > forget {
			delete(p.pods, uid)
		}
	}
	p.pods[pod.UID] = fresh
	return fresh.byRepository
}
