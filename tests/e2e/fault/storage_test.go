// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/s3fault"
	"kubestash.com/kubestash/tests/kit/stage"
)

// TestStorageStumbles is about what passes: requests are repeated, and the run is good.
func TestStorageStumbles(t *testing.T) {
	t.Parallel()
	s := open(t, "stumble")
	some := s3fault.Unavailable
	some.Every = 4
	for name, fault := range map[string]s3fault.Fault{
		"some-503": some,
		"slow":     {Delay: 300 * time.Millisecond},
		"reset":    {ResetAfter: 64 << 10, Every: 5},
	} {
		s.grow(t, 8)
		s.store.Set(fault)
		s.backup(t, name)
		s.expect(t, name, corev1alpha1.BackupSessionPhaseSucceeded)
		if s.store.Struck() == 0 {
			t.Errorf("%s has struck no request", name)
		}
		s.store.Set(s3fault.Fault{})
	}
	s.aftermath(t)
}

// TestStorageFailsInTheMiddle is about what doesn't pass: the run fails by its deadline and says why, and the next one
// is good once the storage is.
func TestStorageFailsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault s3fault.Fault
		class engine.Class
	}{
		"gone":   {s3fault.Unavailable, engine.ClassUnreachable},
		"denied": {s3fault.Denied, engine.ClassDenied},
		"full":   {s3fault.Full, engine.ClassStorageFull},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, "storage-"+name, timeout(time.Minute))
			s.grow(t, slowly)
			s.backup(t, "run")
			s.middle(t, "run", 4)
			s.store.Set(c.fault)
			s.expect(t, "run", corev1alpha1.BackupSessionPhaseFailed, string(c.class))
			s.store.Set(s3fault.Fault{})
			s.aftermath(t)
		})
	}
}

// TestSecretsRotatedInTheMiddle: a pod goes on with what it began with, and the next run takes what there is then. The
// operator, which writes the Snapshot's document when the pod has ended, waits for keys that fit.
func TestSecretsRotatedInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret, key, right string
		class              engine.Class
	}{
		"password":    {object.EncryptionSecret, metav1alpha1.SecretKeyResticPassword, password, engine.ClassPassword},
		"credentials": {object.StorageSecret, metav1alpha1.SecretKeyAWSSecretAccessKey, stage.Keys.SecretKey, engine.ClassDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, "rotated-"+name, timeout(50*time.Second))
			s.grow(t, slowly/2)
			s.backup(t, "run")
			s.middle(t, "run", 4)
			s.setSecret(t, c.secret, c.key, "another")
			s.awaitPodEnd(t, "run")
			if c.secret == object.StorageSecret {
				s.setSecret(t, c.secret, c.key, c.right)
			}
			s.expect(t, "run", corev1alpha1.BackupSessionPhaseSucceeded)
			s.setSecret(t, c.secret, c.key, "another")
			s.backup(t, "wrong")
			s.expect(t, "wrong", corev1alpha1.BackupSessionPhaseFailed, string(c.class))
			s.setSecret(t, c.secret, c.key, c.right)
			s.awaitReady(t)
			s.aftermath(t)
		})
	}
}

// TestLockOfTheLiving holds a lock as somebody else's restic does. It is never removed: the run waits, and then says
// whose it is.
func TestLockOfTheLiving(t *testing.T) {
	t.Parallel()
	s := open(t, "live-lock", impatient)
	// A slow proxy of its own keeps it from being done.
	slow := s3fault.Start(t, "127.0.0.1:0", host.ServerURL)
	slow.Set(s3fault.Fault{Delay: 300 * time.Millisecond})
	holder := stage.ResticCommand(t, strings.Replace(s.url(), host.ServerURL, slow.Endpoint, 1), password, "check", "--read-data")
	stage.Must(t, holder.Start())
	ended := make(chan error, 1)
	go func() { ended <- holder.Wait() }()
	stage.Await(t, "restic holds a lock", soon, func(_ context.Context) (bool, string) { return len(s.locks(t)) == 1, "no lock" })
	lock := s.locks(t)
	// It holds it for as long as it stands still.
	stage.Must(t, holder.Process.Signal(syscall.SIGSTOP))

	s.backup(t, "run")
	run := s.Ended(t, "run", soon)
	if run.Status.Phase != corev1alpha1.BackupSessionPhaseFailed {
		t.Errorf("the run is %s", run.Status.Phase)
	}
	for _, word := range []string{string(engine.ClassLocked), "PID"} {
		if said := s.said(t, run); !strings.Contains(said, word) {
			t.Errorf("statuses say %q, and nothing about %q", said, word)
		}
		s.told(t, "run", word)
	}
	if left := s.locks(t); !slices.Equal(left, lock) {
		t.Errorf("the locks are %q, and were %q", left, lock)
	}
	stage.Must(t, holder.Process.Signal(syscall.SIGCONT))
	stage.Must(t, holder.Process.Signal(syscall.SIGINT))
	<-ended
	s.aftermath(t)
}

// impatient shortens restic's patience with locks, which is two minutes.
func impatient(bc *corev1alpha1.BackupConfiguration) {
	bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup, map[string]string{"args": "--retry-lock=15s"})
}

// awaitReady waits until the storage and the configuration have seen that all is well again.
func (s *shop) awaitReady(t *testing.T) {
	t.Helper()
	stage.Await(t, "the BackupConfiguration is Ready", soon, func(ctx context.Context) (bool, string) {
		bc := &corev1alpha1.BackupConfiguration{}
		if err := s.Client.Get(ctx, s.Key(object.Configuration), bc); err != nil {
			return false, err.Error()
		}
		return bc.Status.Phase == corev1alpha1.BackupConfigurationPhaseReady, string(bc.Status.Phase)
	})
}
