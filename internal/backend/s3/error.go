// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/engine"
)

// meaning turns what the client says into an error with a class; nil stays nil.
func (o *objects) meaning(doing string, err error) error {
	if err == nil {
		return nil
	}
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		class := classOfAnswer(answer)
		if class == "" {
			return fmt.Errorf("%s: %w: %w", doing, backend.ErrNotFound, err)
		}
		return &engine.Error{Class: class, Cause: err, Message: doing + ": " + o.say(class, answer)}
	}
	if class := classOfTransport(err); class != "" {
		return &engine.Error{Class: class, Cause: err, Message: fmt.Sprintf("%s: %s: %v", doing, o.place.url(), err)}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// say names the bucket and keeps the server's words.
func (o *objects) say(class engine.Class, answer minio.ErrorResponse) string {
	words := strings.TrimSuffix(answer.Error(), ".")
	switch class {
	case engine.ClassBucketMissing:
		return fmt.Sprintf("bucket %q does not exist at %s", o.place.bucket, o.place.url())
	case engine.ClassDenied:
		return fmt.Sprintf("%s refused access to bucket %q: %s", o.place.url(), o.place.bucket, words)
	}
	return fmt.Sprintf("%s: %s (%s)", o.place.url(), words, firstOf(answer.Code, http.StatusText(answer.StatusCode)))
}

// classOfAnswer is empty for a missing object.
func classOfAnswer(answer minio.ErrorResponse) engine.Class {
	switch answer.Code {
	case "NoSuchKey":
		return ""
	case "NoSuchBucket":
		return engine.ClassBucketMissing
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AllAccessDisabled",
		"AccountProblem", "RequestTimeTooSkewed", "AuthorizationHeaderMalformed",
		// What versitygw says of an access key that it doesn't know.
		"XAdminUserNotFound":
		return engine.ClassDenied
	case "XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "EntityTooLarge":
		return engine.ClassStorageFull
	case "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout":
		return engine.ClassUnreachable
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return engine.ClassDenied
	case http.StatusInsufficientStorage:
		return engine.ClassStorageFull
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return engine.ClassUnreachable
	}
	return engine.ClassUnknown
}

// classOfTransport is empty when err is not about the way to the server.
func classOfTransport(err error) engine.Class {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		record       tls.RecordHeaderError
		dns          *net.DNSError
		op           *net.OpError
		timeout      net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return engine.ClassInterrupted
	case errors.As(err, &verification), errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &record),
		errors.Is(err, http.ErrSchemeMismatch), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return engine.ClassTLS
	case errors.As(err, &dns), errors.As(err, &op), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return engine.ClassUnreachable
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
