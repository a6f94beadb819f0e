// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Key names a BackupSession.
type Key struct{ Namespace, Name string }

// Session is a BackupSession that wants to run, or runs.
type Session struct {
	Key
	// Group is the session of the BackupConfiguration: of a group, one runs at a time.
	Group   string
	Created time.Time
	// Storages are those that it writes to.
	Storages []Storage
	// Nodes are those on which its pods have to run, as far as that is known.
	Nodes []string
}

// Storage is a BackupStorage.
type Storage struct {
	// Name is "namespace/name".
	Name string
	// Limit is the storage's own; nil means what Limits says. Zero means none.
	Limit *int32
}

// Limits are how many BackupSessions run at once. Zero means no limit.
type Limits struct {
	// Cluster is for all of them.
	Cluster int
	// Storage is for each BackupStorage that has no limit of its own.
	Storage int
	// Node is for each node.
	Node int
}

// Cause is why a session waits.
type Cause string

const (
	// Cluster means that as many run in the cluster as may.
	Cluster Cause = "Cluster"
	// OfStorage means that as many write to a BackupStorage as may.
	OfStorage Cause = "Storage"
	// OfNode means that as many run on a node as may.
	OfNode Cause = "Node"
	// Predecessor means that another one of the same group runs.
	Predecessor Cause = "Predecessor"
)

// Turn is the answer to who asks.
type Turn struct {
	Admitted bool
	// Position among Total that wait; the next one is 1.
	Position, Total int
	Cause           Cause
	// What is the BackupStorage or the node of which the limit is reached, or the name of the predecessor.
	What string
	// Running of Limit run there.
	Running, Limit int
}

// Line is all that run and all that wait.
type Line struct {
	limits  Limits
	running map[Key]Session
	tally   tally
	lanes   map[string]*lane
	waiting int
	turns   int
}

// lane is a namespace: what waits there, the oldest first, how many run, and when it has had its last turn.
type lane struct {
	waiting []Session
	running int
	served  served
}

// served orders turns: those that were given at the same moment by their number.
type served struct {
	at   time.Time
	turn int
}

// New returns an empty Line.
func New(limits Limits) *Line {
	return &Line{limits: limits, running: map[Key]Session{}, tally: newTally(), lanes: map[string]*lane{}}
}

// Served tells when a namespace has had a turn, before the Line was there to see it.
func (l *Line) Served(namespace string, at time.Time) {
	lane := l.lane(namespace)
	if at.After(lane.served.at) {
		lane.served.at = at
	}
}

// Run takes in a session that runs, or takes its claims anew.
func (l *Line) Run(s Session) {
	l.unwait(s.Key)
	l.stop(s.Key)
	l.running[s.Key] = s
	l.tally.add(s, 1)
	l.lane(s.Namespace).running++
}

func (l *Line) stop(k Key) bool {
	s, runs := l.running[k]
	if runs {
		l.tally.add(s, -1)
		l.lane(s.Namespace).running--
		delete(l.running, k)
	}
	return runs
}

// Wait takes in a session that waits, or takes its claims anew.
func (l *Line) Wait(s Session) {
	l.unwait(s.Key)
	lane := l.lane(s.Namespace)
	at, _ := slices.BinarySearchFunc(lane.waiting, s, older)
	lane.waiting = slices.Insert(lane.waiting, at, s)
	l.waiting++
}

// Ask answers whether a session may run now. When it may, it runs from then on.
func (l *Line) Ask(s Session, now time.Time) Turn {
	if _, runs := l.running[s.Key]; runs {
		l.Run(s)
		return Turn{Admitted: true}
	}
	l.Wait(s)
	turn := l.obstacle(s, l.tally)
	if turn.Cause == "" {
		next, then := l.next()
		if slices.Contains(next, s.Key) {
			l.Run(s)
			l.turns++
			l.lane(s.Namespace).served = served{at: now, turn: l.turns}
			return Turn{Admitted: true}
		}
		// What room there is belongs to those that come first.
		turn = l.obstacle(s, then)
	}
	turn.Position, turn.Total = l.position(s), l.waiting
	return turn
}

// Leave forgets a session that has ended, or that doesn't want to run any more, and reports whether it was known.
func (l *Line) Leave(k Key) bool {
	return l.stop(k) || l.unwait(k)
}

// Runs reports whether a session runs.
func (l *Line) Runs(k Key) bool {
	_, runs := l.running[k]
	return runs
}

// Next are those that may run now, in their order: no more than there is room for.
func (l *Line) Next() []Key {
	next, _ := l.next()
	return next
}

