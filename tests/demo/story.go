// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	namespaceApp = "demo"
	namespaceS3  = "demo-s3"
	bucketName   = "backups"
	// repositoryName is what the blueprint's ${repoName} is for this Deployment.
	repositoryName = "deployment-notes"
)

var line = strings.Repeat("─", 100)

// step is a part of the story.
type step struct {
	title string
	// short is its name in the table of times.
	short string
	tell  func(context.Context) error
}

func (d *demo) steps() []step {
	return []step{
		{"A Kubernetes to run on", "cluster up", d.startCluster},
		{"The operator", "operator built and deployed", d.deploy},
		{"Remove what an earlier demo left", "clean-up", d.cleanUp},
		{"An S3 server, in a pod", "S3 server", d.startS3},
		{"An application with files", "application and its files", d.startApp},
		{"What an administrator does once: a storage, a retention policy, a blueprint", "storage ready", d.prepare},
		{"What a user does: one annotation", "annotation to configuration", d.annotate},
		{"The first backup, which starts by itself", "backup", d.backUp},
		{"Disaster", "destroy", d.destroy},
		{"Restore", "restore", d.restore},
		{"Is everything back?", "compare", d.compare},
		{"Without KubeStash: a plain restic reads the repository", "plain restic", d.plainRestic},
	}
}

// tell goes through the story and ends with what it took.
func (d *demo) tell(ctx context.Context) error {
	defer d.close()
	for i, s := range d.steps() {
		d.title(i+1, s.title)
		start := time.Now()
		if err := s.tell(ctx); err != nil {
			// Until the operator runs, the commands say themselves what is wrong.
			if i >= 2 {
				d.explain(err)
			}
			return fmt.Errorf("step %d, %s: %w", i+1, s.short, err)
		}
		d.times.add(s.short, time.Since(start))
	}
	d.say("\n%s\nEvery file is back, bit for bit. What it took:\n%s", line, line)
	d.times.print(d.out)
	d.sayWhatNext()
	return nil
}

func (d *demo) close() {
	if d.bucket != nil {
		d.bucket.Close()
	}
}

func (d *demo) startCluster(ctx context.Context) error {
	if !d.local {
		d.say("\nThe one that KUBECONFIG names: %s", d.kubeconfig)
	} else if err := d.run(ctx, "make cluster-up"); err != nil {
		return err
	}
	if err := d.connect(); err != nil {
		return err
	}
	return d.run(ctx, "kubectl get nodes")
}

func (d *demo) deploy(ctx context.Context) error {
	if err := d.run(ctx, d.install); err != nil {
		return err
	}
	for _, command := range []string{
		"kubectl -n kubestash get pods",
		// The leader applies the addons once it leads. Asked for several objects at once, kubectl gives up when the
		// first of them isn't there yet.
		"kubectl wait --for=create --timeout=60s addon/workload-addon",
		"kubectl wait --for=create --timeout=60s function/workload-backup",
		"kubectl wait --for=create --timeout=60s function/workload-restore",
	} {
		if err := d.run(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// cleanUp deletes namespaces only if a demo made them. The application's goes first: what is in it may need the S3 server to end.
func (d *demo) cleanUp(ctx context.Context) error {
	for _, namespace := range []string{namespaceApp, namespaceS3} {
		label, err := d.capture(ctx, "kubectl get namespace "+namespace+
			" --ignore-not-found -o 'jsonpath={.metadata.name} {.metadata.labels.app\\.kubernetes\\.io/part-of}'")
		if err != nil {
			return err
		}
		switch words := strings.Fields(string(label)); {
		case len(words) == 0:
			d.say("\nThere is no namespace %s.", namespace)
		case len(words) == 1 || words[1] != "kubestash-demo":
			return fmt.Errorf("namespace %s exists and isn't a demo's (label app.kubernetes.io/part-of=kubestash-demo): rename or delete it", namespace)
		default:
			if err := d.run(ctx, "kubectl delete namespace "+namespace+" --timeout=180s"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demo) sayWhatNext() {
	d.say(`
%[1]s
The cluster runs on. To look around:
%[1]s
`, line)
	if d.local {
		d.say(`  eval "$(make -s cluster-env)"`)
	}
	d.say(`  kubectl -n %[1]s get backupconfiguration,backupsession,snapshot,repository,restoresession
  kubectl -n %[1]s describe backupsession
  kubectl -n %[1]s get snapshot -o yaml
  kubectl -n %[1]s get cronjob                         # the next backup; its slots start no pod
  kubectl -n %[1]s create job now --from=cronjob/trigger-deployment-notes-nightly && kubectl -n %[1]s get backupsession -w

The repository by hand, with the bucket's credentials and the password:

  kubectl -n %[2]s port-forward service/s3 7070 &
  source %[3]s/restic.env
  bin/restic snapshots
  bin/restic ls latest /data/odd

The trees that were compared: %[3]s/before.jsonl, %[3]s/after.jsonl.`, namespaceApp, namespaceS3, d.folder)
	if d.local {
		d.say("\nmake cluster-down takes everything away.")
	} else {
		d.say("\nkubectl delete namespace %s %s && make undeploy take everything away.", namespaceApp, namespaceS3)
	}
}
