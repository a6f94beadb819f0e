// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"
)

// explain shows what is known of a failure, while the cluster is still as it was.
func (d *demo) explain(err error) {
	// The context of the story may be what ended.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d.say("\n%s\nIt went wrong: %v\nWhat the cluster says of it:", line, err)
	var commands []string
	var stuck *stuckError
	if errors.As(err, &stuck) {
		commands = append(commands, "kubectl -n "+stuck.namespace+" describe "+stuck.resource+" "+stuck.name)
	}
	for _, namespace := range []string{namespaceApp, namespaceS3} {
		commands = append(commands, "kubectl -n "+namespace+" get pods -o wide", "kubectl -n "+namespace+" events --types=Warning | tail -n 20")
	}
	commands = append(commands,
		"kubectl -n "+namespaceApp+" get backupstorage,backupconfiguration,backupsession,repository,snapshot,restoresession",
		"kubectl -n "+namespaceApp+" logs -l app.kubernetes.io/managed-by=kubestash.com --tail 20 --prefix --all-containers",
		"kubectl -n kubestash get pods",
		`kubectl -n kubestash logs deployment/kubestash-operator -c operator --tail 200 | grep -v '"msg":"Starting' | tail -n 30`,
	)
	for _, command := range commands {
		_ = d.run(ctx, command) // what can't be shown says so itself
	}
}
