// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
)

// Backend is the member of the port for volumes.
type Backend struct{}

var _ backend.Backend = Backend{}

// Provider implements backend.Backend.
func (Backend) Provider() string { return storagev1alpha1.ProviderLocal }

// IsVolume implements backend.Backend.
func (Backend) IsVolume() bool { return true }

// shortLived are the volumes that end with a pod, or that nobody can write.
var shortLived = []string{"emptyDir", "secret", "configMap", "downwardAPI", "projected", "image"}

// Validate implements backend.Backend.
func (Backend) Validate(spec storagev1alpha1.Backend) []string {
	if spec.Local == nil {
		return []string{"storage.local is missing: provider local needs it"}
	}
	var wrong []string
	switch mount := spec.Local.MountPath; {
	case mount == "":
		wrong = append(wrong, "storage.local.mountPath is missing: name the folder that pods mount the volume at")
	case !strings.HasPrefix(mount, "/") || path.Clean(mount) == "/":
		wrong = append(wrong, fmt.Sprintf("storage.local.mountPath %q must be an absolute path below /", mount))
	case climbs(mount):
		wrong = append(wrong, fmt.Sprintf("storage.local.mountPath %q must not contain %q", mount, ".."))
	}
	if sub := spec.Local.SubPath; strings.HasPrefix(sub, "/") || climbs(sub) {
		wrong = append(wrong, fmt.Sprintf("storage.local.subPath %q must be relative and not contain %q", sub, ".."))
	}
	kinds := slices.Sorted(maps.Keys(sources(spec.Local)))
	switch {
	case len(kinds) == 0:
		wrong = append(wrong, "storage.local names no volume: set one, such as persistentVolumeClaim, nfs or hostPath")
	case len(kinds) > 1:
		wrong = append(wrong, "storage.local must name one volume only, not "+strings.Join(kinds, " and "))
	case slices.Contains(shortLived, kinds[0]):
		wrong = append(wrong, fmt.Sprintf("storage.local.%s can't keep backups: it is gone with its pod, or read-only", kinds[0]))
	}
	if spec.Local.MaxConnections < 0 {
		wrong = append(wrong, "storage.local.maxConnections must not be negative")
	}
	return wrong
}

func climbs(p string) bool { return slices.Contains(strings.Split(p, "/"), "..") }

// sources are the volume sources that are set, by their name in the API.
func sources(spec *storagev1alpha1.LocalSpec) map[string]json.RawMessage {
	var set map[string]json.RawMessage
	raw, err := json.Marshal(spec.VolumeSource)
	if err != nil || json.Unmarshal(raw, &set) != nil {
		return nil
	}
	return set
}

// Secret implements backend.Backend: a volume needs none.
func (Backend) Secret(storagev1alpha1.Backend) (string, []string) { return "", nil }

// Location implements backend.Backend. Where pods mount the volume doesn't matter. The name of a claim means
// a volume only together with its namespace, which the caller adds.
func (Backend) Location(spec storagev1alpha1.Backend) string {
	if spec.Local == nil {
		return "local:"
	}
	var parts []string
	source := spec.Local.VolumeSource.DeepCopy()
	if source.HostPath != nil {
		source.HostPath.Path, source.HostPath.Type = path.Clean(source.HostPath.Path), nil
	}
	if source.NFS != nil {
		source.NFS.Path, source.NFS.ReadOnly = path.Clean(source.NFS.Path), false
	}
	if source.PersistentVolumeClaim != nil {
		source.PersistentVolumeClaim.ReadOnly = false
	}
	cleaned := sources(&storagev1alpha1.LocalSpec{VolumeSource: *source})
	for _, kind := range slices.Sorted(maps.Keys(cleaned)) {
		parts = append(parts, kind+string(cleaned[kind]))
	}
	return "local:" + strings.Join(parts, ",") + path.Clean("/"+spec.Local.SubPath)
}

// Access implements backend.Backend.
func (b Backend) Access(spec storagev1alpha1.Backend, _ map[string][]byte, dir string) (backend.Access, error) {
	if wrong := b.Validate(spec); len(wrong) > 0 {
		return backend.Access{}, invalid("%s", strings.Join(wrong, "; "))
	}
	cleaned, err := backend.CleanKey(dir)
	if err != nil {
		return backend.Access{}, invalid("finding the repository: %v", err)
	}
	access := backend.Access{URL: path.Join(path.Clean(spec.Local.MountPath), cleaned)}
	if spec.Local.MaxConnections > 0 {
		access.Args = []string{"-o", fmt.Sprintf("local.connections=%d", spec.Local.MaxConnections)}
	}
	return access, nil
}

func invalid(format string, args ...any) error {
	return &engine.Error{Class: engine.ClassInvalidTask, Message: fmt.Sprintf(format, args...)}
}
