// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"kubestash.com/kubestash/tests/kit/object"
)

// plant makes a tree with what file trees have: many files, empty ones, deep and odd names, links, modes, owners and
// times.
const plant = `
cd /data
i=0; while [ $i -lt 150 ]; do mkdir -p d$((i % 7))/e$((i % 3)); echo "file $i" > d$((i % 7))/e$((i % 3))/f$i; i=$((i + 1)); done
dd if=/dev/urandom of=random bs=1024k count=3 2>/dev/null
: > empty
mkdir -p 'a b/ümläut/日本' 'empty dir'
echo hi > 'a b/ümläut/日本/näme with $pecial "quotes"'
ln -s ../random d1/link; ln -s /nowhere dangling; ln random hardlink
echo secret > private; chmod 0600 private; chown 1234:2345 private
chmod 04750 d2/e2/f2; chmod 0700 'empty dir'
touch -d '2020-02-29 12:34:56' empty d0
`

// fingerprint prints everything about the tree that a restore must bring back.
const fingerprint = `
cd /data
find . -mindepth 1 ! -type d -exec stat -c '%n %f %u %g %Y %s' {} + | sort
find . -mindepth 1 -type d -exec stat -c '%n %f %u %g %Y' {} + | sort
find . -type f -exec sha256sum {} + | sort
find . -type l -exec readlink {} + | sort
`

// destroy removes the tree.
const destroy = `cd /data && find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +`

// planted makes the tree and returns its fingerprint.
func (w *world) planted(t testing.TB) string {
	t.Helper()
	w.Sh(t, plant)
	before := w.Sh(t, fingerprint)
	if len(before) < 10000 {
		t.Fatalf("the tree is smaller than it should be: %s", before)
	}
	return before
}

// destroyed removes the tree and makes sure that it is gone.
func (w *world) destroyed(t testing.TB) {
	t.Helper()
	if left := w.Sh(t, destroy+"\nls -A "+object.MountPath); left != "" {
		t.Fatalf("destroying the tree left %s", left)
	}
}

// same fails the test unless the tree is what it was.
func (w *world) same(t testing.TB, before string) {
	t.Helper()
	if after := w.Sh(t, fingerprint); after != before {
		t.Fatalf("the tree is not what it was:\n%s", difference(before, after))
	}
}

// grow makes one file of random bytes.
func (w *world) grow(t testing.TB, mebibytes int) {
	t.Helper()
	w.Sh(t, fmt.Sprintf("dd if=/dev/urandom of=/data/big bs=1024k count=%d 2>/dev/null", mebibytes))
}