// next also returns what runs once they do.
func (l *Line) next() ([]Key, tally) {
	then := l.tally.clone()
	taken := map[Key]bool{}
	var next []Key
	for len(next) < l.waiting && (l.limits.Cluster == 0 || then.all < l.limits.Cluster) {
		s, found := l.first(then, taken)
		if !found {
			break
		}
		taken[s.Key] = true
		then.add(s, 1)
		next = append(next, s.Key)
	}
	return next, then
}

// first is the session whose turn it is, given what runs and what was taken already.
func (l *Line) first(t tally, taken map[Key]bool) (Session, bool) {
	var best Session
	found := false
	for _, lane := range l.lanes {
		for _, s := range lane.waiting {
			if taken[s.Key] || l.obstacle(s, t).Cause != "" {
				continue
			}
			if !found || l.comesBefore(s, t.namespaces[s.Namespace], best, t.namespaces[best.Namespace]) {
				best, found = s, true
			}
			break
		}
	}
	return best, found
}

// comesBefore compares two sessions of different namespaces. Their levels are how many of their namespaces come
// before them.
func (l *Line) comesBefore(a Session, levelA int, b Session, levelB int) bool {
	return levelA < levelB ||
		levelA == levelB && l.lanes[a.Namespace].served.before(a, l.lanes[b.Namespace].served, b)
}

func (s served) before(of Session, other served, ofOther Session) bool {
	return cmp.Or(s.at.Compare(other.at), cmp.Compare(s.turn, other.turn), older(of, ofOther)) < 0
}

// position counts who comes first if nothing but the order mattered: storages and nodes may let some pass.
func (l *Line) position(s Session) int {
	own := l.lanes[s.Namespace]
	ahead, _ := slices.BinarySearchFunc(own.waiting, s, older)
	level := own.running + ahead
	for _, lane := range l.lanes {
		if lane == own || lane.running > level || len(lane.waiting) == 0 {
			continue
		}
		before := level - lane.running
		ahead += min(before, len(lane.waiting))
		if before < len(lane.waiting) && lane.served.before(lane.waiting[before], own.served, s) {
			ahead++
		}
	}
	return ahead + 1
}

// obstacle is what keeps a session from running; its Cause is empty when nothing does.
func (l *Line) obstacle(s Session, t tally) Turn {
	if t.groups[s.Group] > 0 {
		return Turn{Cause: Predecessor, What: l.predecessor(s.Group)}
	}
	if limit := l.limits.Cluster; limit > 0 && t.all >= limit {
		return Turn{Cause: Cluster, Running: t.all, Limit: limit}
	}
	for _, storage := range s.Storages {
		limit := l.limits.Storage
		if storage.Limit != nil {
			limit = int(*storage.Limit)
		}
		if n := t.storages[storage.Name]; limit > 0 && n >= limit {
			return Turn{Cause: OfStorage, What: storage.Name, Running: n, Limit: limit}
		}
	}
	for _, node := range s.Nodes {
		if n := t.nodes[node]; l.limits.Node > 0 && n >= l.limits.Node {
			return Turn{Cause: OfNode, What: node, Running: n, Limit: l.limits.Node}
		}
	}
	return Turn{}
}

func (l *Line) predecessor(group string) string {
	for _, s := range l.running {
		if s.Group == group {
			return s.Name
		}
	}
	return ""
}

func (l *Line) lane(namespace string) *lane {
	if l.lanes[namespace] == nil {
		l.lanes[namespace] = &lane{}
	}
	return l.lanes[namespace]
}

// unwait finds a session by its name: who leaves doesn't tell its age.
func (l *Line) unwait(k Key) bool {
	lane := l.lanes[k.Namespace]
	if lane == nil {
		return false
	}
	at := slices.IndexFunc(lane.waiting, func(s Session) bool { return s.Key == k })
	if at < 0 {
		return false
	}
	lane.waiting = slices.Delete(lane.waiting, at, at+1)
	l.waiting--
	return true
}

func older(a, b Session) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// tally counts what runs.
type tally struct {
	all                                 int
	namespaces, groups, storages, nodes map[string]int
}

func newTally() tally {
	return tally{namespaces: map[string]int{}, groups: map[string]int{}, storages: map[string]int{}, nodes: map[string]int{}}
}

func (t *tally) add(s Session, n int) {
	t.all += n
	count := func(m map[string]int, key string) {
		if m[key] += n; m[key] == 0 {
			delete(m, key)
		}
	}
	count(t.namespaces, s.Namespace)
	count(t.groups, s.Group)
	for _, storage := range s.Storages {
		count(t.storages, storage.Name)
	}
	for _, node := range s.Nodes {
		count(t.nodes, node)
	}
}

func (t *tally) clone() tally {
	return tally{
		all: t.all, namespaces: maps.Clone(t.namespaces), groups: maps.Clone(t.groups),
		storages: maps.Clone(t.storages), nodes: maps.Clone(t.nodes),
	}
}
