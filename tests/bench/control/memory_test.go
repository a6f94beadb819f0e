//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/tests/bench"
	"kubestash.com/kubestash/tests/kit/object"
)

const (
	goalIdle       = 60 << 20
	goalConfigured = 150 << 20
	// noise is what two measurements of the same differ by.
	noise = 8 << 20
	// perNamespace is how many BackupConfigurations a namespace has.
	perNamespace = 100
	// perStorage is how many are on a BackupStorage.
	perStorage = 500
	// restFor is longer than Go leaves garbage alone.
	restFor = 130 * time.Second
	// forgetting is for how long client-go remembers at most which events it told, and the operator's next look at its memory after that.
	forgetting = 16 * time.Minute
)

// memory measures an operator with nothing to do: in an empty cluster, in one with many BackupConfigurations, and in one with many things
// beside that are none of its business.
func memory(t *testing.T, binary string) []row {
	c := newCluster(t, false)
	number := int(bench.Scaled(10_000))
	restart := func(name string) usage {
		o := start(t, binary, c.kubeconfig)
		c.ready(t, number, time.Hour)
		u := o.atRest(t, restFor)
		o.keepProfile(t, name)
		o.stop()
		return u
	}

	o := start(t, binary, c.kubeconfig)
	idle := o.atRest(t, restFor)
	o.keepProfile(t, "idle")
	o.stop()

	for i := range (number + perNamespace - 1) / perNamespace {
		c.namespace(t, namespaceOf(i*perNamespace))
	}
	for i := range (number + perStorage - 1) / perStorage {
		c.storage(t, storageOf(i*perStorage))
	}
	each(number, func(i int) { c.configured(t, namespaceOf(i), fmt.Sprintf("app-%05d", i), storageOf(i)) })
	o = start(t, binary, c.kubeconfig)
	started := time.Now()
	c.ready(t, number, time.Hour)
	took := time.Since(started)
	first := o.atRest(t, restFor)
	o.keepProfile(t, "configured")
	later := o.atRest(t, forgetting)
	o.keepProfile(t, "configured-later")
	o.stop()
	again := restart("configured-again")
	c.namespace(t, "foreign")
	each(number, func(i int) { c.make(t, foreign(i)...) })
	beside := restart("foreign")
	return []row{
		memoryRow("memory, idle: an empty cluster", idle, goalIdle),
		{what: fmt.Sprintf("time until %d BackupConfigurations are ready, with a CronJob and a Repository each", number), figure: took.Round(time.Second).String()},
		{
			fmt.Sprintf("memory with %d BackupConfigurations, two minutes after it has set them up", number),
			fmt.Sprintf("%s, peak %s", mebibytes(first.rss), mebibytes(first.peak)), "", true,
		},
		configuredRow("the same a quarter of an hour later", later),
		configuredRow("the same after a restart", again),
		{
			fmt.Sprintf("memory for %d foreign Pods and %d foreign Secrets more, after a restart", number, number),
			fmt.Sprintf("%s (%+.1f MiB), peak %s", mebibytes(beside.rss), float64(beside.rss-again.rss)/(1<<20), mebibytes(beside.peak)),
			fmt.Sprintf("+ 0 (noise: %s)", mebibytes(noise)), beside.rss-again.rss <= noise,
		},
	}
}

func namespaceOf(i int) string { return fmt.Sprintf("team-%03d", i/perNamespace) }

func storageOf(i int) string { return fmt.Sprintf("storage-%02d", i/perStorage) }

// foreign are a pod and a Secret that others have made.
func foreign(i int) []client.Object {
	name := fmt.Sprintf("other-%05d", i)
	pod := &corev1.Pod{ObjectMeta: object.Meta("foreign", name), Spec: object.Sleeper(object.Claim)}
	pod.Labels = map[string]string{"app": name}
	return []client.Object{pod, object.Secret("foreign", name, map[string]string{"key": name})}
}

func memoryRow(what string, u usage, goal int64) row {
	return row{what, fmt.Sprintf("%s at rest, peak %s", mebibytes(u.rss), mebibytes(u.peak)), "≤ " + mebibytes(goal), u.rss <= goal}
}

// configuredRow has a goal that is for all of the objects: a part of them reaches nothing.
func configuredRow(what string, u usage) row {
	r := memoryRow(what, u, goalConfigured)
	if bench.Percent() < 100 {
		r.figure, r.goal = r.figure+" (the goal, with all of them: "+r.goal+")", ""
	}
	return r
}
