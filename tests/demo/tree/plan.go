// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"time"
)

const mebibyte = 1 << 20

// A node is one name that will be planted. A folder comes before what is in it.
type node struct {
	path     string
	kind     string
	mode     uint32
	uid, gid int
	size     int64
	// hollow means that the content is a hole but for the last byte.
	hollow bool
	// target is that of a symlink, or the other name of a hard link.
	target   string
	modified time.Time
	// attribute is the value of user.origin; empty means none.
	attribute string
}

// plan lists what a seed means. The numbers are those of a small web application: many small files, some big ones.
func plan(seed uint64) []node {
	p := &planner{seed: seed, random: rand.New(rand.NewPCG(seed, 1))}
	p.folder("documents", 0o2775, 1000, 1000)
	for year := range 12 {
		dir := fmt.Sprintf("documents/%d", 2014+year)
		p.folder(dir, 0o2775, 1000, 1000)
		for month := range 8 {
			sub := fmt.Sprintf("%s/%02d", dir, month+1)
			p.folder(sub, 0o755, 1000, 1000)
			for i := range 24 {
				p.file(fmt.Sprintf("%s/note-%03d.%s", sub, i, p.pick("txt", "md", "json", "jpg")), 0o644, 1000, 1000, p.random.Int64N(28<<10))
			}
		}
	}
	p.folder("media", 0o750, 33, 33)
	for i := range 5 {
		p.file(fmt.Sprintf("media/film-%d.bin", i), 0o640, 33, 33, 14*mebibyte+p.random.Int64N(4*mebibyte))
	}
	// The same content under another name: restic stores it once.
	p.nodes = append(p.nodes, p.nodes[len(p.nodes)-1])
	p.nodes[len(p.nodes)-1].path = "media/film-4-copy.bin"
	p.odd()
	return p.nodes
}

type planner struct {
	seed   uint64
	random *rand.Rand
	nodes  []node
}

// odd is what goes wrong first.
func (p *planner) odd() {
	p.folder("odd", 0o711, 0, 0)
	p.names()
	p.modes()
	p.links()
	p.times()
	p.folder("odd/empty folder", 0o700, 65534, 65534)
	p.file("odd/empty file", 0o644, 0, 0, 0)
	p.file("odd/one byte", 0o644, 0, 0, 1)
	p.add(node{path: "odd/hole", kind: "file", mode: 0o600, size: 9*mebibyte + 1, hollow: true})
	p.add(node{path: "odd/pipe", kind: "fifo", mode: 0o620, uid: 5, gid: 5})
	p.add(node{path: "odd/attribute", kind: "file", mode: 0o644, uid: 1000, gid: 1000, size: 100, attribute: "kept in \x00 mind \xff"})
	deep := "odd/deep"
	p.folder(deep, 0o755, 0, 0)
	for i := range 30 {
		deep = path.Join(deep, fmt.Sprintf("level-%02d", i))
		p.folder(deep, 0o755, 0, 0)
	}
	p.file(path.Join(deep, "bottom.txt"), 0o644, 0, 0, 300)
}

func (p *planner) names() {
	p.folder("odd/names", 0o755, 1000, 1000)
	for _, name := range []string{
		"Größe.txt", "naïve (composed)", "nai\u0308ve (decomposed)", "資料.txt", "документ.doc", "مستند", "🎉 party 👩‍👩‍👧.png",
		"two  blanks", " leading blank", "trailing blank ",
		"-rf", "--help", "*", "?", "[a-z]", "~", "$HOME", "${x}", "`id`", "a'b", `a"b`, `back\slash`, "semi;colon", "pipe|and&", "#hash", "percent%s%d",
		"new\nline", "tab\there", "bell\a", "latin1-\xe4\xf6\xfc", "broken-\xff\xfe", "con", ".hidden", "...", "dot.", strings.Repeat("x", 255),
		strings.Repeat("ü", 127),
	} {
		p.file("odd/names/"+name, 0o644, 1000, 1000, 20+p.random.Int64N(200))
	}
	p.folder("odd/names/фолдер с пробелом", 0o755, 1000, 1000)
	p.file("odd/names/фолдер с пробелом/файл", 0o644, 1000, 1000, 12)
}

