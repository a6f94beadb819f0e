// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type document struct {
	Version       string         `json:"spdxVersion"`
	DataLicence   string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []spdxPackage  `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID               string      `json:"SPDXID"`
	Name             string      `json:"name"`
	Version          string      `json:"versionInfo,omitempty"`
	DownloadLocation string      `json:"downloadLocation"`
	FilesAnalyzed    bool        `json:"filesAnalyzed"`
	LicenceConcluded string      `json:"licenseConcluded"`
	LicenceDeclared  string      `json:"licenseDeclared"`
	Copyright        string      `json:"copyrightText"`
	Purpose          string      `json:"primaryPackagePurpose,omitempty"`
	Checksums        []checksum  `json:"checksums,omitempty"`
	Comment          string      `json:"comment,omitempty"`
	References       []reference `json:"externalRefs,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const unknown = "NOASSERTION"

// describe is the document of one binary: the binary, and the modules that it contains.
func describe(b binary, created string) document {
	const self = "SPDXRef-DOCUMENT"
	main := spdxPackage{
		ID: "SPDXRef-binary", Name: b.name, Version: b.parts[0].version, DownloadLocation: unknown, LicenceConcluded: unknown,
		LicenceDeclared: expression(b.parts[0].licences), Copyright: unknown, Purpose: "APPLICATION",
		Checksums: []checksum{{"SHA256", b.sha256}},
	}
	d := document{
		Version: "SPDX-2.3", DataLicence: "CC0-1.0", ID: self, Name: b.name,
		Namespace:     "https://kubestash.com/spdx/" + b.name + "-" + b.sha256,
		Creation:      creation{created, []string{"Tool: kubestash-sbom"}},
		Packages:      []spdxPackage{main},
		Relationships: []relationship{{self, "DESCRIBES", main.ID}},
	}
	for i, p := range b.parts {
		one := spdxPackage{
			ID: fmt.Sprintf("SPDXRef-module-%d", i), Name: p.path, Version: p.version, DownloadLocation: unknown,
			LicenceConcluded: unknown, LicenceDeclared: expression(p.licences), Copyright: unknown, Purpose: "LIBRARY",
			References: []reference{{"PACKAGE-MANAGER", "purl", purl(p)}},
		}
		if p.sum != "" {
			// SPDX has no name for the hash that go.sum holds.
			one.Comment = "go.sum: " + p.sum
		}
		d.Packages = append(d.Packages, one)
		d.Relationships = append(d.Relationships, relationship{main.ID, "CONTAINS", one.ID})
	}
	return d
}

func purl(p part) string {
	if p.path == "std" {
		return "pkg:golang/std@" + strings.TrimPrefix(p.version, "go")
	}
	return "pkg:golang/" + strings.ToLower(p.path) + "@" + strings.ReplaceAll(p.version, "+", "%2B")
}

func expression(licences []string) string {
	if len(licences) == 0 {
		return unknown
	}
	return strings.Join(licences, " AND ")
}

func writeSPDX(file string, b binary, created string) error {
	content, err := json.MarshalIndent(describe(b, created), "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := os.WriteFile(file, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the bill of materials: %w", err)
	}
	return nil
}
