// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
)

// Keys of the storage's Secret.
const (
	KeyAccessKeyID     = "AWS_ACCESS_KEY_ID"
	KeySecretAccessKey = "AWS_SECRET_ACCESS_KEY"
	// KeySessionToken and KeyCACert may be absent.
	KeySessionToken = "AWS_SESSION_TOKEN"
	KeyCACert       = "CA_CERT_DATA"
)

// Names of the files of an Access.
const (
	credentialsFile = "s3-credentials"
	caFile          = "ca.crt"
)

// defaultHost is where an empty endpoint leads.
const defaultHost = "s3.amazonaws.com"

// Backend is the S3 member of the port.
type Backend struct{}

var _ backend.Backend = Backend{}

// Provider implements backend.Backend.
func (Backend) Provider() string { return storagev1alpha1.ProviderS3 }

// IsVolume implements backend.Backend.
func (Backend) IsVolume() bool { return false }

// Validate implements backend.Backend.
func (Backend) Validate(spec storagev1alpha1.Backend) []string {
	if spec.S3 == nil {
		return []string{"storage.s3 is missing: provider s3 needs it"}
	}
	var wrong []string
	if _, _, err := splitEndpoint(spec.S3.Endpoint); err != nil {
		wrong = append(wrong, "storage.s3.endpoint "+err.Error())
	}
	switch bucket := strings.Trim(spec.S3.Bucket, "/"); {
	case bucket == "":
		wrong = append(wrong, "storage.s3.bucket is missing: name the bucket that the backups are kept in")
	case strings.ContainsFunc(bucket, unicode.IsControl):
		wrong = append(wrong, fmt.Sprintf("storage.s3.bucket %q holds a character that can't be printed: write the bucket's name as your provider shows it", bucket))
	case strings.Contains(bucket, "/"):
		wrong = append(wrong, fmt.Sprintf("storage.s3.bucket %q is a path: put what follows the bucket's name into storage.s3.prefix", bucket))
	}
	if _, err := backend.CleanPrefix(spec.S3.Prefix); err != nil {
		wrong = append(wrong, fmt.Sprintf("storage.s3.prefix %q must not climb up with %q", spec.S3.Prefix, ".."))
	}
	if spec.S3.MaxConnections < 0 {
		wrong = append(wrong, "storage.s3.maxConnections must not be negative")
	}
	return wrong
}

// Secret implements backend.Backend.
func (Backend) Secret(spec storagev1alpha1.Backend) (string, []string) {
	if spec.S3 == nil || spec.S3.SecretName == "" {
		return "", nil
	}
	return spec.S3.SecretName, []string{KeyAccessKeyID, KeySecretAccessKey}
}

// Location implements backend.Backend. The scheme is not part of it: it is the same bucket either way.
func (Backend) Location(spec storagev1alpha1.Backend) string {
	if spec.S3 == nil {
		return "s3:"
	}
	secure, host, err := splitEndpoint(spec.S3.Endpoint)
	if err != nil {
		host = spec.S3.Endpoint
	}
	host = strings.ToLower(host)
	if secure {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return "s3:" + host + path.Clean("/"+spec.S3.Bucket+"/"+spec.S3.Prefix)
}

// Access implements backend.Backend.
func (b Backend) Access(spec storagev1alpha1.Backend, secret map[string][]byte, dir string) (backend.Access, error) {
	place, err := b.open(spec, secret)
	if err != nil {
		return backend.Access{}, err
	}
	key, err := place.key(dir)
	if err != nil {
		return backend.Access{}, invalid("finding the repository: %v", err)
	}
	access := backend.Access{
		URL:   "s3:" + place.url() + "/" + path.Join(place.bucket, key),
		Env:   map[string]string{},
		Files: map[string][]byte{},
	}
	if spec.S3.Region != "" {
		access.Env["AWS_DEFAULT_REGION"] = spec.S3.Region
	}
	if place.id != "" {
		content, err := place.credentials()
		if err != nil {
			return backend.Access{}, err
		}
		access.Files[credentialsFile] = content
		access.Env["AWS_SHARED_CREDENTIALS_FILE"] = "${DIR}/" + credentialsFile
		// restic looks at these first. What stands in the pod's own environment is not meant for this bucket.
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY",
			"AWS_SESSION_TOKEN", "AWS_PROFILE", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"} {
			access.Env[name] = ""
		}
	}
	if spec.S3.InsecureTLS {
		access.Args = append(access.Args, "--insecure-tls")
	}
	if len(place.ca) > 0 {
		access.Files[caFile] = place.ca
		access.Args = append(access.Args, "--cacert", "${DIR}/"+caFile)
	}
	if spec.S3.MaxConnections > 0 {
		access.Args = append(access.Args, "-o", fmt.Sprintf("s3.connections=%d", spec.S3.MaxConnections))
	}
	return access, nil
}

