// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
)

// maxNote is what the API server takes as an event's note, in bytes.
const maxNote = 1024

// Recorder tells users what happened to an object. Messages have been redacted by the caller.
type Recorder interface {
	// Normal tells of a transition that was meant to happen.
	Normal(obj runtime.Object, reason, message string)
	// Warning tells of a failure.
	Warning(obj runtime.Object, reason, message string)
}

type recorder struct {
	events.EventRecorder
	action string
}

// NewRecorder wraps client-go's recorder. The action is what the controller is doing, such as "Backup".
func NewRecorder(r events.EventRecorder, action string) Recorder {
	return recorder{EventRecorder: r, action: action}
}

func (r recorder) Normal(obj runtime.Object, reason, message string) {
	r.Eventf(obj, nil, corev1.EventTypeNormal, reason, r.action, "%s", shorten(message))
}

func (r recorder) Warning(obj runtime.Object, reason, message string) {
	r.Eventf(obj, nil, corev1.EventTypeWarning, reason, r.action, "%s", shorten(message))
}

func shorten(message string) string {
	const ellipsis = "…"
	if len(message) <= maxNote {
		return message
	}
	cut := maxNote - len(ellipsis)
	for cut > 0 && message[cut]&0xC0 == 0x80 {
		cut--
	}
	return message[:cut] + ellipsis
}
