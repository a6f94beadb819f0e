// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/kube"
	"kubestash.com/kubestash/internal/kube/store"
)

// Keys open a Repository. They stay in memory for one pass only.
type Keys struct {
	// Credentials are the storage's; empty in credential-less mode.
	Credentials map[string][]byte
	// Password is the encryption password.
	Password []byte
}

// Open reads the keys of a Repository. The encryption Secret is the given one, or the Repository's own when
// it is nil; namespace is where a reference without a namespace is looked up. A problem says what is missing.
func Open(
	ctx context.Context, live client.Reader, find store.Find, repo *storagev1alpha1.Repository,
	storage *storagev1alpha1.BackupStorage, encryption *metav1alpha1.ObjectReference, namespace string,
) (keys Keys, problem string, err error) {
	if encryption == nil {
		encryption, namespace = repo.Spec.EncryptionSecret, repo.Namespace
	}
	if encryption == nil {
		return keys, fmt.Sprintf("Repository %s has no encryptionSecret; restic needs a password.", repo.Name), nil
	}
	namespace = cmp.Or(encryption.Namespace, namespace)
	data, found, err := kube.SecretData(ctx, live, namespace, encryption.Name)
	if err != nil {
		return keys, "", err
	}
	keys.Password = data[metav1alpha1.SecretKeyResticPassword]
	switch {
	case !found:
		return keys, fmt.Sprintf("Encryption Secret %s/%s of Repository %s doesn't exist.", namespace, encryption.Name, repo.Name), nil
	case len(keys.Password) == 0:
		return keys, fmt.Sprintf("Encryption Secret %s/%s of Repository %s has no value for the key %s.",
			namespace, encryption.Name, repo.Name, metav1alpha1.SecretKeyResticPassword), nil
	}
	keys.Credentials, err = store.Credentials(ctx, live, find, storage)
	var missing *store.SecretError
	if errors.As(err, &missing) {
		return keys, fmt.Sprintf("BackupStorage %s/%s: %v.", storage.Namespace, storage.Name, missing), nil
	}
	return keys, "", err
}

// Functions reads the Functions that tasks name, by name. One that doesn't exist is left out.
func Functions(ctx context.Context, r client.Reader, tasks []addonsv1alpha1.Task) (map[string]*addonsv1alpha1.Function, error) {
	out := map[string]*addonsv1alpha1.Function{}
	for _, t := range tasks {
		if _, seen := out[t.Function]; seen || t.Function == "" {
			continue
		}
		f, found, err := kube.Get[addonsv1alpha1.Function](ctx, r, "", t.Function)
		if err != nil {
			return nil, err
		}
		if found {
			out[t.Function] = f
		}
	}
	return out, nil
}
