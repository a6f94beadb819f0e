// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package task_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/task"
)

func reportOf(paths int, message string) task.Report {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := task.RepositoryReport{Name: "repo", Snapshot: "snap", Message: message, Stats: &engine.Stats{RawBytes: 7}}
	for i := range paths {
		id := fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i)}))
		r.Summaries = append(r.Summaries, engine.Summary{ID: id, Path: fmt.Sprintf("/data/%d", i), StartTime: at, EndTime: at})
	}
	return task.Report{Version: task.Version, Component: "dump", Repositories: []task.RepositoryReport{r},
		StartTime: metav1.NewTime(at.Local()), EndTime: metav1.NewTime(at.Local())}
}

func TestAReportSurvivesItsJourney(t *testing.T) {
	for sentence, c := range map[string]struct {
		report task.Report
		plain  bool
	}{
		"a small one stays readable":    {reportOf(1, "ünï\n\"quoted\""), true},
		"a larger one is compressed":    {reportOf(30, ""), false},
		"a wordy one is compressed":     {reportOf(1, strings.Repeat("word ", 5000)), false},
		"an empty one is still a whole": {task.Report{Version: task.Version}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			message, err := task.EncodeReport(c.report)
			if err != nil {
				t.Fatal(err)
			}
			if len(message) > task.MaxTerminationMessage || strings.HasPrefix(message, "{") != c.plain {
				t.Errorf("%d bytes: %.40s", len(message), message)
			}
			got, err := task.DecodeReport(message)
			if err != nil || !reflect.DeepEqual(got, c.report) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.report)
			}
		})
	}
}

func TestAReportThatDoesNotFitIsAnError(t *testing.T) {
	if message, err := task.EncodeReport(reportOf(250, "")); err == nil {
		t.Errorf("%d bytes", len(message))
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	pack := func(content []byte) string {
		var buf bytes.Buffer
		zw := gzip.NewWriter(&buf)
		_, _ = zw.Write(content)
		_ = zw.Close()
		return "gzip+base64:" + base64.StdEncoding.EncodeToString(buf.Bytes())
	}
	for sentence, message := range map[string]string{
		"nothing":                       "",
		"words":                         "panic: runtime error",
		"half a report":                 `{"version":"v1","succ`,
		"another version":               `{"version":"v2","succeeded":true}`,
		"no version":                    `{"succeeded":true}`,
		"no base64":                     "gzip+base64:***",
		"no gzip":                       "gzip+base64:aGVsbG8=",
		"something that swells in here": pack(append([]byte(`{"version":"v1","message":"`), bytes.Repeat([]byte("a"), 2<<20)...)),
	} {
		if got, err := task.DecodeReport(message); err == nil || got.Version != "" {
			t.Errorf("%s: got %+v, %v", sentence, got, err)
		}
	}
	if _, err := task.DecodeReport(pack([]byte(`{"version":"v1"}`))); err != nil {
		t.Errorf("a small one that is compressed: %v", err)
	}
}

func TestAProgressLineIsToldFromOthers(t *testing.T) {
	var line task.ProgressLine
	if err := json.Unmarshal([]byte(`{"level":"info","msg":"x"}`), &line); err != nil || line.Progress != nil {
		t.Errorf("got %+v, %v", line, err)
	}
}
