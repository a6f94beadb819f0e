// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"kubestash.com/kubestash/internal/engine"
)

const (
	// configFile is what makes a folder a restic repository, and keysFolder what is written before it.
	configFile  = "config"
	keysFolder  = "keys"
	locksFolder = "locks"
)

// patience is how long a store may take to answer at all: in a pod's first seconds its network may not be there.
var patience = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}

// errEnough ends a listing.
var errEnough = errors.New("enough")

// holding is what lies in a repository's folder.
type holding int

const (
	// holdsNothing but keys, perhaps: there is no repository.
	holdsNothing holding = iota
	// holdsData without the file that would make a repository of it.
	holdsData
	holdsConfig
)

// reach proves that the store answers and that its bucket is there, before restic is asked anything: restic
// repeats a failing request for a quarter of an hour, takes a missing bucket for an absent repository, and
// would then create both. It returns what lies in the repository's folder, and the keys of one that has no more.
func (w *work) reach(ctx context.Context, r *repository) (keys []string, holds holding, err error) {
	for attempt := 0; ; attempt++ {
		keys, holds = nil, holdsNothing
		// In the order of names config comes first, so a store that lists in order is asked once.
		err = r.objects.List(ctx, r.dir, func(key string) error {
			within, _ := strings.CutPrefix(key, r.dir+"/")
			switch {
			case within == configFile:
				holds = holdsConfig
				return errEnough
			case strings.HasPrefix(within, keysFolder+"/"):
				keys = append(keys, key)
			default:
				holds = holdsData
			}
			return nil
		})
		if err == nil || errors.Is(err, errEnough) {
			return keys, holds, nil
		}
		err = r.safe(err)
		if engine.ClassOf(err) != engine.ClassUnreachable || attempt == len(patience) {
			return nil, holdsNothing, err
		}
		w.Log.Info("the store does not answer yet", "reason", err.Error())
		if w.Wait(ctx, patience[attempt]) != nil {
			return nil, holdsNothing, err
		}
	}
}

// ensure makes sure that there is a repository, and reports whether it created it. In the usual case it
// costs one request to the store and no process: a wrong password shows when restic does its work.
func (w *work) ensure(ctx context.Context, r *repository) (created bool, err error) {
	keys, holds, err := w.reach(ctx, r)
	switch {
	case err != nil || holds == holdsConfig:
		return false, err
	case holds == holdsData:
		return false, &engine.Error{Class: engine.ClassDamaged, Message: "there is data in " + r.dir +
			", but no " + configFile + " file of restic: put it back, or move the data away"}
	}
	exists, err := r.engine.Exists(ctx)
	if err != nil || exists {
		return false, err
	}
	// restic writes the key first and refuses to go on where it finds one: so a pod that was killed in
	// between would block this folder for ever. A folder that holds keys and nothing else has nothing to lose.
	for _, key := range keys {
		w.Log.Info("removing the remains of an unfinished creation", "file", key)
		if err := r.objects.Delete(ctx, key); err != nil {
			return false, r.safe(err)
		}
	}
	if r.backend.IsVolume() {
		if err := w.prepareFolders(ctx, r); err != nil {
			return false, err
		}
	}
	w.Log.Info("creating the repository", "folder", r.dir)
	if err := r.engine.Init(ctx); err != nil {
		return false, err
	}
	return true, nil
}

// prepareFolders makes the folders above the repository, so that the pods of other users can write beside it:
// restic would make them private.
func (w *work) prepareFolders(ctx context.Context, r *repository) error {
	parent := path.Dir(r.dir)
	if parent == "." {
		return nil
	}
	return r.safe(w.probe(ctx, r.store, parent))
}

// isOf reports whether a pod of that host name belongs to the Job. Kubernetes gives the pods of a Job its
// name, shortened to 57 letters and the dash, and five letters that mean nothing.
func isOf(job, host string) bool {
	const letters, longest = 5, 58
	base := job + "-"
	if len(base) > longest {
		base = base[:longest]
	}
	rest, ok := strings.CutPrefix(host, base)
	return job != "" && ok && len(rest) == letters && !strings.ContainsAny(rest, "-.")
}

// removeStaleLocks removes the locks of pods of our own Job, which has replaced them because they ended, and
// of Jobs that are proved to be over. Every other lock is its owner's: restic waits for it.
func (w *work) removeStaleLocks(ctx context.Context, r *repository) ([]string, error) {
	return w.removeLocks(ctx, r, func(host string) bool { return host != w.Hostname && w.isOver(host) })
}

// removeOwnLocks is for after restic was killed in this very pod.
func (w *work) removeOwnLocks(ctx context.Context, r *repository) error {
	_, err := w.removeLocks(ctx, r, func(host string) bool { return host == w.Hostname && isOf(w.task.Job, host) })
	return err
}

func (w *work) removeLocks(ctx context.Context, r *repository, isStale func(host string) bool) ([]string, error) {
	folder := path.Join(r.dir, locksFolder)
	locked := false
	err := r.objects.List(ctx, folder, func(string) error { locked = true; return errEnough })
	if err != nil && !errors.Is(err, errEnough) {
		return nil, r.safe(err)
	}
	if !locked {
		return nil, nil
	}
	locks, err := r.engine.Locks(ctx)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, lock := range locks {
		if !isStale(lock.Host) {
			continue
		}
		if err := r.objects.Delete(ctx, path.Join(folder, lock.ID)); err != nil {
			return removed, r.safe(err)
		}
		w.Log.Info("removed a stale lock", "holder", lock.Host, "lock", lock.ID)
		removed = append(removed, lock.Host)
	}
	return removed, nil
}

func (w *work) isOver(host string) bool {
	for _, job := range append([]string{w.task.Job}, w.task.EndedJobs...) {
		if isOf(job, host) {
			return true
		}
	}
	return false
}
