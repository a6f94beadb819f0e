// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build fault

package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/s3fault"
	"kubestash.com/kubestash/tests/kit/stage"
)

const (
	password = "canary-fault-password-77c1"
	// mebibyte is what restic's limits and our sizes are counted in.
	mebibyte = 1 << 20
	// perSecond is how many MiB a backup or a restore moves in a second, so that it has a middle.
	perSecond = 4
	// soon is how long a good run takes at the very most, and a minute is what the next run has after a fault.
	soon = 2 * time.Minute
)

// shop is an application with a volume that is backed up into a bucket, behind a proxy that can be told to be ill.
type shop struct {
	*stage.World
	store *s3fault.Proxy
	// next numbers the runs that the aftermath asks for.
	next int
	// secrets and claims are those that the test has made.
	secrets, claims []string
}

// open has one good backup done.
func open(t *testing.T, name string, change ...func(*corev1alpha1.BackupConfiguration)) *shop {
	t.Helper()
	return openOn(t, name, "", change...)
}

// openOn has the application, and so its volume and its backups, on a node.
func openOn(t *testing.T, name, node string, change ...func(*corev1alpha1.BackupConfiguration)) *shop {
	t.Helper()
	s := &shop{store: s3fault.Start(t, stage.Address+":0", host.ServerURL), World: host.World(t, name)}
	s.secrets, s.claims = []string{object.StorageSecret, object.EncryptionSecret}, []string{object.Claim}
	app := object.Deployment(s.Namespace, object.App, object.Claim)
	if node != "" {
		app.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
	}
	s.Apply(t,
		object.S3Keys(s.Namespace, stage.Keys.AccessKey, stage.Keys.SecretKey), object.Password(s.Namespace, password),
		object.S3(s.Namespace, s.store.Endpoint, host.Bucket), object.KeepLast(s.Namespace, 3),
		object.VolumeClaim(s.Namespace, object.Claim), app,
	)
	s.Sh(t, "cd /data; mkdir -p a/b; echo one > a/one; echo two > a/b/two; dd if=/dev/urandom of=random bs=1024k count=1 2>/dev/null")
	bc := object.BackupConfiguration(s.Namespace)
	bc.Spec.Sessions[0].Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackup, map[string]string{
		"args": fmt.Sprintf("--limit-upload=%d", perSecond*1024),
	})
	for _, c := range change {
		c(bc)
	}
	s.Apply(t, bc)
	s.expect(t, s.FirstRun(t), corev1alpha1.BackupSessionPhaseSucceeded)
	return s
}

// timeout gives runs a deadline.
func timeout(d time.Duration) func(*corev1alpha1.BackupConfiguration) {
	return func(bc *corev1alpha1.BackupConfiguration) {
		bc.Spec.Sessions[0].BackupTimeout = &metav1.Duration{Duration: d}
	}
}

// grow adds so many MiB that nobody has backed up yet.
func (s *shop) grow(t *testing.T, mebibytes int) {
	t.Helper()
	s.Sh(t, fmt.Sprintf("dd if=/dev/urandom of=/data/big bs=1024k count=%d 2>/dev/null", mebibytes))
	s.store.Count()
}

// edit changes the BackupConfiguration.
func (s *shop) edit(t *testing.T, change func(*corev1alpha1.BackupConfiguration)) {
	t.Helper()
	stage.Await(t, "the BackupConfiguration is changed", stage.Patience, func(ctx context.Context) (bool, string) {
		bc := &corev1alpha1.BackupConfiguration{}
		if err := s.Client.Get(ctx, s.Key(object.Configuration), bc); err != nil {
			return false, err.Error()
		}
		change(bc)
		if err := s.Client.Update(ctx, bc); err != nil {
			return false, err.Error()
		}
		return true, ""
	})
}

// backup asks for a run.
func (s *shop) backup(t *testing.T, name string) {
	t.Helper()
	s.Apply(t, object.BackupSession(s.Namespace, name, object.Configuration))
}

// middle waits until so many MiB have arrived, and returns the pod that works.
func (s *shop) middle(t *testing.T, run string, mebibytes int64) *corev1.Pod {
	t.Helper()
	stage.Await(t, fmt.Sprintf("%d MiB of %s have arrived", mebibytes, run), soon, func(context.Context) (bool, string) {
		written := s.store.Written()
		return written >= mebibytes*mebibyte, fmt.Sprintf("%d bytes", written)
	})
	return s.working(t, run)
}

