// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package backupstorage

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// afterRepository is how long after a Repository has come or grown the list of them is written. A storage lists all of its Repositories in
// its status and in its metadata.yaml, and a night's backups change hundreds of them one after the other.
const afterRepository = 5 * time.Second

// byRepository looks at the storage of a Repository, soon; at once when one goes, as somebody may wait for that.
func byRepository() handler.EventHandler {
	return kube.Later(func(o client.Object, isGone bool) (client.ObjectKey, time.Duration, bool) {
		r, ok := o.(*storagev1alpha1.Repository)
		if !ok {
			return client.ObjectKey{}, 0, false
		}
		if isGone || deleted(r) {
			return store.Key(r), 0, true
		}
		return store.Key(r), afterRepository, true
	})
}

// relevant lets through what changes a storage's list of Repositories.
func relevant() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		old, isOld := e.ObjectOld.(*storagev1alpha1.Repository)
		now, isNow := e.ObjectNew.(*storagev1alpha1.Repository)
		if !isOld || !isNow {
			return false
		}
		return old.Generation != now.Generation || old.Status.Size != now.Status.Size || deleted(old) != deleted(now)
	}}
}

func deleted(o metav1.Object) bool { return !o.GetDeletionTimestamp().IsZero() }
