// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"io/fs"

	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubestash.com/kubestash/controllers/addons/catalogue"
	"kubestash.com/kubestash/controllers/core/backupbatch"
	"kubestash.com/kubestash/controllers/core/backupblueprint"
	"kubestash.com/kubestash/controllers/core/backupconfiguration"
	"kubestash.com/kubestash/controllers/core/backupsession"
	"kubestash.com/kubestash/controllers/core/restoresession"
	"kubestash.com/kubestash/controllers/core/trigger"
	"kubestash.com/kubestash/controllers/storage/backupstorage"
	"kubestash.com/kubestash/controllers/storage/repository"
	"kubestash.com/kubestash/controllers/storage/snapshot"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/hook"
	"kubestash.com/kubestash/internal/kube/store"
)

// At its start the operator asks of each of its CustomResourceDefinitions, by name, whether it is new enough: cmd/operator.
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get

// Deps are what controllers are made of.
type Deps struct {
	Client client.Client
	// Live reads past the cache.
	Live client.Reader
	Logs kube.LogReader
	// Exec runs hooks' commands in containers.
	Exec hook.Execer
	// Spawn runs a function beside the caller.
	Spawn func(func())
	// Output reads all that a pod has printed.
	Output kube.LogOpener
	// Backends finds a backend by its provider.
	Backends func(provider string) (backend.Backend, error)
	// Recorder returns a recorder for a controller; the action is what it does.
	Recorder func(action string) kube.Recorder
	Clock    clock.PassiveClock
	// Addons is the catalogue of Addons and Functions.
	Addons fs.FS
	// Mover is what runs in the pods that move bytes.
	Mover desired.Mover
	// Limits are how many BackupSessions run at once; zero means no limit.
	Limits queue.Limits
	// Version is the operator's.
	Version string
}

// NewDeps makes Deps of a manager.
func NewDeps(mgr ctrl.Manager, mover desired.Mover, version string) (Deps, error) {
	clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
	if err != nil {
		return Deps{}, fmt.Errorf("creating client: %w", err)
	}
	events := mgr.GetEventRecorder("kubestash")
	return Deps{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Logs:     kube.NewLogReader(clientset),
		Exec:     hook.NewExecer(mgr.GetConfig(), clientset),
		Spawn:    func(f func()) { go f() },
		Output:   kube.NewLogOpener(clientset),
		Recorder: func(action string) kube.Recorder { return kube.NewRecorder(events, action) },
		Clock:    clock.RealClock{},
		Mover:    mover,
		Version:  version,
	}, nil
}

// Setup adds every controller to the manager.
func Setup(ctx context.Context, mgr ctrl.Manager, d Deps) error {
	if err := store.Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("adding indexes: %w", err)
	}
	for _, c := range list(d) {
		if err := c.register(mgr); err != nil {
			return fmt.Errorf("adding controller %s: %w", c.name, err)
		}
	}
	return nil
}

type controller struct {
	name     string
	register func(ctrl.Manager) error
}

func list(d Deps) []controller {
	return []controller{
		{"backupstorage", func(m ctrl.Manager) error {
			return backupstorage.Register(m, backupstorage.Deps{
				Client: d.Client, Live: d.Live, Backends: d.Backends, Recorder: d.Recorder("Storage"), Clock: d.Clock,
				Output: d.Output, Mover: d.Mover, Version: d.Version,
			})
		}},
		{"repository", func(m ctrl.Manager) error {
			return repository.Register(m, repository.Deps{
				Client: d.Client, Live: d.Live, Backends: d.Backends, Recorder: d.Recorder("Repository"), Clock: d.Clock,
				Mover: d.Mover,
			})
		}},
		{"snapshot", func(m ctrl.Manager) error {
			return snapshot.Register(m, snapshot.Deps{
				Client: d.Client, Live: d.Live, Backends: d.Backends, Recorder: d.Recorder("Snapshot"),
			})
		}},
		{"backupblueprint", func(m ctrl.Manager) error {
			return backupblueprint.Register(m, backupblueprint.Deps{
				Client: d.Client, Live: d.Live, Recorder: d.Recorder("AutoBackup"), Clock: d.Clock,
			})
		}},
		{"backupconfiguration", func(m ctrl.Manager) error {
			return backupconfiguration.Register(m, backupconfiguration.Deps{
				Client: d.Client, Live: d.Live, Recorder: d.Recorder("Configure"), Clock: d.Clock,
			})
		}},
		{"backupbatch", func(m ctrl.Manager) error {
			return backupbatch.Register(m, backupconfiguration.Deps{
				Client: d.Client, Live: d.Live, Recorder: d.Recorder("Configure"), Clock: d.Clock,
			})
		}},
		{"trigger", func(m ctrl.Manager) error {
			return trigger.Register(m, trigger.Deps{
				Client: d.Client, Live: d.Live, Recorder: d.Recorder("Trigger"), Clock: d.Clock,
			})
		}},
		{"backupsession", func(m ctrl.Manager) error {
			return backupsession.Register(m, backupsession.Deps{
				Client: d.Client, Live: d.Live, Backends: d.Backends, Logs: d.Logs, Recorder: d.Recorder("Backup"), Clock: d.Clock,
				Mover: d.Mover, Limits: d.Limits, Hooks: d.Hooks(),
			})
		}},
		{"restoresession", func(m ctrl.Manager) error {
			return restoresession.Register(m, restoresession.Deps{
				Client: d.Client, Live: d.Live, Backends: d.Backends, Logs: d.Logs, Recorder: d.Recorder("Restore"), Clock: d.Clock,
				Mover: d.Mover, Hooks: d.Hooks(),
			})
		}},
		{"catalogue", func(m ctrl.Manager) error {
			return catalogue.Register(m, catalogue.Deps{Client: d.Client, Files: d.Addons})
		}},
	}
}
