// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"context"
	"strings"

	"github.com/minio/minio-go/v7"

	"kubestash.com/kubestash/internal/backend"
)

var _ backend.Browser = (*objects)(nil)

// Browse implements backend.Browser: the server itself leaves out what lies deeper.
func (o *objects) Browse(ctx context.Context, folder string, each func(backend.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	within, err := backend.CleanPrefix(folder)
	if err != nil {
		return err
	}
	prefix := o.folder(within)
	for entry := range o.client.ListObjects(ctx, o.place.bucket, minio.ListObjectsOptions{Prefix: prefix}) {
		if entry.Err != nil {
			return o.meaning("listing "+firstOf(within, "the bucket"), entry.Err)
		}
		name := strings.TrimPrefix(entry.Key, prefix)
		plain := strings.TrimSuffix(name, "/")
		// An empty name is the object that some consoles keep in place of the folder itself.
		if plain == "" || strings.Contains(plain, "/") {
			continue
		}
		if err := each(backend.Entry{Name: plain, IsFolder: plain != name}); err != nil {
			return err
		}
	}
	return ctx.Err()
}
