// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"kubestash.com/kubestash/config/addons"
	"kubestash.com/kubestash/controllers"
	"kubestash.com/kubestash/controllers/core/backupblueprint"
	"kubestash.com/kubestash/internal/backend/all"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/tests/kit/hand"
)

// An API server that was away for long is back: whatever failed meanwhile, nothing waits for more than a minute.
func TestNoControllerWaitsForMoreThanAMinute(t *testing.T) {
	scheme, err := hand.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	// Nobody is asked: the manager never starts.
	inner, err := ctrl.NewManager(&rest.Config{Host: "https://192.0.2.1"}, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Logger: logr.Discard(),
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	mgr := &added{Manager: inner}
	if err := controllers.Setup(t.Context(), mgr, controllers.Deps{
		Client: inner.GetClient(), Live: inner.GetAPIReader(), Backends: all.Find, Clock: clock.RealClock{}, Addons: addons.Files,
		Recorder: func(string) kube.Recorder { return nil },
	}); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, runnable := range mgr.runnables {
		name, longest, ok := longestWait(runnable)
		if !ok {
			continue
		}
		found++
		if longest > time.Minute {
			t.Errorf("controller %s waits for %s after a hundred failures", name, longest)
		}
	}
	if found < 9 {
		t.Errorf("%d controllers were looked at", found)
	}
}

// longestWait asks a controller's rate limiter, which the library doesn't show.
func longestWait(runnable manager.Runnable) (name string, longest time.Duration, ok bool) {
	v := reflect.Indirect(reflect.ValueOf(runnable))
	if v.Kind() != reflect.Struct || !v.FieldByName("RateLimiter").IsValid() {
		return "", 0, false
	}
	for range 100 {
		switch limiter := v.FieldByName("RateLimiter").Interface().(type) {
		case workqueue.TypedRateLimiter[reconcile.Request]:
			longest = limiter.When(reconcile.Request{})
		case workqueue.TypedRateLimiter[backupblueprint.Request]:
			longest = limiter.When(backupblueprint.Request{})
		default:
			panic(errors.New("a controller has requests of a type that this test doesn't know"))
		}
	}
	return v.FieldByName("Name").String(), longest, true
}

// added keeps what is added to a manager, and no index.
type added struct {
	ctrl.Manager
	runnables []manager.Runnable
}

func (a *added) GetFieldIndexer() client.FieldIndexer { return a }

func (a *added) IndexField(context.Context, client.Object, string, client.IndexerFunc) error {
	return nil
}

func (a *added) Add(r manager.Runnable) error {
	a.runnables = append(a.runnables, r)
	return nil
}
