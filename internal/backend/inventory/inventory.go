// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
)

const (
	// documentLimit bounds one document: the API server takes nothing that is larger.
	documentLimit = 1 << 20
	// keysKept is how many names of Snapshots' documents are held at a time.
	keysKept = 5000
	// maxDepth is how deep folders are looked into. A Repository's directory has a few elements.
	maxDepth = 32
)

// Document is something that was found.
type Document struct {
	// Key is the place of a document. When Problem is about a folder, it is something in that.
	Key     string
	Content []byte
	// Problem tells why there is no content.
	Problem string
}

// Visitor is told what is found. An error of one of its functions ends the walk, and is returned as it is.
type Visitor struct {
	// Skip spares reading the documents that it is true for; nil means none.
	Skip func(key string) bool
	// Document takes a document.
	Document func(Document) error
	// Folder is called before a folder is looked into; a walk may go on from there. It ends in a slash.
	Folder func(key string) error
}

// Read walks the store after the key, which is empty at the first time.
func Read(ctx context.Context, objects backend.Objects, after string, v Visitor) error {
	w := walk{objects: objects, Visitor: v}
	return w.folder(ctx, "", after, 0)
}

type walk struct {
	Visitor
	objects backend.Objects
}

// folder visits what lies after the key: rest is the key's part below this folder, empty when all of it is to come.
func (w *walk) folder(ctx context.Context, dir, rest string, depth int) error {
	if rest == "" {
		if err := w.Folder(dir + "/"); err != nil {
			return err
		}
	}
	if depth > maxDepth {
		if rest != "" {
			return nil
		}
		return w.Document(Document{Key: dir + "/*", Problem: fmt.Sprintf("more than %d folders lie in one another here; what is below is not looked at", maxDepth)})
	}
	entries, err := backend.Browse(ctx, w.objects, dir)
	if err != nil {
		return err
	}
	isRepository := slices.Contains(entries, backend.Entry{Name: metav1alpha1.FileRepository})
	switch {
	case isRepository:
		if err := w.repository(ctx, dir, rest); err != nil {
			return err
		}
	case isRestic(entries) && rest != "":
		return nil
	case isRestic(entries):
		return w.Document(Document{Key: path.Join(dir, resticConfig), Problem: fmt.Sprintf(
			"restic has data here, and the %s that would say whose it is is missing", metav1alpha1.FileRepository)})
	}
	from, below := "", ""
	if !isRepository || !isDocument(rest) {
		from, below, _ = strings.Cut(rest, "/")
	}
	for _, e := range entries {
		if !e.IsFolder || e.Name < from || isRepository && isOwned(e.Name) {
			continue
		}
		next := ""
		if e.Name == from {
			next = below
		}
		if err := w.folder(ctx, path.Join(dir, e.Name), next, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// repository gives the documents of one Repository.
func (w *walk) repository(ctx context.Context, dir, rest string) error {
	if rest == "" {
		if err := w.document(ctx, path.Join(dir, metav1alpha1.FileRepository)); err != nil {
			return err
		}
	} else if !isDocument(rest) {
		return nil
	}
	after := ""
	if strings.HasPrefix(rest, snapshotsFolder) {
		after = path.Join(dir, rest)
	}
	for {
		keys, err := w.snapshotKeys(ctx, path.Join(dir, metav1alpha1.DirSnapshots), after)
		if err != nil || len(keys) == 0 {
			return err
		}
		for _, key := range keys {
			if err := w.document(ctx, key); err != nil {
				return err
			}
		}
		after = keys[len(keys)-1]
	}
}

// snapshotKeys are the first keys after the given one, in order. Their number is bounded whatever lies there.
func (w *walk) snapshotKeys(ctx context.Context, folder, after string) ([]string, error) {
	var keys []string
	err := w.objects.List(ctx, folder+"/", func(key string) error {
		if key <= after || path.Dir(key) != folder || path.Ext(key) != documentSuffix {
			return nil
		}
		if keys = append(keys, key); len(keys) >= 2*keysKept {
			slices.Sort(keys)
			keys = keys[:keysKept]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	return keys[:min(len(keys), keysKept)], nil
}

func (w *walk) document(ctx context.Context, key string) error {
	if w.Skip != nil && w.Skip(key) {
		return nil
	}
	content, err := w.objects.Get(ctx, key, documentLimit)
	switch {
	case err == nil:
		return w.Document(Document{Key: key, Content: content})
	case backend.IsNotFound(err):
		// Somebody has removed it since it was listed.
		return nil
	case ctx.Err() != nil || isOfTheStore(err):
		return err
	default:
		return w.Document(Document{Key: key, Problem: err.Error()})
	}
}

// isOfTheStore tells what keeps every document from being read from what is wrong with one.
func isOfTheStore(err error) bool {
	var known *engine.Error
	if !errors.As(err, &known) {
		return false
	}
	switch known.Class {
	case engine.ClassUnreachable, engine.ClassTLS, engine.ClassInterrupted, engine.ClassBucketMissing:
		return true
	default:
		return false
	}
}

const (
	snapshotsFolder = metav1alpha1.DirSnapshots + "/"
	documentSuffix  = ".yaml"
	// resticConfig is in every restic repository.
	resticConfig = "config"
)

// isDocument says whether what is left of a key is a document of the folder itself, where that is a Repository's.
func isDocument(rest string) bool {
	return rest == metav1alpha1.FileRepository || strings.HasPrefix(rest, snapshotsFolder)
}

// isOwned names the folders that belong to the Repository whose document lies beside them.
func isOwned(name string) bool {
	return name == metav1alpha1.DirRepository || name == metav1alpha1.DirSnapshots
}

// isRestic recognises a restic repository by what each has.
func isRestic(entries []backend.Entry) bool {
	return slices.Contains(entries, backend.Entry{Name: resticConfig}) && slices.Contains(entries, backend.Entry{Name: "keys", IsFolder: true})
}
