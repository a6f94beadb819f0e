// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
)

const (
	// retries bound the time that an unreachable server costs to a few seconds.
	retries        = 4
	dialTimeout    = 5 * time.Second
	answerTimeout  = 30 * time.Second
	contentType    = "application/yaml"
	idleConnection = 90 * time.Second
)

// Objects implements backend.Backend.
func (b Backend) Objects(spec storagev1alpha1.Backend, secret map[string][]byte) (backend.Objects, error) {
	p, err := b.open(spec, secret)
	if err != nil {
		return nil, err
	}
	transport, err := p.transport()
	if err != nil {
		return nil, err
	}
	creds := credentials.NewStaticV4(p.id, p.secret, p.token)
	if p.id == "" {
		creds = credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}})
	}
	client, err := minio.New(p.host, &minio.Options{Creds: creds, Secure: p.secure, Region: p.region, Transport: transport, MaxRetries: retries})
	if err != nil {
		return nil, invalid("setting up the S3 client: %v", err)
	}
	return &objects{client: client, transport: transport, place: p}, nil
}

func (p place) transport() (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: p.insecureTLS} //nolint:gosec // the user asked for it
	if len(p.ca) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(p.ca) {
			return nil, invalid("the value of the key %s holds no PEM certificate", KeyCACert)
		}
		config.RootCAs = pool
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		IdleConnTimeout:       idleConnection,
		MaxIdleConnsPerHost:   4,
	}, nil
}

// objects implements backend.Objects.
type objects struct {
	client    *minio.Client
	transport *http.Transport
	place     place
}

func (o *objects) Put(ctx context.Context, key string, content []byte) error {
	doing := "writing " + key
	name, err := o.place.key(key)
	if err != nil {
		return err
	}
	_, err = o.client.PutObject(ctx, o.place.bucket, name, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{ContentType: contentType})
	return o.meaning(doing, err)
}

func (o *objects) Get(ctx context.Context, key string, limit int64) ([]byte, error) {
	doing := "reading " + key
	name, err := o.place.key(key)
	if err != nil {
		return nil, err
	}
	object, err := o.client.GetObject(ctx, o.place.bucket, name, minio.GetObjectOptions{})
	if err != nil {
		return nil, o.meaning(doing, err)
	}
	defer object.Close()
	content, err := io.ReadAll(io.LimitReader(object, limit+1))
	if err != nil {
		return nil, o.meaning(doing, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s: it is larger than %d bytes", doing, limit)
	}
	return content, nil
}

func (o *objects) List(ctx context.Context, prefix string, each func(string) error) error {
	return o.Measure(ctx, prefix, func(key string, _ int64) error { return each(key) })
}

var _ backend.Measurer = (*objects)(nil)

// Measure implements backend.Measurer.
func (o *objects) Measure(ctx context.Context, prefix string, each func(key string, bytes int64) error) error {
	within, err := backend.CleanPrefix(prefix)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	entries := o.client.ListObjects(ctx, o.place.bucket, minio.ListObjectsOptions{Prefix: o.folder(within), Recursive: true})
	// Who lists goes on until somebody takes what it has found, also when that isn't wanted any more.
	defer func() {
		cancel()
		for range entries {
		}
	}()
	for entry := range entries {
		if entry.Err != nil {
			return o.meaning("listing "+firstOf(within, "the bucket"), entry.Err)
		}
		key := entry.Key
		if o.place.prefix != "" {
			key = strings.TrimPrefix(key, o.place.prefix+"/")
		}
		// Some consoles keep an empty object in place of a folder.
		if strings.HasSuffix(key, "/") {
			continue
		}
		if err := each(key, entry.Size); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// folder is the S3 prefix of what lies below a key, so that "a" doesn't list "ab".
func (o *objects) folder(within string) string {
	full := o.place.prefix
	if within != "" {
		full = strings.Trim(full+"/"+within, "/")
	}
	if full == "" {
		return ""
	}
	return full + "/"
}

func (o *objects) Delete(ctx context.Context, key string) error {
	name, err := o.place.key(key)
	if err != nil {
		return err
	}
	return o.meaning("deleting "+key, o.client.RemoveObject(ctx, o.place.bucket, name, minio.RemoveObjectOptions{}))
}

func (o *objects) DeletePrefix(ctx context.Context, prefix string) error {
	within, err := backend.CleanKey(prefix)
	if err != nil {
		return err
	}
	var keys []string
	if err := o.List(ctx, within, func(key string) error { keys = append(keys, key); return nil }); err != nil {
		return err
	}
	for _, key := range keys {
		// One by one: not every server that speaks S3 knows how to delete many at once.
		if err := o.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (o *objects) Close() error {
	o.transport.CloseIdleConnections()
	return nil
}