// working waits for the one pod of a Job that works.
func (s *shop) working(t *testing.T, job string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	stage.Await(t, "a pod of "+job+" works", soon, func(ctx context.Context) (bool, string) {
		pods := s.pods(ctx, t, job)
		for i := range pods {
			if pods[i].Status.Phase == corev1.PodRunning && pods[i].DeletionTimestamp.IsZero() {
				pod = &pods[i]
				return true, ""
			}
		}
		return false, fmt.Sprintf("%d pods", len(pods))
	})
	return pod
}

func (s *shop) pods(ctx context.Context, t *testing.T, job string) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	if err := s.Client.List(ctx, &list, client.InNamespace(s.Namespace), client.MatchingLabels{batchv1.JobNameLabel: job}); err != nil {
		t.Logf("listing pods: %v", err)
	}
	return list.Items
}

// expect waits for the end of a run, and looks for the phase, and for the words where users look: in statuses, and in
// the events of the run.
func (s *shop) expect(t *testing.T, name string, phase corev1alpha1.BackupSessionPhase, words ...string) {
	t.Helper()
	run := s.Ended(t, name, soon)
	said := s.said(t, run)
	if run.Status.Phase != phase {
		t.Fatalf("%s is %s, want %s: %s", name, run.Status.Phase, phase, said)
	}
	t.Logf("%s is %s after %s: %s", name, run.Status.Phase, run.Status.Duration, said)
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("statuses say %q, and nothing about %q", said, word)
		}
		s.told(t, name, word)
	}
}

// said is all that statuses tell about a run.
func (s *shop) said(t *testing.T, run *corev1alpha1.BackupSession) string {
	t.Helper()
	var said []string
	for _, c := range run.Status.Conditions {
		if c.Message != "" {
			said = append(said, c.Message)
		}
	}
	for _, r := range run.Status.RetentionPolicies {
		said = append(said, r.Error)
	}
	for _, info := range run.Status.Snapshots {
		snapshot := &storagev1alpha1.Snapshot{}
		if err := s.Client.Get(t.Context(), s.Key(info.Name), snapshot); err != nil {
			continue
		}
		for name, c := range snapshot.Status.Components {
			if c.Error != "" {
				said = append(said, name+": "+c.Error)
			}
		}
	}
	return strings.Join(slices.DeleteFunc(said, func(text string) bool { return text == "" }), "; ")
}

// told waits for an event about an object that holds a word.
func (s *shop) told(t *testing.T, name, word string) {
	t.Helper()
	stage.Await(t, "an event of "+name+" tells of "+word, soon, func(ctx context.Context) (bool, string) {
		var list eventsv1.EventList
		if err := s.Client.List(ctx, &list, client.InNamespace(s.Namespace)); err != nil {
			return false, err.Error()
		}
		var notes []string
		for _, e := range list.Items {
			if e.Regarding.Name == name {
				notes = append(notes, e.Reason+": "+e.Note)
			}
		}
		return strings.Contains(strings.Join(notes, "\n"), word), strings.Join(notes, "\n")
	})
}

// restore asks for the latest Snapshot, slowly.
func (s *shop) restore(t *testing.T, name string, change ...func(*corev1alpha1.RestoreSession)) {
	t.Helper()
	session := object.RestoreSession(s.Namespace, name, "latest")
	session.Spec.Addon = object.Addon(object.WorkloadAddon, metav1alpha1.TaskLogicalBackupRestore, map[string]string{
		"args": fmt.Sprintf("--limit-download=%d", perSecond*1024),
	})
	for _, c := range change {
		c(session)
	}
	s.Apply(t, session)
}

func (s *shop) expectRestore(t *testing.T, name string, phase corev1alpha1.RestoreSessionPhase, words ...string) {
	t.Helper()
	session := object.RestoreSession(s.Namespace, name, "latest")
	s.RestoreEnded(t, session, soon)
	if session.Status.Phase != phase {
		t.Fatalf("%s is %s, want %s: %+v", name, session.Status.Phase, phase, session.Status)
	}
	t.Logf("%s is %s after %s: %+v", name, session.Status.Phase, session.Status.Duration, session.Status.Components)
	for _, word := range words {
		s.told(t, name, word)
	}
}

func (s *shop) setSecret(t *testing.T, name, key, value string) {
	t.Helper()
	secret := &corev1.Secret{}
	stage.Must(t, s.Client.Get(t.Context(), s.Key(name), secret))
	secret.Data[key] = []byte(value)
	stage.Must(t, s.Client.Update(t.Context(), secret))
}
