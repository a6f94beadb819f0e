// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	_ "embed"
	"path/filepath"
	"strings"

	"kubestash.com/kubestash/tests/cluster/internal/render"
)

//go:embed manifests/olmv1.yaml
var olmv1Manifest string

// anyCatalog is what nobody makes, but asks whether somebody could.
const anyCatalog = `apiVersion: olm.operatorframework.io/v1
kind: ClusterCatalog
metadata: {name: is-it-up}
spec: {source: {type: Image, image: {ref: "example.com/catalog:v1"}}}
`

// OLMv1 installs OLM v1 and cert-manager into the running cluster, or makes them whole again. The caller has made the images.
func (m Machine) OLMv1(ctx context.Context, minor, olmImage, certManagerImage string) error {
	k, err := m.kubectl(minor)
	if err != nil {
		return err
	}
	certManager, err := m.module(ctx, "cert-manager", "github.com/cert-manager/cert-manager")
	if err != nil {
		return err
	}
	olm, err := m.module(ctx, "olmv1", "github.com/operator-framework/operator-controller")
	if err != nil {
		return err
	}
	base := filepath.Join(olm, "helm", "olmv1", "base")
	for _, crds := range []string{
		filepath.Join(certManager, "deploy", "crds"),
		filepath.Join(base, "catalogd", "crd", "standard"), filepath.Join(base, "operator-controller", "crd", "standard"),
	} {
		if err := k.define(ctx, crds); err != nil {
			return err
		}
	}
	if err := k.run(ctx, olmv1Manifests(olmImage, certManagerImage), "apply", "--server-side", "--force-conflicts", "-f", "-"); err != nil {
		return err
	}
	if err := k.rolledOut(ctx, "cert-manager", "cert-manager"); err != nil {
		return err
	}
	if err := k.rolledOut(ctx, "olmv1-system", "catalogd", "operator-controller"); err != nil {
		return err
	}
	// The webhook of catalogs works once its authority is written down, and its Service is known on the first node.
	return m.poll(ctx, "the webhook of catalogd", olmLimit, func(ctx context.Context) error {
		return k.run(ctx, anyCatalog, "apply", "--server-side", "--dry-run=server", "-f", "-")
	})
}

func olmv1Manifests(olmImage, certManagerImage string) string {
	return strings.NewReplacer(
		"{{OLMV1_IMAGE}}", olmImage, "{{CERT_MANAGER_IMAGE}}", certManagerImage,
		"{{REGISTRIES}}", strings.ReplaceAll(strings.TrimSpace(render.Registries()), "\n", "\n    "),
	).Replace(olmv1Manifest)
}
