// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"kubestash.com/kubestash/tests/cluster/internal/plan"
)

// Provisioner serves claims until its context ends.
type Provisioner struct {
	Client kubernetes.Interface
	// State is the cluster's folder.
	State string
	// Node is where a claim goes that waits for no pod.
	Node   string
	Logger *slog.Logger

	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
	events  record.EventRecorder
}

// retry is how long a failed pass waits for the next; each change of an object starts one at once.
const retry = 5 * time.Second

// Run watches and works until ctx ends.
func (p *Provisioner) Run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(p.Client, 0)
	claims, volumes := factory.Core().V1().PersistentVolumeClaims(), factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()
	p.claims, p.volumes, p.classes = claims.Lister(), volumes.Lister(), classes.Lister()
	wake := make(chan struct{}, 1)
	nudge := func(any) {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: nudge, UpdateFunc: func(any, any) { nudge(nil) }}
	for _, informer := range []cache.SharedIndexInformer{claims.Informer(), volumes.Informer(), classes.Informer()} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return fmt.Errorf("watching volumes: %w", err)
		}
	}
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: p.Client.CoreV1().Events("")})
	p.events = broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: plan.Provisioner})
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		again := p.pass(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-again:
		}
	}
}

// pass serves everything that waits. The channel it returns fires when a failure wants another pass; it's nil when nothing failed.
func (p *Provisioner) pass(ctx context.Context) <-chan time.Time {
	failed := false
	claims, err := p.claims.List(labels.Everything())
	failed = failed || err != nil
	for _, claim := range claims {
		if err := p.provision(ctx, claim); err != nil {
			p.Logger.Error("provisioning", "claim", claim.Namespace+"/"+claim.Name, "error", err)
			failed = true
		}
	}
	volumes, err := p.volumes.List(labels.Everything())
	failed = failed || err != nil
	for _, pv := range volumes {
		if err := p.remove(ctx, pv); err != nil {
			p.Logger.Error("deleting", "volume", pv.Name, "error", err)
			failed = true
		}
	}
	if failed {
		return time.After(retry)
	}
	return nil
}

func (p *Provisioner) class(claim *corev1.PersistentVolumeClaim) *storagev1.StorageClass {
	if claim.Spec.StorageClassName == nil {
		return nil
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	if err != nil {
		return nil
	}
	return class
}

func (p *Provisioner) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	class := p.class(claim)
	if !wants(claim, class) {
		return nil
	}
	if _, err := p.volumes.Get(name(claim)); err == nil {
		return nil
	}
	if err := check(claim); err != nil {
		// The recorder folds repeats of one event into a count.
		p.events.Event(claim, corev1.EventTypeWarning, "ProvisioningFailed", err.Error())
		return nil
	}
	node := claim.Annotations[annotationNode]
	if node == "" {
		node = p.Node
	}
	path := folder(p.State, node, claim)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	// MkdirAll obeys the umask; a pod of any user must be able to write.
	if err := os.Chmod(path, 0o777); err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	_, err := p.Client.CoreV1().PersistentVolumes().Create(ctx, build(claim, class, node, path), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the volume: %w", err)
	}
	p.Logger.Info("provisioned", "claim", claim.Namespace+"/"+claim.Name, "node", node)
	p.events.Event(claim, corev1.EventTypeNormal, "ProvisioningSucceeded", "Successfully provisioned volume "+name(claim))
	return nil
}

func (p *Provisioner) remove(ctx context.Context, pv *corev1.PersistentVolume) error {
	if !isFinished(pv) {
		return nil
	}
	if err := owned(p.State, pv.Spec.Local.Path); err != nil {
		return err
	}
	if err := os.RemoveAll(pv.Spec.Local.Path); err != nil {
		return fmt.Errorf("removing the folder: %w", err)
	}
	err := p.Client.CoreV1().PersistentVolumes().Delete(ctx, pv.Name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting the volume: %w", err)
	}
	p.Logger.Info("deleted", "volume", pv.Name)
	return nil
}
