// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package hand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/config/addons"
	"kubestash.com/kubestash/controllers"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/kube"
)

// MoverImage is the image of the pods that never run.
const MoverImage = "mover.invalid/mover:test"

// Driver holds the controllers.
type Driver struct {
	// Client is the test's own: what it writes isn't counted.
	Client client.Client
	// Clock is what the controllers read.
	Clock *clocktesting.FakePassiveClock

	client   *indexed
	wire     *wire
	fate     *fate
	recorder *recorder
	logger   logr.Logger
	deps     controllers.Deps
	set      *set
	woken    woken
	printed  *printed
}

// NewScheme knows every type that controllers and tests read.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, corev1alpha1.AddToScheme, storagev1alpha1.AddToScheme, addonsv1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering types: %w", err)
		}
	}
	return scheme, nil
}

// New makes the controllers. admin is the test's access, operator the controllers'; start is what the clock shows.
func New(ctx context.Context, admin, operator *rest.Config, start time.Time, logger logr.Logger) (*Driver, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	own := rest.CopyConfig(admin)
	own.QPS, own.Burst = -1, 0
	life := &fate{}
	d := &Driver{
		Clock: clocktesting.NewFakePassiveClock(start), fate: life, wire: &wire{fate: life}, recorder: &recorder{fate: life}, logger: logger,
		printed: &printed{byPod: map[string]string{}},
	}
	if d.Client, err = client.New(own, client.Options{Scheme: scheme}); err != nil {
		return nil, fmt.Errorf("creating the test's client: %w", err)
	}
	counted := d.wire.listen(operator)
	direct, err := client.New(counted, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("creating the controllers' client: %w", err)
	}
	d.client = &indexed{Client: direct, indexes: map[indexKey]client.IndexerFunc{}}
	d.deps = controllers.Deps{
		Client: d.client, Live: d.client, Logs: noLogs{}, Output: d.printed, Backends: all.Find,
		Recorder: func(string) kube.Recorder { return d.recorder },
		Exec:     noKubelet{}, Spawn: func(f func()) { f() },
		Clock: d.Clock, Addons: addons.Files, Mover: desired.Mover{Image: MoverImage}, Version: "v0.0.0-test",
	}
	if err := d.index(ctx, counted, scheme); err != nil {
		return nil, err
	}
	d.Restart()
	return d, nil
}

// index registers every controller with a manager that never starts. What is left of that are the indexes, and the
// knowledge that registering works.
func (d *Driver) index(ctx context.Context, cfg *rest.Config, scheme *runtime.Scheme) error {
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)}, Logger: d.logger,
	})
	if err != nil {
		return fmt.Errorf("creating a manager: %w", err)
	}
	if err := controllers.Setup(ctx, indexes{Manager: mgr, to: d.client}, d.deps); err != nil {
		return fmt.Errorf("registering the controllers: %w", err)
	}
	return nil
}

// Restart forgets all that the controllers have in memory, as a new operator would.
func (d *Driver) Restart() {
	d.Spare()
	d.set = newSet(d.deps, d.client, &d.woken)
}

// Limit restarts the controllers with limits for BackupSessions. A new Driver has none.
func (d *Driver) Limit(limits queue.Limits) {
	d.deps.Limits = limits
	d.Restart()
}

// Step moves the clock.
func (d *Driver) Step(by time.Duration) { d.Clock.SetTime(d.Clock.Now().Add(by)) }

// Writes are the requests by which the controllers have changed something, or tried to.
func (d *Driver) Writes() []string { return d.wire.since(0) }

// Events are what the controllers have told.
func (d *Driver) Events() []Event { return d.recorder.since(0) }

func (d *Driver) context(ctx context.Context) context.Context { return log.IntoContext(ctx, d.logger) }

// Print is what a pod prints, all of it.
func (d *Driver) Print(pod *corev1.Pod, text string) {
	d.printed.mutex.Lock()
	defer d.printed.mutex.Unlock()
	d.printed.byPod[pod.Namespace+"/"+pod.Name] = text
}

// printed holds what pods that never run have printed.
type printed struct {
	mutex sync.Mutex
	byPod map[string]string
}

func (p *printed) Open(_ context.Context, namespace, pod, _ string, limit int64) (io.ReadCloser, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	text := p.byPod[namespace+"/"+pod]
	return io.NopCloser(strings.NewReader(text[:min(int64(len(text)), limit)])), nil
}

// noLogs is a cluster whose pods print nothing.
type noLogs struct{}

func (noLogs) Tail(context.Context, string, string, string, int64) ([]string, error) { return nil, nil }

// noKubelet is a cluster whose pods run no command. An attempt of a hook has ended when it was started.
type noKubelet struct{}

func (noKubelet) Exec(context.Context, string, string, string, []string) (string, error) {
	return "", errors.New("there is no kubelet")
}
