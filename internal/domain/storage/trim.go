// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"strings"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
)

// Trim drops the last slash of what says where a storage is. Before is what stood there; nil for a new storage. What means the same as
// before is left as it was written, because the place of a storage with Repositories can't change.
func Trim(spec, before *storagev1alpha1.Backend) {
	for i, text := range places(spec) {
		if text == nil {
			continue
		}
		*text = strings.TrimSuffix(*text, "/")
		if before == nil {
			continue
		}
		if old := places(before)[i]; old != nil && strings.TrimSuffix(*old, "/") == *text {
			*text = *old
		}
	}
}

// places are the texts that are trimmed, each at a place of its own; nil where there is none.
func places(b *storagev1alpha1.Backend) [6]*string {
	var out [6]*string
	if b.S3 != nil {
		out[0], out[1], out[2] = &b.S3.Bucket, &b.S3.Endpoint, &b.S3.Prefix
	}
	if b.GCS != nil {
		out[3], out[4] = &b.GCS.Bucket, &b.GCS.Prefix
	}
	if b.Azure != nil {
		out[5] = &b.Azure.Prefix
	}
	return out
}
