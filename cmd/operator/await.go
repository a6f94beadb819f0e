// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// apiPatience is how long the API server is waited for at the start. It ends before the liveness probe does.
	apiPatience = 30 * time.Second
	apiInterval = time.Second
)

// awaitAPI waits until the API server answers. To end instead costs more at each try: the kubelet waits up to five
// minutes before it starts a container again that ended at once, long after the API server is back. One that doesn't
// answer in time is left to whoever asks next, whose error says why.
func awaitAPI(ctx context.Context, log logr.Logger, ask func() error, patience, interval time.Duration) {
	_ = wait.PollUntilContextTimeout(ctx, interval, patience, true, func(context.Context) (bool, error) {
		err := ask()
		if err != nil {
			log.Info("The API server does not answer yet", "reason", err.Error())
		}
		return err == nil, nil
	})
}
