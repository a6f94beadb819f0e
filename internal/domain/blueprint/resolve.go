// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/naming"
	"kubestash.com/kubestash/internal/domain/template"
)

// The variables that have a value without an annotation. An annotation of the same name wins.
const (
	varNamespace  = "namespace"
	varTargetName = "targetName"
	// varTargetKind is in lower case, so that it can be part of a name.
	varTargetKind = "targetKind"
	// varRepoName is the name of the BackupConfiguration: unique where the Repository is made.
	varRepoName = "repoName"
)

// variables looks values up in annotations, and then in the defaults.
func variables(t Target, configuration types.NamespacedName) func(string) (string, bool) {
	values := map[string]string{
		varNamespace:  t.Namespace,
		varTargetName: t.Name,
		varTargetKind: strings.ToLower(t.Kind),
	}
	if configuration.Name != "" {
		values[varRepoName] = configuration.Name
	}
	for key, value := range t.Annotations {
		if name, ok := strings.CutPrefix(key, metav1alpha1.AnnotationVariablePrefix); ok {
			values[name] = value
		}
	}
	return template.Map(values)
}

// specTree is the spec before variables are resolved. References without a namespace mean the blueprint's, which
// is where its author looked when writing them.
func specTree(f Facts, sessions []corev1alpha1.Session) (map[string]any, error) {
	t := f.Target
	backends := make([]corev1alpha1.BackendReference, 0, len(f.Blueprint.Spec.BackupConfigurationTemplate.Backends))
	for _, backend := range f.Blueprint.Spec.BackupConfigurationTemplate.Backends {
		backend.StorageRef = at(backend.StorageRef, f.Blueprint.Namespace)
		backend.RetentionPolicy = at(backend.RetentionPolicy, f.Blueprint.Namespace)
		backends = append(backends, backend)
	}
	tree, err := decoded(corev1alpha1.BackupConfigurationSpec{Backends: backends, Sessions: sessions})
	if err != nil {
		return nil, err
	}
	for i, backend := range backends {
		// Backends are merged by their names, so an empty one has to be there.
		if backend.Name == "" {
			tree["backends"].([]any)[i].(map[string]any)["name"] = ""
		}
	}
	target := map[string]any{"kind": t.Kind, "namespace": t.Namespace, "name": t.Name}
	if t.Group != "" {
		target["apiGroup"] = t.Group
	}
	for key, value := range target {
		// Names of Kubernetes hold no $, but what is resolved must not depend on that.
		target[key] = strings.ReplaceAll(value.(string), "$", "$$")
	}
	tree["target"] = target
	return tree, nil
}

func at(ref *metav1alpha1.ObjectReference, namespace string) *metav1alpha1.ObjectReference {
	if ref == nil || ref.Namespace != "" {
		return ref
	}
	return &metav1alpha1.ObjectReference{Name: ref.Name, Namespace: namespace}
}

// decoded turns an API type into decoded JSON, and leaves out what is empty: what we apply, we own.
func decoded(value any) (map[string]any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return tree, nil
}

// refuseNamespaces guards Secrets: the operator reads encryption Secrets for whoever names them. A name of a
// namespace that an annotation has filled in may only lead to the target's namespace or the blueprint's.
func refuseNamespaces(f Facts, tree, resolved map[string]any) *Problem {
	templates, results := encryptionNamespaces(tree), encryptionNamespaces(resolved)
	for i, text := range templates {
		if i >= len(results) || !template.HasVariables(text) {
			continue
		}
		if namespace := results[i]; namespace != "" && namespace != f.Target.Namespace && namespace != f.Blueprint.Namespace {
			return &Problem{EventNamespaceRefused, fmt.Sprintf(
				"BackupBlueprint %s/%s: an annotation puts encryptionSecret into namespace %q; only %s and %s are allowed.",
				f.Blueprint.Namespace, f.Blueprint.Name, namespace, f.Target.Namespace, f.Blueprint.Namespace)}
		}
	}
	return nil
}

// encryptionNamespaces lists the namespaces of encryption Secrets, in the order of sessions and repositories. One
// that isn't set is empty.
func encryptionNamespaces(spec map[string]any) []string {
	var namespaces []string
	sessions, _ := spec["sessions"].([]any)
	for _, s := range sessions {
		session, _ := s.(map[string]any)
		repositories, _ := session["repositories"].([]any)
		for _, r := range repositories {
			repository, _ := r.(map[string]any)
			secret, _ := repository["encryptionSecret"].(map[string]any)
			namespace, _ := secret["namespace"].(string)
			namespaces = append(namespaces, namespace)
		}
	}
	return namespaces
}

// finish puts names, labels and annotations around a spec.
func finish(f Facts, reference, name types.NamespacedName, spec map[string]any) *Configuration {
	labels := maps.Clone(f.Blueprint.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[metav1alpha1.LabelManagedBy] = metav1alpha1.ManagedByKubeStash
	labels[metav1alpha1.LabelInvokerName] = naming.LabelValue(reference.Name)
	labels[metav1alpha1.LabelInvokerNamespace] = naming.LabelValue(reference.Namespace)
	annotations := map[string]string{
		AnnotationTarget:    f.Target.Key(),
		AnnotationTargetUID: string(f.Target.UID),
		AnnotationBlueprint: reference.String(),
	}
	if policy := f.Blueprint.Spec.BackupConfigurationTemplate.DeletionPolicy; policy != "" {
		annotations[AnnotationDeletionPolicy] = string(policy)
	}
	annotations[AnnotationHash] = hash(labels, annotations, spec)
	return &Configuration{NamespacedName: name, Labels: labels, Annotations: annotations, Spec: spec}
}

func hash(parts ...any) string {
	sum := sha256.New()
	for _, part := range parts {
		// What was decoded from JSON can be encoded again, and maps are encoded in the order of their keys.
		raw, _ := json.Marshal(part)
		sum.Write(raw)
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}
