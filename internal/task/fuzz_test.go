// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// maxMemory is what reading a single message may cost the operator.
const maxMemory = 96 << 20

// Whatever a pod leaves: it is read within bounds, and what is taken for a Report is one that can be written again.
func FuzzDecodeReport(f *testing.F) {
	f.Add([]byte(`{"version":"v1","succeeded":true,"startTime":null,"endTime":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(compressedPrefix))
	f.Add([]byte(compressedPrefix + "H4sIAAAAAAAA"))
	f.Add([]byte(`{"version":"v1","repositories":[{"name":"a","summaries":[{"id":"x","startTime":"0001-01-01T00:00:00Z"}]}]}`))
	f.Add([]byte(`{"version":"v1","startTime":"9999-12-31T23:59:60Z"}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, text := range []string{string(message), packed(t, message)} {
			report, used, err := measured(text)
			if used > maxMemory {
				t.Fatalf("%d bytes cost %d of memory", len(text), used)
			}
			if err != nil {
				if !reflect.DeepEqual(report, Report{}) {
					t.Errorf("a refused message left %+v", report)
				}
				continue
			}
			if report.Version != Version {
				t.Errorf("version %q was read", report.Version)
			}
			again, err := EncodeReport(report)
			if err != nil {
				continue
			}
			if len(again) > MaxTerminationMessage {
				t.Errorf("%d bytes were written", len(again))
			}
			if second, err := DecodeReport(again); err != nil || !sameJSON(t, second, report) {
				t.Errorf("%+v was written and read as %+v, %v", report, second, err)
			}
		}
	})
}

// What a few kilobytes unpack to is bounded, and so is what a bounded document becomes in memory.
func TestDecodeReportIsBounded(t *testing.T) {
	for what, document := range map[string]string{
		"a hundred megabytes of blanks":   strings.Repeat(" ", 100<<20),
		"a list of a million empty items": `{"version":"v1","repositories":[` + strings.Repeat("{},", 1<<20) + `{}]}`,
		"as many items as are read":       `{"version":"v1","repositories":[` + strings.Repeat("{},", (maxReport-100)/3) + `{}]}`,
		"deep nesting":                    `{"version":"v1","x":` + strings.Repeat("[", maxReport/2),
		"one long text":                   `{"version":"v1","message":"` + strings.Repeat("x", maxReport-100) + `"}`,
		"as many escapes as are read":     `{"version":"v1","message":"` + strings.Repeat(`\u0000`, (maxReport-100)/6) + `"}`,
	} {
		text := packed(t, []byte(document))
		if _, used, _ := measured(text); used > maxMemory {
			t.Errorf("%s: a message of %d bytes cost %d of memory", what, len(text), used)
		}
		if _, used, _ := measured(document[:min(len(document), maxReport+1)]); used > maxMemory {
			t.Errorf("%s, not packed, cost %d of memory", what, used)
		}
	}
}

func measured(message string) (Report, uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	report, err := DecodeReport(message)
	runtime.ReadMemStats(&after)
	return report, after.TotalAlloc - before.TotalAlloc, err
}

func packed(t *testing.T, content []byte) string {
	t.Helper()
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zw.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return compressedPrefix + base64.StdEncoding.EncodeToString(buf.Bytes())
}

func sameJSON(t *testing.T, a, b Report) bool {
	t.Helper()
	first, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(first, second)
}
