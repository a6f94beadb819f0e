//go:build bench

// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/tests/kit/apiserver"
	"kubestash.com/kubestash/tests/kit/hand"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/s3server"
)

// ground is the namespace that holds what all backups share: the storage, its keys, the password, the retention policy.
const ground = "ground"

// cluster is an API server with an S3 server beside it.
type cluster struct {
	server     apiserver.Server
	client     client.WithWatch
	audit      audit
	kubeconfig string
	// store is where the S3 server is.
	store string
}

func newCluster(t *testing.T, isAudited bool) *cluster {
	t.Helper()
	c := &cluster{}
	options := []apiserver.Option{apiserver.WithWatchCache()}
	if isAudited {
		c.audit = newAudit(t)
		options = append(options, apiserver.WithAudit(c.audit.policy, c.audit.log))
	}
	c.server = apiserver.Start(t, options...)
	scheme, err := hand.NewScheme()
	must(t, err)
	admin := rest.CopyConfig(c.server.Admin)
	admin.QPS, admin.Burst = -1, 0
	c.client, err = client.NewWithWatch(admin, client.Options{Scheme: scheme})
	must(t, err)
	c.kubeconfig = kubeconfig(t, c.server.Operator)

	c.store = s3server.Start(t).Endpoint
	c.namespace(t, ground)
	c.make(t, object.S3Keys(ground, s3server.AccessKeyID, s3server.SecretAccessKey), object.Password(ground, "correct horse"),
		object.KeepLast(ground, 3))
	c.storage(t, object.Storage)
	return c
}

// storage makes a BackupStorage with a prefix of its own.
func (c *cluster) storage(t *testing.T, name string) {
	t.Helper()
	storage := object.S3(ground, c.store, s3server.Bucket)
	storage.Name, storage.Spec.Storage.S3.Prefix = name, name
	c.make(t, storage)
}

func (c *cluster) namespace(t *testing.T, name string) {
	t.Helper()
	c.make(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

func (c *cluster) make(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := c.client.Create(t.Context(), o); err != nil {
			t.Errorf("creating %T %s: %v", o, o.GetName(), err)
		}
	}
}

// configured makes a BackupConfiguration of a claim, with a Repository of its own. It takes no first backup, because it says that it
// has had one, and its schedule is the 29th of February.
func (c *cluster) configured(t *testing.T, namespace, name, storage string) {
	t.Helper()
	claim := object.VolumeClaim(namespace, name)
	bc := object.BackupConfiguration(ground)
	bc.Namespace, bc.Name, bc.Spec.Target = namespace, name, object.ClaimRef(namespace)
	bc.Spec.Target.Name, bc.Spec.Backends[0].StorageRef.Name = name, storage
	bc.Spec.Sessions[0].Addon = object.Addon(object.ClaimAddon, metav1alpha1.TaskLogicalBackup, nil)
	info := &bc.Spec.Sessions[0].Repositories[0]
	info.Name, info.Directory = name, namespace+"/"+name
	c.make(t, claim, bc)
	bc.Status.Sessions = []corev1alpha1.SessionStatus{{Name: object.Session, Conditions: []metav1alpha1.Condition{{
		Type: corev1alpha1.ConditionInitialBackupTriggered, Status: metav1.ConditionTrue, LastTransitionTime: metav1.Now(),
		Reason: corev1alpha1.ReasonSuccessfullyTriggeredInitialBackup, Message: "Initial backup has been triggered successfully.",
	}}}}
	if err := c.client.Status().Update(t.Context(), bc); err != nil {
		t.Errorf("writing the status of BackupConfiguration %s: %v", name, err)
	}
}

// watch tells of every change of the objects of a kind, in the server's order, beginning with those that are there. A server that finds us
// slow ends a watch; then all that is there is told again. What it returns ends it; the end of the test does too.
func (c *cluster) watch(t *testing.T, list client.ObjectList, see func(runtime.Object)) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		for ctx.Err() == nil {
			if err := c.follow(ctx, list.DeepCopyObject().(client.ObjectList), see); err != nil && ctx.Err() == nil {
				t.Errorf("watching %T: %v", list, err)
				return
			}
		}
	})
	end = func() { cancel(); ended.Wait() }
	t.Cleanup(end)
	return end
}

func (c *cluster) follow(ctx context.Context, list client.ObjectList, see func(runtime.Object)) error {
	if err := c.client.List(ctx, list); err != nil {
		return err
	}
	items, err := apimeta.ExtractList(list)
	if err != nil {
		return err
	}
	// What has ended meanwhile comes first: it must not be counted together with what has begun since.
	slices.SortStableFunc(items, func(a, b runtime.Object) int { return cmp.Compare(works(a), works(b)) })
	for _, item := range items {
		see(item)
	}
	w, err := c.client.Watch(ctx, list, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.GetResourceVersion()}})
	if err != nil {
		return err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		switch event.Type {
		case watch.Error:
			return nil
		case watch.Added, watch.Modified:
			see(event.Object)
		}
	}
	return nil
}

// works is 1 for what runs, and 0 for everything else.
func works(o runtime.Object) int {
	switch o := o.(type) {
	case *batchv1.Job:
		if o.Status.CompletionTime == nil {
			return 1
		}
	case *corev1alpha1.BackupSession:
		if o.Status.Phase == corev1alpha1.BackupSessionPhaseRunning {
			return 1
		}
	}
	return 0
}

// ready waits until so many BackupConfigurations have all that they need.
func (c *cluster) ready(t *testing.T, number int, within time.Duration) {
	t.Helper()
	var mutex sync.Mutex
	are := map[client.ObjectKey]bool{}
	end := c.watch(t, &corev1alpha1.BackupConfigurationList{}, func(o runtime.Object) {
		bc, ok := o.(*corev1alpha1.BackupConfiguration)
		mutex.Lock()
		defer mutex.Unlock()
		if ok && bc.Status.Phase == corev1alpha1.BackupConfigurationPhaseReady {
			are[client.ObjectKeyFromObject(bc)] = true
		}
	})
	defer end()
	await(t, fmt.Sprintf("%d BackupConfigurations are ready", number), within, func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return len(are) == number
	})
}

// each does something for every number below n, several at a time.
func each(n int, do func(i int)) {
	const workers = 8
	var group sync.WaitGroup
	work := make(chan int)
	for range workers {
		group.Go(func() {
			for i := range work {
				do(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	group.Wait()
}
