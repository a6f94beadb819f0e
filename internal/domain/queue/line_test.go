// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// at makes a session "namespace/name" that was created so many seconds after the beginning.
func at(seconds int, key string) Session {
	namespace, name, _ := strings.Cut(key, "/")
	return Session{
		Key: Key{Namespace: namespace, Name: name}, Group: key, Created: began.Add(time.Duration(seconds) * time.Second),
	}
}

func on(s Session, storages ...string) Session {
	for _, name := range storages {
		s.Storages = append(s.Storages, Storage{Name: name})
	}
	return s
}

func keys(list []Key) string {
	var out []string
	for _, k := range list {
		out = append(out, k.Namespace+"/"+k.Name)
	}
	return strings.Join(out, " ")
}

func TestNext(t *testing.T) {
	own := int32(2)
	none := int32(0)
	for sentence, c := range map[string]struct {
		limits        Limits
		running, wait []Session
		served        map[string]int
		want          string
	}{
		"the oldest is next": {
			limits: Limits{Cluster: 1}, wait: []Session{at(2, "a/2"), at(1, "b/1"), at(3, "c/3")}, want: "b/1",
		},
		"as many are next as there is room for": {
			limits: Limits{Cluster: 3}, running: []Session{at(0, "z/0")},
			wait: []Session{at(1, "a/1"), at(2, "b/2"), at(3, "c/3")}, want: "a/1 b/2",
		},
		"nobody is next when the cluster is full": {
			limits: Limits{Cluster: 1}, running: []Session{at(0, "z/0")}, wait: []Session{at(1, "a/1")},
		},
		"the namespace with the fewest running is next, however old others are": {
			limits: Limits{Cluster: 2}, running: []Session{at(0, "a/0")}, wait: []Session{at(1, "a/1"), at(9, "b/9")}, want: "b/9",
		},
		"a namespace that had no turn yet is before one that had": {
			limits: Limits{Cluster: 1}, wait: []Session{at(1, "a/1"), at(9, "b/9")}, served: map[string]int{"a": 5}, want: "b/9",
		},
		"the namespace whose turn is the longest ago is next": {
			limits: Limits{Cluster: 1}, wait: []Session{at(1, "a/1"), at(9, "b/9")}, served: map[string]int{"a": 5, "b": 4}, want: "b/9",
		},
		"namespaces take turns also when there is room for several": {
			limits: Limits{Cluster: 4}, wait: []Session{at(1, "a/1"), at(2, "a/2"), at(3, "a/3"), at(8, "b/8"), at(9, "b/9")},
			want: "a/1 b/8 a/2 b/9",
		},
		"who waits for a storage doesn't hold up those behind it": {
			limits: Limits{Cluster: 9, Storage: 1}, running: []Session{on(at(0, "z/0"), "nas")},
			wait: []Session{on(at(1, "a/1"), "nas"), on(at(2, "a/2"), "s3"), on(at(3, "b/3"), "nas")}, want: "a/2",
		},
		"who writes to two storages needs room at both": {
			limits: Limits{Cluster: 9, Storage: 1}, running: []Session{on(at(0, "z/0"), "nas")},
			wait: []Session{on(at(1, "a/1"), "s3", "nas"), on(at(2, "b/2"), "s3")}, want: "b/2",
		},
		"a storage's own limit outweighs that of all storages": {
			limits: Limits{Storage: 1}, running: []Session{on(at(0, "z/0"), "nas")},
			wait: []Session{
				{Key: Key{"a", "1"}, Group: "a/1", Storages: []Storage{{Name: "nas", Limit: &own}}, Created: began},
				{Key: Key{"b", "2"}, Group: "b/2", Storages: []Storage{{Name: "nas", Limit: &own}}, Created: began},
			}, want: "a/1",
		},
		"a storage's own limit of zero is none": {
			limits: Limits{Storage: 1}, running: []Session{on(at(0, "z/0"), "nas")},
			wait: []Session{{Key: Key{"a", "1"}, Group: "a/1", Storages: []Storage{{Name: "nas", Limit: &none}}, Created: began}}, want: "a/1",
		},
		"a node takes as many as it may": {
			limits: Limits{Node: 1}, running: []Session{{Key: Key{"z", "0"}, Group: "z/0", Nodes: []string{"n1"}}},
			wait: []Session{
				{Key: Key{"a", "1"}, Group: "a/1", Nodes: []string{"n1", "n2"}}, {Key: Key{"b", "2"}, Group: "b/2", Nodes: []string{"n2"}},
			}, want: "b/2",
		},
		"of a session of a BackupConfiguration only one runs at a time, without any limit": {
			running: []Session{{Key: Key{"a", "old"}, Group: "web/nightly"}},
			wait: []Session{
				{Key: Key{"a", "new"}, Group: "web/nightly", Created: began}, {Key: Key{"a", "other"}, Group: "web/weekly", Created: began.Add(1)},
			}, want: "a/other",
		},
		"without limits all are next": {
			wait: []Session{at(1, "a/1"), at(2, "a/2"), at(3, "b/3")}, want: "a/1 b/3 a/2",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := New(c.limits)
			for _, s := range c.running {
				l.Run(s)
			}
			for _, s := range c.wait {
				l.Wait(s)
			}
			for namespace, seconds := range c.served {
				l.Served(namespace, began.Add(time.Duration(seconds)*time.Second))
			}
			if got := keys(l.Next()); got != c.want {
				t.Errorf("next are %q, not %q", got, c.want)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	for sentence, c := range map[string]struct {
		limits        Limits
		running, wait []Session
		ask           Session
		want          Turn
	}{
		"an empty line lets in": {limits: Limits{Cluster: 1}, ask: at(1, "a/1"), want: Turn{Admitted: true}},
		"who runs already is let in again": {
			limits: Limits{Cluster: 1}, running: []Session{at(1, "a/1")}, ask: at(1, "a/1"), want: Turn{Admitted: true},
		},
		"a full cluster lets wait": {
			limits: Limits{Cluster: 1}, running: []Session{at(0, "z/0")}, wait: []Session{at(1, "a/1")}, ask: at(2, "b/2"),
			want: Turn{Position: 2, Total: 2, Cause: Cluster, Running: 1, Limit: 1},
		},
		"the room belongs to who comes first": {
			limits: Limits{Cluster: 2}, running: []Session{at(0, "z/0")}, wait: []Session{at(1, "a/1")}, ask: at(2, "b/2"),
			want: Turn{Position: 2, Total: 2, Cause: Cluster, Running: 2, Limit: 2},
		},
		"a storage that is at its limit is named": {
			limits: Limits{Cluster: 9, Storage: 1}, running: []Session{on(at(0, "z/0"), "ops/nas")}, ask: on(at(2, "b/2"), "ops/nas"),
			want: Turn{Position: 1, Total: 1, Cause: OfStorage, What: "ops/nas", Running: 1, Limit: 1},
		},
		"a node that is at its limit is named": {
			limits: Limits{Node: 1}, running: []Session{{Key: Key{"z", "0"}, Group: "z/0", Nodes: []string{"n1"}}},
			ask:  Session{Key: Key{"a", "1"}, Group: "a/1", Nodes: []string{"n1"}},
			want: Turn{Position: 1, Total: 1, Cause: OfNode, What: "n1", Running: 1, Limit: 1},
		},
		"the one before it is named": {
			running: []Session{{Key: Key{"a", "old"}, Group: "g"}}, ask: Session{Key: Key{"a", "new"}, Group: "g"},
			want: Turn{Position: 1, Total: 1, Cause: Predecessor, What: "old"},
		},
		"a namespace with less is ahead of one with more": {
			limits: Limits{Cluster: 1}, running: []Session{at(0, "z/0")},
			wait: []Session{at(1, "a/1"), at(2, "a/2"), at(3, "a/3"), at(4, "a/4")}, ask: at(5, "b/5"),
			want: Turn{Position: 2, Total: 5, Cause: Cluster, Running: 1, Limit: 1},
		},
		"who runs much already is behind": {
			limits: Limits{Cluster: 2}, running: []Session{at(0, "a/0"), at(0, "a/00")},
			wait: []Session{at(3, "b/3"), at(4, "b/4"), at(5, "b/5")}, ask: at(1, "a/1"),
			want: Turn{Position: 3, Total: 4, Cause: Cluster, Running: 2, Limit: 2},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			l := New(c.limits)
			for _, s := range c.running {
				l.Run(s)
			}
			for _, s := range c.wait {
				l.Wait(s)
			}
			if got := l.Ask(c.ask, began); got != c.want {
				t.Errorf("the answer is %+v, not %+v", got, c.want)
			}
		})
	}
}

// Positions are those in which sessions really get their turn, as long as no new ones come.
func TestPositionsAreKept(t *testing.T) {
	l := New(Limits{Cluster: 1})
	full := at(0, "z/full")
	l.Run(full)
	random := rand.New(rand.NewSource(1))
	var all []Session
	for i := range 300 {
		s := at(random.Intn(100), fmt.Sprintf("n%d/s%d", random.Intn(random.Intn(20)+1), i))
		all = append(all, s)
		l.Wait(s)
	}
	want := map[Key]int{}
	for _, s := range all {
		want[s.Key] = l.Ask(s, began).Position
	}
	if distinct := map[int]bool{}; true {
		for _, position := range want {
			distinct[position] = true
		}
		if len(distinct) != 300 || !distinct[1] || !distinct[300] {
			t.Fatalf("300 sessions have %d positions", len(distinct))
		}
	}
	// All of them are admitted, as if nobody ended.
	l.limits.Cluster = 301
	for i, k := range l.Next() {
		if want[k] != i+1 {
			t.Fatalf("%v was told position %d and is number %d", k, want[k], i+1)
		}
	}
}

func TestLeave(t *testing.T) {
	l := New(Limits{Cluster: 1})
	if l.Leave(Key{"a", "1"}) {
		t.Error("a stranger was known")
	}
	l.Ask(at(1, "a/1"), began)
	l.Ask(at(2, "a/2"), began)
	if !l.Runs(Key{"a", "1"}) || l.Runs(Key{"a", "2"}) {
		t.Error("the wrong one runs")
	}
	if !l.Leave(Key{"a", "1"}) || keys(l.Next()) != "a/2" {
		t.Errorf("after the first has left, next are %q", keys(l.Next()))
	}
	if !l.Leave(Key{"a", "2"}) || l.Next() != nil || l.waiting != 0 || l.tally.all != 0 || len(l.tally.groups) != 0 {
		t.Errorf("an empty line holds %d that wait and %+v", l.waiting, l.tally)
	}
}

func TestRefresh(t *testing.T) {
	for position, want := range map[int]time.Duration{1: 33 * time.Second, 100: 330 * time.Second, 5000: 10 * time.Minute} {
		if got := Refresh(position); got != want {
			t.Errorf("position %d is told again after %s, not %s", position, got, want)
		}
	}
}

// A namespace with most of the work gets its share and no more, and the others don't wait for it.
func TestFairnessOverTime(t *testing.T) {
	l := New(Limits{Cluster: 10})
	var turns []Key
	waiting := map[Key]Session{}
	add := func(s Session) {
		if l.Ask(s, began).Admitted {
			turns = append(turns, s.Key)
			return
		}
		waiting[s.Key] = s
	}
	for i := range 800 {
		add(at(i, fmt.Sprintf("big/s%03d", i)))
	}
	for i := range 199 {
		add(at(1000+i, fmt.Sprintf("small%03d/s", i)))
	}
	now := began
	for ended := 0; ended < len(turns); ended++ {
		if len(l.running) > 10 {
			t.Fatalf("%d run", len(l.running))
		}
		l.Leave(turns[ended])
		now = now.Add(time.Second)
		for _, k := range l.Next() {
			if !l.Ask(waiting[k], now).Admitted {
				t.Fatalf("%v is next and is not let in", k)
			}
			delete(waiting, k)
			turns = append(turns, k)
		}
	}
	seen := map[Key]bool{}
	for _, k := range turns {
		seen[k] = true
	}
	if len(turns) != 999 || len(seen) != 999 {
		t.Fatalf("%d turns for %d sessions of 999", len(turns), len(seen))
	}
	last := slices.IndexFunc(turns, func(k Key) bool { return k == Key{"small198", "s"} })
	big := map[bool]int{}
	for _, k := range turns[:last+1] {
		big[k.Namespace == "big"]++
	}
	// Ten of the big one ran when the small ones came, and each turn after that is one of theirs, or the big one's
	// when it has none running.
	if big[true] > 35 {
		t.Errorf("until the last of 199 small namespaces had its turn, the big one had %d", big[true])
	}
}

// What happens in a line is a story.
func TestStory(t *testing.T) {
	var out strings.Builder
	l := New(Limits{Cluster: 2, Storage: 2})
	now := began
	sessions := map[Key]Session{}
	ask := func(s Session) {
		sessions[s.Key] = s
		turn := l.Ask(s, now)
		switch {
		case turn.Admitted:
			fmt.Fprintf(&out, "  %s runs\n", keys([]Key{s.Key}))
		default:
			fmt.Fprintf(&out, "  %s waits: %d of %d, %s %s (%d of %d)\n", keys([]Key{s.Key}), turn.Position, turn.Total, turn.Cause, turn.What,
				turn.Running, turn.Limit)
		}
	}
	end := func(key string) {
		now = now.Add(time.Minute)
		namespace, name, _ := strings.Cut(key, "/")
		fmt.Fprintf(&out, "%s: %s ends\n", now.Sub(began), key)
		l.Leave(Key{namespace, name})
		for _, k := range l.Next() {
			ask(sessions[k])
		}
	}
	fmt.Fprintf(&out, "shop has three to back up, and blog and wiki one each; two may run\n")
	ask(at(1, "shop/orders"))
	ask(at(2, "shop/carts"))
	ask(at(3, "shop/users"))
	ask(at(4, "blog/posts"))
	ask(at(5, "wiki/pages"))
	end("shop/orders")
	end("blog/posts")
	end("shop/carts")
	end("wiki/pages")
	end("shop/users")
	want := `shop has three to back up, and blog and wiki one each; two may run
  shop/orders runs
  shop/carts runs
  shop/users waits: 1 of 1, Cluster  (2 of 2)
  blog/posts waits: 1 of 2, Cluster  (2 of 2)
  wiki/pages waits: 2 of 3, Cluster  (2 of 2)
1m0s: shop/orders ends
  blog/posts runs
2m0s: blog/posts ends
  wiki/pages runs
3m0s: shop/carts ends
  shop/users runs
4m0s: wiki/pages ends
5m0s: shop/users ends
`
	if out.String() != want {
		t.Errorf("the story is\n%s\nnot\n%s", out.String(), want)
	}
	if n := len(slices.Collect(maps.Keys(l.running))); n != 0 {
		t.Errorf("%d still run", n)
	}
}

func BenchmarkAskInALongLine(b *testing.B) {
	l := New(Limits{Cluster: 10})
	var all []Session
	for i := range 10_000 {
		s := at(i, fmt.Sprintf("n%d/s%d", i%1000, i))
		all = append(all, s)
		l.Ask(s, began)
	}
	b.ResetTimer()
	for i := range b.N {
		l.Ask(all[i%len(all)], began)
	}
}
