// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
)

// Document is a small document that a pod has found in a storage.
type Document struct {
	// Key is its place. When Problem is about a folder, it is something in that.
	Key     string `json:"key"`
	Content []byte `json:"content,omitempty"`
	// Problem tells why there is no content.
	Problem string `json:"problem,omitempty"`
}

// Inventory is what a Report says of a KindReadDocuments: how much the pod has printed.
type Inventory struct {
	// Documents is how many were printed; a log that holds fewer is not whole.
	Documents int `json:"documents"`
	// After is where to go on; empty when everything was printed.
	After string `json:"after,omitempty"`
}

// documentLine is one line of a pod's standard output. Some documents are compressed together, and cut into lines of a
// length that no container runtime divides: what it divides may have another stream's lines in the midst.
type documentLine struct {
	// Documents is a piece of the text, and the marker by which such a line is told from others.
	Documents *string `json:"documents"`
	// End is true on the last piece.
	End bool `json:"end,omitempty"`
}

const (
	// pieceLength and bundleLength bound a line, and what is compressed together, in bytes.
	pieceLength  = 12 << 10
	bundleLength = 64 << 10
	// maxBundle bounds what is unpacked of one bundle, against a hostile pod: one document of a megabyte is more than a
	// third longer as text.
	maxBundle = 4 << 20
	// maxLine bounds a line of the log, whoever has written it.
	maxLine = 1 << 20
)

// DocumentWriter prints documents.
type DocumentWriter struct {
	out     io.Writer
	bundle  []Document
	length  int
	written int
}

// NewDocumentWriter prints to out.
func NewDocumentWriter(out io.Writer) *DocumentWriter { return &DocumentWriter{out: out} }

// Written is how many bytes were printed.
func (w *DocumentWriter) Written() int { return w.written }

// Write prints a document, now or together with the next ones.
func (w *DocumentWriter) Write(d Document) error {
	w.bundle = append(w.bundle, d)
	if w.length += len(d.Content) + len(d.Key) + len(d.Problem); w.length < bundleLength {
		return nil
	}
	return w.Flush()
}

// Flush prints what was kept back.
func (w *DocumentWriter) Flush() error {
	if len(w.bundle) == 0 {
		return nil
	}
	text, err := pack(w.bundle)
	if err != nil {
		return err
	}
	w.bundle, w.length = nil, 0
	for len(text) > 0 {
		piece := text[:min(len(text), pieceLength)]
		text = text[len(piece):]
		line, err := json.Marshal(documentLine{Documents: &piece, End: text == ""})
		if err != nil {
			return fmt.Errorf("encoding documents: %w", err)
		}
		n, err := w.out.Write(append(line, '\n'))
		if w.written += n; err != nil {
			return fmt.Errorf("printing documents: %w", err)
		}
	}
	return nil
}

func pack(bundle []Document) (string, error) {
	plain, err := json.Marshal(bundle)
	if err != nil {
		return "", fmt.Errorf("encoding documents: %w", err)
	}
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := zw.Write(plain); err != nil {
		return "", fmt.Errorf("compressing documents: %w", err)
	}
	if err := zw.Close(); err != nil {
		return "", fmt.Errorf("compressing documents: %w", err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}

// ReadDocuments calls each with what a pod has printed, in that order, and stops with its error. Lines of others are
// passed over.
func ReadDocuments(log io.Reader, each func(Document) error) error {
	scanner := bufio.NewScanner(log)
	scanner.Buffer(make([]byte, 0, 2*pieceLength), maxLine)
	var text []byte
	for scanner.Scan() {
		var line documentLine
		if json.Unmarshal(scanner.Bytes(), &line) != nil || line.Documents == nil {
			continue
		}
		if text = append(text, *line.Documents...); len(text) > maxBundle {
			return fmt.Errorf("reading documents: more than %d bytes in one piece", maxBundle)
		}
		if !line.End {
			continue
		}
		bundle, err := unpackDocuments(text)
		if err != nil {
			return fmt.Errorf("reading documents: %w", err)
		}
		text = text[:0]
		for _, d := range bundle {
			if err := each(d); err != nil {
				return err
			}
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("reading documents: %w", err)
	}
	return nil
}

func unpackDocuments(text []byte) ([]Document, error) {
	zr, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(zr, maxBundle+1))
	switch {
	case err != nil:
		return nil, err
	case len(plain) > maxBundle:
		return nil, fmt.Errorf("more than %d bytes in one piece", maxBundle)
	}
	var bundle []Document
	if err := json.Unmarshal(plain, &bundle); err != nil {
		return nil, err
	}
	return bundle, nil
}
