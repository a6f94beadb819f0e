// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupsession

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
	// progressInterval is how often one pod's log is read at most.
	progressInterval = 10 * time.Second
	// progressTail is how many lines at its end are looked at: a line per repository, and some to spare.
	progressTail = 20
	// progressForget is when what is known of a pod is dropped.
	progressForget = 10 * time.Minute
)

// progressReader reads pods' progress, and remembers it only to not ask too often: losing it loses nothing.
type progressReader struct {
	logs  kube.LogReader
	clock clock.PassiveClock
	mu    sync.Mutex
	known map[types.UID]knownProgress
}

type knownProgress struct {
	at           time.Time
	byRepository map[string]*engine.Progress
}

func newProgressReader(logs kube.LogReader, c clock.PassiveClock) *progressReader {
	return &progressReader{logs: logs, clock: c, known: map[types.UID]knownProgress{}}
}

// read returns the last progress by repository name. A log that can't be read is no failure of the backup.
func (p *progressReader) read(ctx context.Context, pod *corev1.Pod) map[string]*engine.Progress {
	p.mu.Lock()
	known, ok := p.known[pod.UID]
	p.mu.Unlock()
	if ok && p.clock.Since(known.at) < progressInterval {
		return known.byRepository
	}
	lines, err := p.logs.Tail(ctx, pod.Namespace, pod.Name, metav1alpha1.ContainerKubeStash, progressTail)
	if err != nil {
		log.FromContext(ctx).V(1).Info("Reading progress failed", "pod", pod.Name, "reason", err.Error())
	}
	fresh := knownProgress{at: p.clock.Now(), byRepository: map[string]*engine.Progress{}}
	for name, progress := range known.byRepository {
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
	for uid, k := range p.known {
		if fresh.at.Sub(k.at) > progressForget {
			delete(p.known, uid)
		}
	}
	p.known[pod.UID] = fresh
	return fresh.byRepository
}
