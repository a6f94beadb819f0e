// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
)

// read returns the objects of every YAML file, in the order of the files' names.
func read(files fs.FS) ([]*unstructured.Unstructured, error) {
	names, err := fs.Glob(files, "*/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the addon catalogue: %w", err)
	}
	var objects []*unstructured.Unstructured
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading %s of the addon catalogue: %w", name, err)
		}
		read, err := decode(content)
		if err != nil {
			return nil, fmt.Errorf("reading %s of the addon catalogue: %w", name, err)
		}
		objects = append(objects, read...)
	}
	return objects, nil
}

func decode(content []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	var objects []*unstructured.Unstructured
	for {
		obj := &unstructured.Unstructured{}
		err := decoder.Decode(&obj.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decoding: %w", err)
		}
		if len(obj.Object) == 0 {
			continue
		}
		if group := obj.GroupVersionKind().GroupVersion(); group != addonsv1alpha1.GroupVersion {
			return nil, fmt.Errorf("%s %s is of group %s", obj.GetKind(), obj.GetName(), group)
		}
		objects = append(objects, obj)
	}
}
