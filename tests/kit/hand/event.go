// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/internal/kube"
)

// Event is what a controller told users about an object.
type Event struct {
	// Warning is false for what was meant to happen.
	Warning bool
	// Kind is the Go type; controllers don't fill in the kind of what they read.
	Kind, Namespace, Name string
	Reason, Message       string
}

func (e Event) String() string {
	severity := "Normal"
	if e.Warning {
		severity = "Warning"
	}
	return fmt.Sprintf("%s %s %s/%s %s: %s", severity, e.Kind, e.Namespace, e.Name, e.Reason, e.Message)
}

type recorder struct {
	fate   *fate
	mutex  sync.Mutex
	events []Event
}

var _ kube.Recorder = &recorder{}

func (r *recorder) Normal(obj runtime.Object, reason, message string) {
	r.add(Event{Reason: reason, Message: message}, obj)
}

func (r *recorder) Warning(obj runtime.Object, reason, message string) {
	r.add(Event{Warning: true, Reason: reason, Message: message}, obj)
}

func (r *recorder) add(e Event, obj runtime.Object) {
	if r.fate.isDead() {
		return
	}
	e.Kind = fmt.Sprintf("%T", obj)
	if o, ok := obj.(client.Object); ok {
		e.Namespace, e.Name = o.GetNamespace(), o.GetName()
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) since(count int) []Event {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]Event(nil), r.events[count:]...)
}
