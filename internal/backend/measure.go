// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"errors"
)

// Measurer is a store that tells how large its objects are as it lists them, so that nobody has to open them.
type Measurer interface {
	// Measure calls each with every object below the folder prefix and its size in bytes, in no particular order, and
	// stops with its error. A missing folder is empty; a missing bucket is an error.
	Measure(ctx context.Context, prefix string, each func(key string, bytes int64) error) error
}

// ErrNoMeasure says that a store can't tell sizes.
var ErrNoMeasure = errors.New("the store doesn't tell how large its objects are")

// Measure asks a store for the sizes of its objects. It fails with ErrNoMeasure where that is impossible.
func Measure(ctx context.Context, objects Objects, prefix string, each func(key string, bytes int64) error) error {
	measurer, ok := objects.(Measurer)
	if !ok {
		return ErrNoMeasure
	}
	return measurer.Measure(ctx, prefix, each)
}
