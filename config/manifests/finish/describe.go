// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// describeKinds gives each owned kind its description, and a descriptor for each field of its spec and its status.
func describeKinds(csv object, manifests string) error {
	schemas, err := readSchemas(manifests)
	if err != nil {
		return err
	}
	for _, owned := range csv.at("spec", "customresourcedefinitions").list("owned") {
		name, _ := owned["name"].(string)
		schema, ok := schemas[name]
		if !ok {
			return fmt.Errorf("describing %s: the bundle has no such CRD", name)
		}
		owned["description"] = oneLine(schema["description"])
		owned["specDescriptors"] = descriptors(schema.at("properties", "spec", "properties"))
		if status := schema.at("properties", "status", "properties"); len(status) > 0 {
			owned["statusDescriptors"] = descriptors(status)
		}
		delete(schemas, name)
	}
	if len(schemas) > 0 {
		return fmt.Errorf("describing kinds: nobody owns %s", strings.Join(slices.Sorted(maps.Keys(schemas)), ", "))
	}
	return nil
}

// readSchemas are those of the CRDs in a folder, by the CRDs' names.
func readSchemas(folder string) (map[string]object, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", folder, err)
	}
	schemas := map[string]object{}
	for _, file := range files {
		o := object{}
		if err := o.read(file); err != nil {
			return nil, err
		}
		if o["kind"] != "CustomResourceDefinition" {
			continue
		}
		name, _ := o.at("metadata")["name"].(string)
		for _, version := range o.at("spec").list("versions") {
			schemas[name] = version.at("schema", "openAPIV3Schema")
		}
	}
	return schemas, nil
}

func descriptors(properties object) []any {
	var out []any
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := properties.at(name)
		d := map[string]any{"path": name, "displayName": displayName(name)}
		if text := oneLine(property["description"]); text != "" {
			d["description"] = text
		}
		if x := xDescriptor(name, property["type"]); x != "" {
			d["x-descriptors"] = []any{x}
		}
		out = append(out, d)
	}
	return out
}

// xDescriptor says how the console shows a field; empty means as it likes.
func xDescriptor(name string, kind any) string {
	switch {
	case name == "conditions":
		return "urn:alm:descriptor:io.kubernetes.conditions"
	case name == "phase":
		return "urn:alm:descriptor:io.kubernetes.phase"
	case kind == "boolean":
		return "urn:alm:descriptor:com.tectonic.ui:booleanSwitch"
	case kind == "integer":
		return "urn:alm:descriptor:com.tectonic.ui:number"
	case kind == "string":
		return "urn:alm:descriptor:com.tectonic.ui:text"
	default:
		return ""
	}
}

// displayName makes words of a field's name: snapshotID is "Snapshot ID".
func displayName(field string) string {
	var out strings.Builder
	runes := []rune(field)
	for i, r := range runes {
		isStart := i > 0 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1])
		if isStart {
			out.WriteByte(' ')
		}
		if i == 0 {
			r = unicode.ToUpper(r)
		}
		out.WriteRune(r)
	}
	return out.String()
}

// describeSamples takes the words above each sample, by the sample's name, as the console shows them.
func describeSamples(folder string) (string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return "", fmt.Errorf("listing %s: %w", folder, err)
	}
	described := map[string]map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("reading a sample: %w", err)
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			if name, text := aboveSample(document); name != "" && text != "" {
				described[name] = map[string]string{"description": text}
			}
		}
	}
	out, err := json.Marshal(described)
	return string(out), err
}

// aboveSample is the name of the object in a document, and the first sentence of the comment that it begins with.
func aboveSample(document string) (name, text string) {
	var comment []string
	isAbove, inMetadata := true, false
	for line := range strings.SplitSeq(document, "\n") {
		words, isComment := strings.CutPrefix(line, "# ")
		switch {
		case isAbove && isComment:
			comment = append(comment, words)
		case line == "metadata:":
			inMetadata = true
		case inMetadata && strings.HasPrefix(line, "  name: "):
			name, inMetadata = strings.TrimPrefix(line, "  name: "), false
		}
		isAbove = isAbove && isComment
	}
	text, _, isCut := strings.Cut(strings.Join(comment, " "), ". ")
	if isCut {
		text += "."
	}
	return name, text
}

func oneLine(text any) string {
	s, _ := text.(string)
	return strings.Join(strings.Fields(s), " ")
}
