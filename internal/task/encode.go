// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// MaxTerminationMessage is what the kubelet keeps of a termination message, in bytes.
const MaxTerminationMessage = 4096

// compressedPrefix marks a Report that was compressed to fit.
const compressedPrefix = "gzip+base64:"

// maxReport bounds a Report as JSON, so that a hostile pod can't exhaust the operator: in memory, three bytes of a list
// become an entry of some hundred.
const maxReport = 128 << 10

// EncodeReport turns a Report into a termination message. A Report that would not fit is compressed;
// one that does not fit even so is an error, and the caller shortens it.
func EncodeReport(r Report) (string, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encoding report: %w", err)
	}
	if len(plain) <= MaxTerminationMessage {
		return string(plain), nil
	}
	if len(plain) > maxReport {
		return "", fmt.Errorf("encoding report: it has %d bytes, and at most %d are read", len(plain), maxReport)
	}
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return "", fmt.Errorf("compressing report: %w", err)
	}
	if _, err := zw.Write(plain); err != nil {
		return "", fmt.Errorf("compressing report: %w", err)
	}
	if err := zw.Close(); err != nil {
		return "", fmt.Errorf("compressing report: %w", err)
	}
	message := compressedPrefix + base64.StdEncoding.EncodeToString(buf.Bytes())
	if len(message) > MaxTerminationMessage {
		return "", fmt.Errorf("encoding report: %d bytes do not fit into %d", len(message), MaxTerminationMessage)
	}
	return message, nil
}

// DecodeReport reads a termination message. It fails on anything that is not a whole Report of Version.
func DecodeReport(message string) (Report, error) {
	if len(message) > maxReport {
		return Report{}, fmt.Errorf("decoding report: more than %d bytes", maxReport)
	}
	raw := []byte(message)
	if packed, ok := strings.CutPrefix(message, compressedPrefix); ok {
		unpacked, err := unpack(packed)
		if err != nil {
			return Report{}, fmt.Errorf("decoding report: %w", err)
		}
		raw = unpacked
	}
	var r Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return Report{}, fmt.Errorf("decoding report: %w", err)
	}
	if r.Version != Version {
		return Report{}, fmt.Errorf("decoding report: version %q is not %q", r.Version, Version)
	}
	return r, nil
}

func unpack(packed string) ([]byte, error) {
	zr, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed)))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(zr, maxReport+1))
	if err != nil {
		return nil, err
	}
	if len(out) > maxReport {
		return nil, fmt.Errorf("more than %d bytes", maxReport)
	}
	return out, nil
}
