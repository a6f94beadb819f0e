// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package crdtest

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	structuralcel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Server stands in for an API server that has some CRDs. It keeps no objects.
type Server struct {
	kinds map[schema.GroupVersionKind]*kind
}

type kind struct {
	structural *structural.Structural
	schema     validation.SchemaValidator
	cel        *structuralcel.Validator
	status     bool
}

// Answer is what the server says to an object.
type Answer struct {
	// Object is what would be stored: pruned, and with defaults. It is set also when the object is refused.
	Object *unstructured.Unstructured
	// Pruned are the paths of the fields that no schema knows, and which are dropped.
	Pruned []string
	// Errors say why the object is refused. Empty means that it is accepted.
	Errors field.ErrorList
}

// New returns a server with the CRDs of a folder. A CRD that an API server would refuse is an error: one whose schema is not structural,
// or whose rules do not compile or may cost too much.
func New(fsys fs.FS, dir string) (*Server, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("listing CRDs: %w", err)
	}
	s := &Server{kinds: map[schema.GroupVersionKind]*kind{}}
	for _, entry := range entries {
		body, err := fs.ReadFile(fsys, path.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading CRD %s: %w", entry.Name(), err)
		}
		if err := s.addCRD(body); err != nil {
			return nil, fmt.Errorf("adding CRD %s: %w", entry.Name(), err)
		}
	}
	return s, nil
}

// Kinds returns the kinds that the server has, in no order.
func (s *Server) Kinds() []schema.GroupVersionKind {
	kinds := make([]schema.GroupVersionKind, 0, len(s.kinds))
	for gvk := range s.kinds {
		kinds = append(kinds, gvk)
	}
	return kinds
}

func (s *Server) addCRD(body []byte) error {
	v1 := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(body, v1); err != nil {
		return err
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(v1)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&v1.Spec)
	crd := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(v1, crd, nil); err != nil {
		return err
	}
	crd.Status.StoredVersions = []string{crd.Spec.Versions[0].Name}
	if errs := crdvalidation.ValidateCustomResourceDefinition(context.Background(), crd); len(errs) > 0 {
		return errs.ToAggregate()
	}
	for _, version := range crd.Spec.Versions {
		gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}
		props, err := apiextensions.GetSchemaForVersion(crd, version.Name)
		if err != nil {
			return err
		}
		subresources, err := apiextensions.GetSubresourcesForVersion(crd, version.Name)
		if err != nil {
			return err
		}
		k, err := newKind(props.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		k.status = subresources != nil && subresources.Status != nil
		s.kinds[gvk] = k
	}
	return nil
}

func newKind(props *apiextensions.JSONSchemaProps) (*kind, error) {
	ss, err := structural.NewStructural(props)
	if err != nil {
		return nil, err
	}
	sv, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	return &kind{structural: ss, schema: sv, cel: structuralcel.NewValidator(ss, true, celconfig.PerCallLimit)}, nil
}

// Create answers to an object that is new, in YAML or JSON.
func (s *Server) Create(manifest []byte) (Answer, error) {
	return s.answer(manifest, nil)
}

// Update answers to an object that takes the place of old, which is in the form that an earlier answer gave.
func (s *Server) Update(manifest []byte, old *unstructured.Unstructured) (Answer, error) {
	return s.answer(manifest, old)
}

func (s *Server) answer(manifest []byte, old *unstructured.Unstructured) (Answer, error) {
	content := map[string]any{}
	raw, err := yaml.YAMLToJSONStrict(manifest)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the manifest: %w", err)
	}
	object := &unstructured.Unstructured{Object: content}
	if err := object.UnmarshalJSON(raw); err != nil {
		return Answer{}, fmt.Errorf("reading the manifest: %w", err)
	}
	k, ok := s.kinds[object.GroupVersionKind()]
	if !ok {
		return Answer{}, fmt.Errorf("reading the manifest: no CRD for %s", object.GroupVersionKind())
	}
	var oldContent map[string]any
	if old != nil {
		oldContent = old.Object
		if k.status {
			object.Object["status"] = old.Object["status"]
		}
	}
	pruned := pruning.PruneWithOptions(object.Object, k.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(object.Object, k.structural)
	defaulting.Default(object.Object, k.structural)
	return Answer{Object: object, Pruned: pruned, Errors: k.validate(object.Object, oldContent)}, nil
}

// validate keeps to the API server's order: the rules are not asked about an object whose shape is wrong.
func (k *kind) validate(object, old map[string]any) field.ErrorList {
	var errs field.ErrorList
	if old == nil {
		errs = validation.ValidateCustomResource(nil, object, k.schema)
	} else {
		errs = validation.ValidateCustomResourceUpdate(nil, object, old, k.schema)
	}
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, k.structural, object)...)
	if len(errs) > 0 || k.cel == nil {
		return errs
	}
	var oldValue any
	if old != nil {
		oldValue = old
	}
	errs, _ = k.cel.Validate(context.Background(), nil, k.structural, object, oldValue, celconfig.RuntimeCELCostBudget)
	return errs
}
