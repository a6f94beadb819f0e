// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"errors"
	"net/http"
	"sync"
)

// Death is how an operator dies at a write.
type Death int

const (
	// Before has the write not reach the API server.
	Before Death = iota
	// After has the API server carry it out, and nobody hear of it.
	After
)

func (d Death) String() string {
	if d == After {
		return "right after"
	}
	return "right before"
}

// ErrDead is what a dead operator hears of all that it asks for.
var ErrDead = errors.New("the operator is dead")

// fate says when the operator dies.
type fate struct {
	mutex sync.Mutex
	// left is the number of writes until then, the last one included; zero means never.
	left  int
	death Death
	dead  bool
	// before is the number of writes until meanwhile is done, that one included; zero means never.
	before    int
	meanwhile func()
}

// Overtake has something done when the operator is about to send its nth write from now: what it has seen is old by then.
// It returns a function that takes this back, and reports whether it was done.
func (d *Driver) Overtake(n int, meanwhile func()) (done func() bool) {
	d.fate.mutex.Lock()
	defer d.fate.mutex.Unlock()
	d.fate.before, d.fate.meanwhile = n, meanwhile
	return func() bool {
		d.fate.mutex.Lock()
		defer d.fate.mutex.Unlock()
		left := d.fate.before
		d.fate.before, d.fate.meanwhile = 0, nil
		return left == 0
	}
}

// overtaken does what was to be done before this request. Nobody holds the lock meanwhile.
func (f *fate) overtaken(request *http.Request) {
	f.mutex.Lock()
	var meanwhile func()
	if f.before > 0 && isWrite(request) {
		if f.before--; f.before == 0 {
			meanwhile = f.meanwhile
		}
	}
	f.mutex.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
}

// Kill has the operator die at its nth write from now: nothing that comes after it reaches the API server, and nothing
// that it would have told is heard. What lies between two writes can't be seen from outside, so the n of a whole run
// are every moment at which an operator can be killed in it. Restart brings a new operator, which lives.
func (d *Driver) Kill(n int, death Death) {
	d.fate.mutex.Lock()
	defer d.fate.mutex.Unlock()
	d.fate.left, d.fate.death, d.fate.dead = n, death, false
}

// Spare takes back what Kill has said, and reports whether the operator is dead.
func (d *Driver) Spare() bool {
	d.fate.mutex.Lock()
	defer d.fate.mutex.Unlock()
	dead := d.fate.dead
	d.fate.left, d.fate.dead = 0, false
	return dead
}

func (f *fate) isDead() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.dead
}

// strike reports whether a request is sent, and whether its answer is heard.
func (f *fate) strike(request *http.Request) (sent, heard bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.dead {
		return false, false
	}
	if f.left == 0 || !isWrite(request) {
		return true, true
	}
	f.left--
	f.dead = f.left == 0
	return !f.dead || f.death == After, !f.dead
}

// send passes a request on, unless the operator is dead.
func (f *fate) send(next http.RoundTripper, request *http.Request) (*http.Response, error) {
	f.overtaken(request)
	sent, heard := f.strike(request)
	if !sent {
		return nil, ErrDead
	}
	response, err := next.RoundTrip(request)
	if err != nil || heard {
		return response, err
	}
	return nil, errors.Join(ErrDead, response.Body.Close())
}