func (p *planner) modes() {
	p.folder("odd/modes", 0o755, 0, 0)
	for _, mode := range []uint32{0, 0o001, 0o400, 0o444, 0o600, 0o666, 0o755, 0o777, 0o4755, 0o2755, 0o6711, 0o1644} {
		p.file(fmt.Sprintf("odd/modes/file-%04o", mode), mode, 1000, 100, 50)
	}
	for _, mode := range []uint32{0o700, 0o711, 0o1777, 0o2770, 0o3775, 0o500} {
		p.folder(fmt.Sprintf("odd/modes/folder-%04o", mode), mode, 1000, 100)
		p.file(fmt.Sprintf("odd/modes/folder-%04o/inside", mode), 0o644, 4242, 777, 40)
	}
	for i, owner := range [][2]int{{0, 0}, {1, 1}, {33, 33}, {999, 0}, {0, 999}, {65534, 65534}, {100000, 200000}, {2000000000, 2000000001}} {
		p.file(fmt.Sprintf("odd/modes/owner-%d", i), 0o640, owner[0], owner[1], 60)
	}
}

func (p *planner) links() {
	p.folder("odd/links", 0o755, 0, 0)
	p.file("odd/links/file", 0o644, 1000, 1000, 5000)
	for _, l := range [][2]string{
		{"relative", "file"}, {"up", "../../documents"}, {"absolute", "/etc/hostname"}, {"dangling", "no such file"}, {"itself", "itself"},
		{"ring-a", "ring-b"}, {"ring-b", "ring-a"}, {"not text", "caf\xe9"}, {"blank", " "}, {"slash", "../links/"}, {"long", strings.Repeat("y/", 1500)},
	} {
		p.add(node{path: "odd/links/" + l[0], kind: "symlink", target: l[1], uid: p.random.IntN(3) * 1000, gid: 100})
	}
	p.file("odd/links/hard-1", 0o640, 1000, 33, 70000)
	p.add(node{path: "odd/links/hard-2", kind: "hard link", target: "odd/links/hard-1"})
	p.folder("odd/links/elsewhere", 0o755, 0, 0)
	p.add(node{path: "odd/links/elsewhere/hard-3", kind: "hard link", target: "odd/links/hard-1"})
}

func (p *planner) times() {
	p.folder("odd/times", 0o755, 0, 0)
	for name, at := range map[string]time.Time{
		"epoch": time.Unix(0, 0), "before-1970": time.Unix(-86400*365, 123456789), "one-nanosecond": time.Unix(1000000000, 1),
		"last-nanosecond": time.Unix(1000000000, 999999999), "leap-day": time.Date(2024, 2, 29, 23, 59, 59, 500000000, time.UTC),
		"after-2038": time.Date(2040, 6, 1, 0, 0, 0, 7, time.UTC), "future": time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		p.add(node{path: "odd/times/" + name, kind: "file", mode: 0o644, size: 30, modified: at})
	}
}

func (p *planner) pick(words ...string) string { return words[p.random.IntN(len(words))] }

func (p *planner) folder(path string, mode uint32, uid, gid int) {
	p.add(node{path: path, kind: "folder", mode: mode, uid: uid, gid: gid})
}

func (p *planner) file(path string, mode uint32, uid, gid int, size int64) {
	p.add(node{path: path, kind: "file", mode: mode, uid: uid, gid: gid, size: size})
}

// add gives a node that has none a time of its own, between 1995 and 2026, to the nanosecond.
func (p *planner) add(n node) {
	if n.modified.IsZero() {
		n.modified = time.Unix(788918400+p.random.Int64N(978307200), p.random.Int64N(1e9))
	}
	p.nodes = append(p.nodes, n)
}

// content is that of a file: half of the files compress well. It depends on nothing but the seed, the size and the time.
func (n node) content(seed uint64) (random *rand.ChaCha8, wordy bool) {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(n.size))                 //nolint:gosec // any bits will do
	binary.LittleEndian.PutUint64(key[16:], uint64(n.modified.UnixNano())) //nolint:gosec // any bits will do
	return rand.NewChaCha8(key), n.size%2 == 0
}
