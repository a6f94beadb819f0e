// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/kube/store"
	"kubestash.com/kubestash/internal/kube/store/storetest"
)

const canary = "canary/secret+value"

func storage(secret string) *storagev1alpha1.BackupStorage {
	return &storagev1alpha1.BackupStorage{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "s3"},
		Spec: storagev1alpha1.BackupStorageSpec{Storage: storagev1alpha1.Backend{
			Provider: "s3", S3: &storagev1alpha1.S3Spec{Bucket: "b", SecretName: secret},
		}},
	}
}

func secret(data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "keys"}, Data: data}
}

func TestCredentials(t *testing.T) {
	both := map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("id"), "AWS_SECRET_ACCESS_KEY": []byte(canary), "CA_CERT_DATA": []byte("pem")}
	for sentence, row := range map[string]struct {
		secretName string
		data       map[string][]byte
		keys       int
		problem    string
	}{
		"all of the Secret is handed on":    {"keys", both, 3, ""},
		"no Secret named is no problem":     {"", nil, 0, ""},
		"a Secret that isn't there":         {"lost", both, 0, "secret demo/lost does not exist"},
		"a key that isn't there":            {"keys", map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("id")}, 0, "secret demo/keys has no value for AWS_SECRET_ACCESS_KEY"},
		"a key that is empty isn't there":   {"keys", map[string][]byte{"AWS_ACCESS_KEY_ID": nil, "AWS_SECRET_ACCESS_KEY": []byte("x")}, 0, "secret demo/keys has no value for AWS_ACCESS_KEY_ID"},
		"every key that is missing is told": {"keys", nil, 0, "secret demo/keys has no value for AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"},
	} {
		data, err := store.Credentials(context.Background(), storetest.Client(t, secret(row.data)), (&storetest.Backend{}).Find, storage(row.secretName))
		var problem *store.SecretError
		if errors.As(err, &problem) != (row.problem != "") || err != nil && err.Error() != row.problem || len(data) != row.keys {
			t.Errorf("%s: %d keys, %v", sentence, len(data), err)
		}
	}
}

func TestErrorsKeepTheirMeaningAndLoseTheSecret(t *testing.T) {
	ctx := context.Background()
	b := &storetest.Backend{Failure: &engine.Error{
		Class: engine.ClassDenied, Message: "refused " + canary, Cause: errors.New("and the cause says " + canary),
	}}
	data := map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("id-of-someone"), "AWS_SECRET_ACCESS_KEY": []byte(canary)}
	objects, err := store.Open(ctx, storetest.Client(t, secret(data)), b.Find, storage("keys"))
	if err != nil {
		t.Fatal(err)
	}
	_, getErr := objects.Get(ctx, "x", 1)
	for call, err := range map[string]error{
		"Put": objects.Put(ctx, "x", nil), "Get": getErr, "Delete": objects.Delete(ctx, "x"),
		"DeletePrefix": objects.DeletePrefix(ctx, "x"), "List": objects.List(ctx, "x", func(string) error { return nil }),
	} {
		if engine.ClassOf(err) != engine.ClassDenied {
			t.Errorf("%s: %v", call, err)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), canary) {
				t.Errorf("%s tells the secret: %v", call, err)
			}
		}
	}
	b.Failure = nil
	if _, err := objects.Get(ctx, "x", 1); !backend.IsNotFound(err) {
		t.Errorf("a missing object is: %v", err)
	}
}
