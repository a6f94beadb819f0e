// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// The type of the document metadata.yaml.
const (
	MetadataAPIVersion = "config.kubestash.com/v1alpha1"
	MetadataKind       = "BackendMeta"
)

// ErrForeign says that metadata.yaml is there and isn't ours to change.
var ErrForeign = errors.New("metadata.yaml is not a " + MetadataKind + " of " + MetadataAPIVersion)

// Metadata is the document metadata.yaml at the root of a storage. The operator writes it.
type Metadata struct {
	metav1.TypeMeta `json:",inline"`
	// CreationTimestamp is when the storage was first written to, by whichever cluster.
	CreationTimestamp metav1.Time `json:"creationTimestamp,omitzero"`
	// OperatorVersion is the version of the operator that wrote last.
	OperatorVersion string `json:"operatorVersion,omitempty"`
	// Repositories are sorted by namespace and name.
	Repositories []storagev1alpha1.RepositoryInfo `json:"repositories,omitempty"`
}

// ParseMetadata reads a document. It fails with ErrForeign for anything that isn't one.
func ParseMetadata(content []byte) (*Metadata, error) {
	var m Metadata
	if err := yaml.Unmarshal(content, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if m.Kind != MetadataKind || m.APIVersion != MetadataAPIVersion {
		return nil, fmt.Errorf("%w: it is a %q of %q", ErrForeign, m.Kind, m.APIVersion)
	}
	return &m, nil
}

// Encode writes the document.
func (m *Metadata) Encode() ([]byte, error) {
	out, err := yaml.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", MetadataKind, err)
	}
	return out, nil
}

// Merge brings a document up to date with the Repositories of the cluster. Nil is a document that doesn't exist
// yet. What it lists and the cluster doesn't have stays. It reports whether anything changed.
func Merge(old *Metadata, repositories []storagev1alpha1.RepositoryInfo, version string, now metav1.Time) (*Metadata, bool) {
	merged := &Metadata{
		TypeMeta:          metav1.TypeMeta{APIVersion: MetadataAPIVersion, Kind: MetadataKind},
		CreationTimestamp: now.Rfc3339Copy(),
		OperatorVersion:   version,
	}
	listed := map[string]bool{}
	for _, r := range repositories {
		listed[identity(r)] = true
		merged.Repositories = append(merged.Repositories, written(r))
	}
	if old != nil {
		if !old.CreationTimestamp.IsZero() {
			merged.CreationTimestamp = old.CreationTimestamp
		}
		for _, r := range old.Repositories {
			if !listed[identity(r)] {
				merged.Repositories = append(merged.Repositories, r)
			}
		}
	}
	slices.SortFunc(merged.Repositories, byName)
	changed := old == nil || !reflect.DeepEqual(normal(old), normal(merged))
	return merged, changed
}

// Unknown are the entries that the cluster doesn't have.
func Unknown(m *Metadata, repositories []storagev1alpha1.RepositoryInfo) []storagev1alpha1.RepositoryInfo {
	known := map[string]bool{}
	for _, r := range repositories {
		known[identity(r)] = true
	}
	return slices.DeleteFunc(slices.Clone(m.Repositories), func(r storagev1alpha1.RepositoryInfo) bool {
		return known[identity(r)]
	})
}

// written leaves out what is true of one cluster only.
func written(r storagev1alpha1.RepositoryInfo) storagev1alpha1.RepositoryInfo {
	r.Synced, r.Error = nil, nil
	if r.SizeBytes != nil {
		r.SizeBytes = ptr.To(*r.SizeBytes)
	}
	return r
}

// normal makes two documents comparable whatever time zone and order they were written in.
func normal(m *Metadata) Metadata {
	out := *m
	out.CreationTimestamp = metav1.NewTime(out.CreationTimestamp.UTC())
	out.Repositories = slices.Clone(out.Repositories)
	slices.SortFunc(out.Repositories, byName)
	return out
}

func byName(a, b storagev1alpha1.RepositoryInfo) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path))
}

// identity is what makes an entry the same one; its sizes come and go.
func identity(r storagev1alpha1.RepositoryInfo) string {
	return r.Namespace + "\x00" + r.Name + "\x00" + r.Path
}