// place is a spec and its Secret, checked and cleaned.
type place struct {
	secure, insecureTLS  bool
	host, bucket, prefix string
	region               string
	// id, key and token are empty in credential-less mode.
	id, secret, token string
	ca                []byte
}

func (b Backend) open(spec storagev1alpha1.Backend, secret map[string][]byte) (place, error) {
	if wrong := b.Validate(spec); len(wrong) > 0 {
		return place{}, invalid("%s", strings.Join(wrong, "; "))
	}
	secure, host, err := splitEndpoint(spec.S3.Endpoint)
	if err != nil {
		return place{}, invalid("reading the endpoint: %v", err)
	}
	prefix, err := backend.CleanPrefix(spec.S3.Prefix)
	if err != nil {
		return place{}, invalid("reading the prefix: %v", err)
	}
	p := place{secure: secure, host: host, insecureTLS: spec.S3.InsecureTLS, region: spec.S3.Region,
		bucket: strings.Trim(spec.S3.Bucket, "/"), prefix: prefix, ca: secret[KeyCACert]}
	if spec.S3.SecretName == "" {
		return p, nil
	}
	_, required := b.Secret(spec)
	for _, name := range required {
		if value(secret, name) == "" {
			return place{}, invalid("Secret %q has no value for the key %s", spec.S3.SecretName, name)
		}
	}
	p.id, p.secret, p.token = value(secret, KeyAccessKeyID), value(secret, KeySecretAccessKey), value(secret, KeySessionToken)
	return p, nil
}

// value drops the newline that an editor or "echo" leaves at the end.
func value(secret map[string][]byte, name string) string {
	return strings.TrimRight(string(secret[name]), "\r\n")
}

func (p place) url() string {
	if p.secure {
		return "https://" + p.host
	}
	return "http://" + p.host
}

func (p place) key(relative string) (string, error) {
	cleaned, err := backend.CleanKey(relative)
	if err != nil {
		return "", err
	}
	return path.Join(p.prefix, cleaned), nil
}

// credentials is the file in AWS' format. Back-quotes keep every character of a value as it is: the
// library that reads it would take # and ; for the beginning of a comment.
func (p place) credentials() ([]byte, error) {
	var out strings.Builder
	out.WriteString("[default]\n")
	for _, entry := range []struct{ name, key, value string }{
		{"aws_access_key_id", KeyAccessKeyID, p.id},
		{"aws_secret_access_key", KeySecretAccessKey, p.secret},
		{"aws_session_token", KeySessionToken, p.token},
	} {
		if entry.value == "" {
			continue
		}
		if strings.ContainsAny(entry.value, "`\r\n") {
			return nil, invalid("the value of the key %s holds a back-quote or a line break, which no S3 credential has", entry.key)
		}
		fmt.Fprintf(&out, "%s = `%s`\n", entry.name, entry.value)
	}
	return []byte(out.String()), nil
}

// splitEndpoint understands "https://host:port", "http://host:port" and "host:port".
func splitEndpoint(endpoint string) (secure bool, host string, err error) {
	trimmed := strings.TrimRight(strings.TrimSpace(endpoint), "/")
	if trimmed == "" {
		return true, defaultHost, nil
	}
	if !strings.Contains(trimmed, "://") {
		trimmed = "https://" + trimmed
	}
	u, err := url.Parse(trimmed)
	switch {
	case err != nil:
		return false, "", fmt.Errorf("%q is no URL", endpoint)
	case u.Scheme != "http" && u.Scheme != "https":
		return false, "", fmt.Errorf("%q must begin with http:// or https://", endpoint)
	case u.Host == "":
		return false, "", fmt.Errorf("%q names no host", endpoint)
	case u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "":
		return false, "", fmt.Errorf("%q must be a host with an optional port only: the bucket and the prefix have their own fields", endpoint)
	}
	return u.Scheme == "https", u.Host, nil
}

func invalid(format string, args ...any) error {
	return &engine.Error{Class: engine.ClassInvalidTask, Message: fmt.Sprintf(format, args...)}
}
