// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: finish <config folder> <bundle folder>")
		os.Exit(2)
	}
	if err := finish(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "finish:", err)
		os.Exit(1)
	}
}

const csvFile = "kubestash.clusterserviceversion.yaml"

// finish completes the bundle in a folder.
func finish(config, bundle string) error {
	manifests := filepath.Join(bundle, "manifests")
	base, csv := object{}, object{}
	if err := base.read(filepath.Join(config, "manifests", "bases", csvFile)); err != nil {
		return err
	}
	if err := csv.read(filepath.Join(manifests, csvFile)); err != nil {
		return err
	}
	icon, err := os.ReadFile(filepath.Join(config, "manifests", "icon.svg"))
	if err != nil {
		return fmt.Errorf("reading the icon: %w", err)
	}
	csv.at("spec")["icon"] = []any{map[string]any{"base64data": base64.StdEncoding.EncodeToString(icon), "mediatype": "image/svg+xml"}}

	annotations := csv.at("metadata", "annotations")
	annotations["createdAt"] = base.at("metadata", "annotations")["createdAt"]
	if annotations["containerImage"], err = operatorImage(csv); err != nil {
		return err
	}
	if annotations["alm-examples-metadata"], err = describeSamples(filepath.Join(config, "samples")); err != nil {
		return err
	}
	if err := describeKinds(csv, manifests); err != nil {
		return err
	}
	if err := addLease(filepath.Join(config, "rbac", "leader_election.yaml"), manifests); err != nil {
		return err
	}
	// OLM makes a Service of its own for webhooks, which the one of config/webhook has served to describe.
	if err := os.RemoveAll(filepath.Join(manifests, "kubestash-operator-webhook_v1_service.yaml")); err != nil {
		return fmt.Errorf("removing the Service of the webhooks: %w", err)
	}
	return csv.write(filepath.Join(manifests, csvFile))
}

// operatorImage is the image of the one Deployment's container "operator".
func operatorImage(csv object) (string, error) {
	for _, deployment := range csv.at("spec", "install", "spec").list("deployments") {
		for _, container := range deployment.at("spec", "template", "spec").list("containers") {
			if container["name"] == "operator" {
				image, _ := container["image"].(string)
				return image, nil
			}
		}
	}
	return "", errors.New("looking for the operator's image: there is no container of that name")
}

// addLease adds the rights on the leader's lease, which are on the operator's own namespace: whichever that is, OLM knows. A subject
// without a namespace is one of the binding's.
func addLease(file, folder string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the rights on the lease: %w", err)
	}
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		o := object{}
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		delete(o.at("metadata"), "namespace")
		for _, subject := range o.list("subjects") {
			delete(subject, "namespace")
		}
		if err := o.write(filepath.Join(folder, fmt.Sprintf("%v_%s.yaml", o.at("metadata")["name"], strings.ToLower(fmt.Sprint(o["kind"]))))); err != nil {
			return err
		}
	}
	return nil
}

// object is a manifest.
type object map[string]any

func (o *object) read(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading a manifest: %w", err)
	}
	if err := yaml.Unmarshal(content, o); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

func (o object) write(file string) error {
	content, err := yaml.Marshal(o)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", file, err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("writing a manifest: %w", err)
	}
	return nil
}

// at is the object behind a path; an empty one when there is none.
func (o object) at(path ...string) object {
	for _, name := range path {
		next, ok := o[name].(map[string]any)
		if !ok {
			return object{}
		}
		o = next
	}
	return o
}

// list are the objects in a list.
func (o object) list(name string) []object {
	items, _ := o[name].([]any)
	var out []object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
