// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package mover

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/domain/redact"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/internal/engine/restic"
	"kubestash.com/kubestash/internal/task"
)

// store is a storage that has been opened.
type store struct {
	backend  backend.Backend
	spec     storagev1alpha1.Backend
	secret   map[string][]byte
	objects  backend.Objects
	redactor *redact.Redactor
}

func (w *work) openStore(s task.Storage, secrets ...string) (*store, error) {
	b, err := w.Find(s.Backend.Provider)
	if err != nil {
		return nil, err
	}
	secret, err := w.readSecret(s.CredentialsDir)
	if err != nil {
		return nil, err
	}
	for _, value := range secret {
		// A certificate is public, and its lines in a message help.
		if !bytes.Contains(value, []byte("-----BEGIN CERTIFICATE-----")) {
			secrets = append(secrets, string(value))
		}
	}
	out := &store{backend: b, spec: s.Backend, secret: secret, redactor: redact.New(secrets...)}
	if out.objects, err = b.Objects(s.Backend, secret); err != nil {
		return nil, out.safe(err)
	}
	return out, nil
}

// safe takes the secrets out of an error, and keeps its class.
func (s *store) safe(err error) error {
	if err == nil {
		return nil
	}
	message := err.Error()
	var known *engine.Error
	if errors.As(err, &known) {
		message = known.Message
	}
	// The cause is left out: whoever prints it would print it whole.
	return &engine.Error{Class: engine.ClassOf(err), Message: s.redactor.Text(message)}
}

func (s *store) close() { _ = s.objects.Close() }

// readSecret reads one file per key; names that begin with two dots are how the kubelet keeps versions.
func (w *work) readSecret(dir string) (map[string][]byte, error) {
	if dir == "" {
		return nil, nil
	}
	folder := w.inTaskDir(dir)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, invalid("reading the storage's credentials: %v", err)
	}
	secret := map[string][]byte{}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "..") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, invalid("reading the storage's credentials: %v", err)
		}
		secret[entry.Name()] = content
	}
	return secret, nil
}

func (w *work) inTaskDir(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.TaskDir, name)
}

// repository is a restic repository that can be worked on.
type repository struct {
	*store
	dir     string
	options restic.Options
	engine  engine.Engine
	// private is the folder of the credential files.
	private string
}

// open prepares everything that needs no network.
func (w *work) open(index int) (*repository, error) {
	r := w.task.Repositories[index]
	password, err := os.ReadFile(w.inTaskDir(r.PasswordFile))
	if err != nil {
		return nil, invalid("reading the encryption password: %v", err)
	}
	if len(bytes.TrimSpace(password)) == 0 {
		return nil, &engine.Error{Class: engine.ClassPassword, Message: "the encryption password is empty; restic keeps no repository without one"}
	}
	s, err := w.openStore(r.Storage, string(password))
	if err != nil {
		return nil, err
	}
	out := &repository{store: s, dir: strings.Trim(r.Directory, "/"), private: filepath.Join(w.ScratchDir, fmt.Sprintf("access-%d", index))}
	if err := w.prepare(out, r); err != nil {
		out.close()
		return nil, s.safe(err)
	}
	return out, nil
}

func (w *work) prepare(out *repository, r task.Repository) error {
	access, err := out.backend.Access(out.spec, out.secret, r.Directory)
	if err != nil {
		return err
	}
	temp := filepath.Join(w.ScratchDir, "tmp")
	for _, folder := range []string{out.private, temp} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("making a folder for temporary files: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(access.Files)) {
		if err := writePrivate(filepath.Join(out.private, name), access.Files[name]); err != nil {
			return fmt.Errorf("writing the credentials for restic: %w", err)
		}
	}
	here := strings.NewReplacer("${DIR}", out.private)
	out.options = restic.Options{
		Binary: w.Restic, URL: access.URL, PasswordFile: w.inTaskDir(r.PasswordFile), Environ: w.Environ, Env: map[string]string{},
		TempDir: temp, RetryLock: w.lockPatience(), MemoryLimit: w.MemoryLimit, Redact: out.redactor.Text,
	}
	for name, value := range access.Env {
		out.options.Env[name] = here.Replace(value)
	}
	for _, arg := range access.Args {
		out.options.GlobalArgs = append(out.options.GlobalArgs, here.Replace(arg))
	}
	if w.task.EnableCache {
		out.options.CacheDir = filepath.Join(w.ScratchDir, "restic-cache")
	}
	if w.task.Nice != nil {
		nice := int(*w.task.Nice)
		out.options.Nice = &nice
	}
	if io := w.task.IONice; io != nil {
		out.options.IONice = &restic.IONice{Class: int(io.Class), Level: int(io.Level)}
	}
	out.engine, err = w.Engine(out.options)
	return err
}

// writePrivate replaces what a killed predecessor in the same container left.
func writePrivate(name string, content []byte) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, content, 0o600)
}

// close wipes the credential files too.
func (r *repository) close() {
	_ = os.RemoveAll(r.private)
	r.store.close()
}
