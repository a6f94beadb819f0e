// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func printedDocuments(t *testing.T, documents []Document) string {
	t.Helper()
	var out bytes.Buffer
	w := NewDocumentWriter(&out)
	for _, d := range documents {
		if err := w.Write(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if w.Written() != out.Len() {
		t.Errorf("%d bytes were printed, and %d are told", out.Len(), w.Written())
	}
	return out.String()
}

func readDocuments(t *testing.T, log string) []Document {
	t.Helper()
	var got []Document
	if err := ReadDocuments(strings.NewReader(log), func(d Document) error {
		got = append(got, d)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDocumentsGoThroughALog(t *testing.T) {
	large := make([]byte, 1<<20)
	rand.New(rand.NewSource(1)).Read(large) //nolint:gosec // The test wants the same bytes each time.
	want := []Document{{Key: "a/repository.yaml", Content: []byte("kind: Repository\n")}, {Key: "b", Problem: "too large"}, {Key: "large", Content: large}}
	for i := range 500 {
		want = append(want, Document{Key: fmt.Sprintf("a/snapshots/%d.yaml", i), Content: []byte(strings.Repeat("x: y\n", 500))})
	}
	log := printedDocuments(t, want)
	for _, line := range strings.Split(log, "\n") {
		if len(line) > 16<<10 {
			t.Fatalf("a line has %d bytes; runtimes divide it", len(line))
		}
	}
	log = "time=now level=INFO msg=hello\n" + strings.ReplaceAll(log, "}\n", "}\n{\"progress\":{}}\nnot json\n")
	if got := readDocuments(t, log); !reflect.DeepEqual(got, want) {
		t.Errorf("got %d documents, want %d", len(got), len(want))
	}
}

func TestALogThatIsCutOffGivesFewer(t *testing.T) {
	log := printedDocuments(t, []Document{{Key: "a", Content: bytes.Repeat([]byte("a"), bundleLength)}, {Key: "b", Content: []byte("b")}})
	lines := strings.SplitAfter(strings.TrimSpace(log), "\n")
	if got := readDocuments(t, strings.Join(lines[:len(lines)-1], "")); len(got) != 1 || got[0].Key != "a" {
		t.Errorf("got %d documents", len(got))
	}
}

func TestAHostileLogIsAnError(t *testing.T) {
	bomb, err := pack([]Document{{Key: "bomb", Content: make([]byte, 8<<20)}})
	if err != nil {
		t.Fatal(err)
	}
	for sentence, log := range map[string]string{
		"what is unpacked has no end": `{"documents":"` + bomb + `","end":true}`,
		"it is no base64":             `{"documents":"%%%","end":true}`,
		"a piece has no end":          strings.Repeat(`{"documents":"`+strings.Repeat("A", 12000)+`"}`+"\n", 500),
		"a line has no end":           strings.Repeat("x", 2<<20),
	} {
		if err := ReadDocuments(strings.NewReader(log), func(Document) error { return nil }); err == nil {
			t.Errorf("%s: no error", sentence)
		}
	}
	stop := errors.New("stop")
	log := printedDocuments(t, []Document{{Key: "a"}})
	if err := ReadDocuments(strings.NewReader(log), func(Document) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error: %v", err)
	}
}
