// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/config/addons"
	"kubestash.com/kubestash/controllers"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/desired"
	"kubestash.com/kubestash/internal/domain/queue"
	"kubestash.com/kubestash/internal/kube/kept"
)

// version is set by the linker.
var version = "v0.0.0-dev"

// moverImageVariable names the mover's image. It is an environment variable, not only a flag, because OLM
// finds the images that it must mirror by this prefix.
const moverImageVariable = "RELATED_IMAGE_MOVER"

// defaultConcurrentBackups keeps a night's schedules from starting hundreds of pods in the same minute.
const defaultConcurrentBackups = 10

// gcPercent is smaller than Go's own choice: an operator rests most of the time, and what it holds is mostly its cache, which would count
// twice. Ten thousand BackupConfigurations are some 60 MiB, so each collection frees at least a quarter of that.
const gcPercent = 25

type options struct {
	metricsAddress  string
	probeAddress    string
	profileAddress  string
	moverImage      string
	leaderElect     bool
	shutdownTimeout time.Duration
	development     bool
	limits          queue.Limits
	webhooks        webhookOptions
}

func main() {
	profile(false)
	if !userDecides() {
		debug.SetGCPercent(gcPercent)
	}
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:           "operator",
		Short:         "The KubeStash operator: backs up what annotated workloads write",
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(*cobra.Command, []string) error {
			return run(ctrl.SetupSignalHandler(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.metricsAddress, "metrics-bind-address", "127.0.0.1:8080",
		"address that serves Prometheus metrics; 0 serves none")
	f.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "address that serves /healthz and /readyz")
	f.StringVar(&o.profileAddress, "pprof-bind-address", "0",
		"address that serves Go's profiles at /debug/pprof/, for whoever wants to know where memory or time goes; 0 serves none")
	f.StringVar(&o.moverImage, "mover-image", os.Getenv(moverImageVariable),
		"image of the pods that move bytes (default: $"+moverImageVariable+")")
	f.BoolVar(&o.leaderElect, "leader-elect", false, "run as one of several replicas, of which the leader works")
	f.DurationVar(&o.shutdownTimeout, "graceful-shutdown-timeout", 20*time.Second,
		"how long a reconcile that is under way may take once the operator was told to stop")
	f.IntVar(&o.limits.Cluster, "max-concurrent-backups", defaultConcurrentBackups,
		"how many BackupSessions run at once in the whole cluster; others wait, fairly between namespaces. 0 means no limit. Restores never wait")
	f.IntVar(&o.limits.Storage, "max-concurrent-backups-per-storage", 0,
		"how many BackupSessions write at once to a BackupStorage that doesn't say so itself (spec.maxConcurrentBackups). 0 means no limit")
	f.IntVar(&o.limits.Node, "max-concurrent-backups-per-node", 0,
		"how many BackupSessions run at once on a node, as far as it is known beforehand: on that of a volume in use, and on those of a "+
			"DaemonSet. 0 means no limit")
	f.IntVar(&o.webhooks.port, "webhook-port", 9443, "port that serves the admission webhooks; 0 serves none")
	f.StringVar(&o.webhooks.certDir, "webhook-cert-dir", "",
		"folder with the webhooks' tls.crt and tls.key, which somebody else renews, as OLM does. Without it the operator makes its own certificate, "+
			"renews it, and tells the API server")
	f.BoolVar(&o.development, "development", false, "log for people instead of as JSON")
	return cmd
}

func run(ctx context.Context, o options) error {
	ctrl.SetLogger(zap.New(zap.UseDevMode(o.development)))
	log := ctrl.Log.WithName("setup")
	profile(o.profileAddress != "0")
	if o.limits.Cluster < 0 || o.limits.Storage < 0 || o.limits.Node < 0 {
		return errors.New("a limit of concurrent backups is negative: 0 means no limit")
	}
	if o.moverImage == "" {
		return errors.New("no mover image: set --mover-image or $" + moverImageVariable)
	}
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	cfg := ctrl.GetConfigOrDie()
	asker, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return fmt.Errorf("setting up the API server's client: %w", err)
	}
	awaitAPI(ctx, log, func() error { _, err := asker.ServerVersion(); return err }, apiPatience, apiInterval)
	server, keeper, err := o.webhooks.server(cfg, scheme)
	if err != nil {
		return err
	}
	managed := managerOptions(o, scheme)
	managed.WebhookServer = server
	mgr, err := ctrl.NewManager(cfg, managed)
	if err != nil {
		return fmt.Errorf("creating manager: %w", err)
	}
	if err := checkDefinitions(ctx, mgr.GetAPIReader(), mgr.GetRESTMapper(), scheme, version); err != nil {
		return err
	}
	deps, err := controllers.NewDeps(mgr, desired.Mover{Image: o.moverImage, Env: proxies(log, os.Environ())}, version)
	if err != nil {
		return err
	}
	deps.Backends, deps.Addons, deps.Limits = all.Find, addons.Files, o.limits
	if err := controllers.Setup(ctx, mgr, deps); err != nil {
		return err
	}
	if err := addWebhooks(ctx, mgr, o.webhooks, keeper); err != nil {
		return err
	}
	if err := mgr.Add(newTrimmer()); err != nil {
		return fmt.Errorf("adding what gives memory back: %w", err)
	}
	if err := errors.Join(mgr.AddHealthzCheck("healthz", healthz.Ping), mgr.AddReadyzCheck("readyz", healthz.Ping)); err != nil {
		return fmt.Errorf("adding probes: %w", err)
	}
	log.Info("Starting", "version", version, "moverImage", o.moverImage)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running: %w", err)
	}
	return nil
}

func newScheme() (*runtime.Scheme, error) {
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

func managerOptions(o options, scheme *runtime.Scheme) ctrl.Options {
	return ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: o.metricsAddress},
		HealthProbeBindAddress:        o.probeAddress,
		PprofBindAddress:              o.profileAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              "operator.kubestash.com",
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &o.shutdownTimeout,
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: kept.NotCached()}},
		Cache:                         kept.Options(),
		NewCache:                      kept.New,
	}
}
