// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hook

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
)

// maxRecord is how large a record may become. A session's status has room for more, and nobody wants to see it.
const maxRecord = 128 << 10

// Hook is one hook as a session began with it.
type Hook struct {
	Info corev1alpha1.HookInfo `json:"info"`
	// Template is what it does; nil when it isn't known.
	Template *corev1alpha1.HookTemplateSpec `json:"template,omitempty"`
}

// Plan is what a session's hooks were when it began, and the target as it was then.
type Plan struct {
	Pre    []Hook    `json:"pre,omitempty"`
	Post   []Hook    `json:"post,omitempty"`
	Target Reference `json:"target,omitzero"`
}

// Empty reports whether there is no hook.
func (p Plan) Empty() bool { return len(p.Pre)+len(p.Post) == 0 }

// Record puts a plan into words for a session's status. Templates of other namespaces are left out, for the status has other readers than
// they have; they are read again when their turn comes. So is everything that would take too much room.
func Record(p Plan, namespace string) (*runtime.RawExtension, error) {
	own := Plan{Pre: ownTemplates(p.Pre, namespace), Post: ownTemplates(p.Post, namespace), Target: p.Target}
	raw, err := json.Marshal(own)
	if err == nil && len(raw) > maxRecord {
		own.Pre, own.Post = ownTemplates(own.Pre, ""), ownTemplates(own.Post, "")
		raw, err = json.Marshal(own)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding hooks: %w", err)
	}
	return &runtime.RawExtension{Raw: raw}, nil
}

func ownTemplates(hooks []Hook, namespace string) []Hook {
	var out []Hook
	for _, h := range hooks {
		if ref := h.Info.HookTemplate; ref == nil || namespace == "" || ref.Namespace != "" && ref.Namespace != namespace {
			h.Template = nil
		}
		out = append(out, h)
	}
	return out
}

// Recall reads a record.
func Recall(record *runtime.RawExtension) (Plan, error) {
	var p Plan
	if err := json.Unmarshal(record.Raw, &p); err != nil {
		return p, fmt.Errorf("decoding the session's record of its hooks: %w", err)
	}
	return p, nil
}

// Knows makes the facts of hooks that nothing else is known of.
func Knows(hooks []Hook) []Known {
	var out []Known
	for _, h := range hooks {
		out = append(out, Known{Hook: h})
	}
	return out
}

// Of makes hooks of what is configured.
func Of(infos []corev1alpha1.HookInfo) []Hook {
	var out []Hook
	for _, info := range infos {
		out = append(out, Hook{Info: *info.DeepCopy()})
	}
	return out
}

// Remember keeps of what is known what a session shall remember.
func Remember(known []Known) []Hook {
	var out []Hook
	for _, k := range known {
		out = append(out, k.Hook)
	}
	return out
}
