// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/e2e-framework/pkg/features"
	"sigs.k8s.io/yaml"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	"kubestash.com/kubestash/tests/kit/object"
	"kubestash.com/kubestash/tests/kit/stage"
	"kubestash.com/kubestash/tests/kit/tool"
)

// webhookSecret keeps the certificate of the webhooks.
var webhookSecret = client.ObjectKey{Namespace: "kubestash", Name: "kubestash-operator-webhook-certificate"}

func TestAdmission(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "admission")
	late := object.BackupConfiguration(w.Namespace)
	late.Name, late.Spec.Sessions[0].Scheduler.Schedule = "late", "at noon"
	const lateSays = `spec.sessions[0].scheduler.schedule: Invalid value: "at noon"`
	suite.Test(t, features.New("admission").
		Setup(step(func(_ context.Context, t *testing.T) {
			w.s3Ground(t)
			w.app(t, object.Deployment(w.Namespace, object.App, object.Claim))
			stage.Await(t, "the API server asks the webhooks", stage.Patience, func(ctx context.Context) (bool, string) {
				said, err := w.kubectlApply(ctx, t, late, "--dry-run=server")
				return err != nil && strings.Contains(said, lateSays), said
			})
		})).
		Assess("refuses a schedule that isn't one, in our words", step(func(ctx context.Context, t *testing.T) {
			w.refused(ctx, t, late, `The BackupConfiguration "late" is invalid`, lateSays)
		})).
		Assess("refuses a storage in the place of another one", step(func(ctx context.Context, t *testing.T) {
			second := object.S3(w.Namespace, host.Server.Endpoint(), w.Bucket)
			second.Name = "second"
			w.refused(ctx, t, second, "BackupStorage "+w.Namespace+"/"+object.Storage+" keeps its backups at the same place")
		})).
		Assess("warns of what doesn't exist yet", step(func(ctx context.Context, t *testing.T) {
			early := object.BackupConfiguration(w.Namespace)
			early.Spec.Backends[0].StorageRef.Name = "to-come"
			said, err := w.kubectlApply(ctx, t, early, "--dry-run=server")
			stage.Must(t, err)
			if want := "Warning: spec.backends[0].storageRef: BackupStorage " + w.Namespace + "/to-come does not exist yet"; !strings.Contains(said, want) {
				t.Errorf("kubectl prints %q, not %q", said, want)
			}
		})).
		Assess("fills in the defaults of other objects", step(func(ctx context.Context, t *testing.T) {
			for _, kind := range []string{"backupstorage/" + object.Storage, "retentionpolicy/" + object.Retention} {
				w.kubectl(ctx, t, "-n", w.Namespace, "patch", kind, "--type", "merge", "-p", `{"spec":{"default":true}}`)
			}
			bc := object.BackupConfiguration(w.Namespace)
			bc.Spec.Backends = nil
			for i := range bc.Spec.Sessions[0].Repositories {
				bc.Spec.Sessions[0].Repositories[i].Backend = ""
			}
			said, err := w.kubectlApply(ctx, t, bc)
			if err != nil {
				t.Fatal(said)
			}
			got := &corev1alpha1.BackupConfiguration{}
			stage.Must(t, host.Client.Get(ctx, w.Key(bc.Name), got))
			if len(got.Spec.Backends) != 1 || got.Spec.Backends[0].StorageRef.Name != object.Storage || got.Spec.Backends[0].RetentionPolicy.Name != object.Retention {
				t.Errorf("backends are %+v", got.Spec.Backends)
			}
			w.succeed(ctx, t, w.FirstRun(t), stage.Patience)
		})).
		Assess("goes on while the certificate is lost, and with the one that is made then", step(func(ctx context.Context, t *testing.T) {
			lost := &corev1.Secret{}
			stage.Must(t, host.Client.Get(ctx, webhookSecret, lost))
			stage.Must(t, host.Client.Delete(ctx, lost))
			w.refused(ctx, t, late, lateSays)
			stage.Await(t, "the certificate's Secret is made again", stage.Patience, func(ctx context.Context) (bool, string) {
				made := &corev1.Secret{}
				err := host.Client.Get(ctx, webhookSecret, made)
				return err == nil && made.UID != lost.UID, webhookSecret.String()
			})
			w.refused(ctx, t, late, lateSays)
		})).
		Feature())
}

// refused fails the test unless kubectl apply is refused with these words.
func (w *world) refused(ctx context.Context, t *testing.T, obj client.Object, words ...string) {
	t.Helper()
	said, err := w.kubectlApply(ctx, t, obj)
	if err == nil {
		t.Fatalf("kubectl applies it: %s", said)
	}
	for _, want := range words {
		if !strings.Contains(said, want) {
			t.Errorf("kubectl prints %q, not %q", said, want)
		}
	}
	t.Log(said)
}

// kubectlApply applies an object as a user would, and returns all that is printed.
func (w *world) kubectlApply(ctx context.Context, t testing.TB, obj client.Object, flags ...string) (string, error) {
	t.Helper()
	kind, err := apiutil.GVKForObject(obj, host.Client.Scheme())
	stage.Must(t, err)
	obj.GetObjectKind().SetGroupVersionKind(kind)
	text, err := yaml.Marshal(obj)
	stage.Must(t, err)
	cmd := exec.CommandContext(ctx, tool.Path(t, "kubectl"), append([]string{"apply", "-f", "-"}, flags...)...)
	cmd.Env = append(cmd.Environ(), "KUBECONFIG="+host.Kubeconfig)
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
