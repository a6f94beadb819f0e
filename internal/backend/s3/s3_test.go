// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3_test

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	storagev1alpha1 "kubestash.com/kubestash/api/storage/v1alpha1"
	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/backend/backendtest"
	"kubestash.com/kubestash/internal/backend/s3"
	"kubestash.com/kubestash/internal/engine"
	"kubestash.com/kubestash/tests/kit/s3server"
)

func at(endpoint, prefix string) storagev1alpha1.Backend {
	return storagev1alpha1.Backend{Provider: "s3", S3: &storagev1alpha1.S3Spec{
		Endpoint: endpoint, Bucket: s3server.Bucket, Prefix: prefix, SecretName: "s3-secret",
	}}
}

func open(t *testing.T, spec storagev1alpha1.Backend, secret map[string][]byte) backend.Objects {
	t.Helper()
	o, err := s3.Backend{}.Objects(spec, secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

func TestObjectsKeepTheContract(t *testing.T) {
	server := s3server.Start(t)
	for sentence, prefix := range map[string]string{"in the bucket's root": "", "below a prefix": "/demo/pre fix/"} {
		t.Run(sentence, func(t *testing.T) {
			backendtest.Objects(t, func(t *testing.T) backend.Objects { return open(t, at(server.Endpoint, prefix), server.Secret()) })
		})
	}
}

func TestAPrefixHidesItsNeighbours(t *testing.T) {
	server := s3server.Start(t)
	if err := open(t, at(server.Endpoint, ""), server.Secret()).Put(t.Context(), "demo2/f", nil); err != nil {
		t.Fatal(err)
	}
	err := open(t, at(server.Endpoint, "demo"), server.Secret()).List(t.Context(), "", func(key string) error {
		t.Errorf("%s is listed", key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFailureHasItsClassAndSaysWhatToDo(t *testing.T) {
	server, secure := s3server.Start(t), s3server.StartTLS(t)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := nobody.Addr().String()
	_ = nobody.Close()
	for sentence, c := range map[string]struct {
		change func(*storagev1alpha1.S3Spec, map[string][]byte)
		class  engine.Class
		says   string
	}{
		"the bucket does not exist": {func(s *storagev1alpha1.S3Spec, _ map[string][]byte) { s.Bucket = "mistyped" },
			engine.ClassBucketMissing, `"mistyped" does not exist`},
		"the bucket does not exist, and its region is given": {func(s *storagev1alpha1.S3Spec, _ map[string][]byte) {
			s.Bucket, s.Region = "mistyped", "us-east-1"
		}, engine.ClassBucketMissing, `"mistyped" does not exist`},
		"the key is unknown": {func(_ *storagev1alpha1.S3Spec, secret map[string][]byte) { secret[s3.KeyAccessKeyID] = []byte("other") },
			engine.ClassDenied, "refused access"},
		"the key is unknown, and the region is given": {func(s *storagev1alpha1.S3Spec, secret map[string][]byte) {
			secret[s3.KeyAccessKeyID], s.Region = []byte("other"), "us-east-1"
		}, engine.ClassDenied, "refused access"},
		"the secret is wrong": {func(_ *storagev1alpha1.S3Spec, secret map[string][]byte) {
			secret[s3.KeySecretAccessKey] = []byte("wrong-canary")
		},
			engine.ClassDenied, "refused access"},
		"nobody listens": {func(s *storagev1alpha1.S3Spec, _ map[string][]byte) { s.Endpoint = "http://" + address },
			engine.ClassUnreachable, "connection refused"},
		"the name leads nowhere": {func(s *storagev1alpha1.S3Spec, _ map[string][]byte) { s.Endpoint = "http://no-such-host.invalid" },
			engine.ClassUnreachable, "no-such-host.invalid"},
		"the authority is unknown": {func(s *storagev1alpha1.S3Spec, _ map[string][]byte) { s.Endpoint = secure.Endpoint },
			engine.ClassTLS, "certificate"},
		"the server speaks no TLS": {func(s *storagev1alpha1.S3Spec, _ map[string][]byte) {
			s.Endpoint = strings.Replace(server.Endpoint, "http:", "https:", 1)
		}, engine.ClassTLS, "HTTP response to HTTPS client"},
	} {
		t.Run(sentence, func(t *testing.T) {
			spec, secret := at(server.Endpoint, ""), server.Secret()
			c.change(spec.S3, secret)
			o := open(t, spec, secret)
			for what, err := range map[string]error{
				"Put":  o.Put(t.Context(), "f", []byte("x")),
				"List": o.List(t.Context(), "", func(string) error { return nil }),
				"Get":  get(t.Context(), o, "f"),
			} {
				if engine.ClassOf(err) != c.class || backend.IsNotFound(err) {
					t.Errorf("%s: got %v, want class %s", what, err, c.class)
				} else if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
					t.Errorf("%s: %q; want … %q", what, err, c.says)
				}
			}
		})
	}
}

func get(ctx context.Context, o backend.Objects, key string) error {
	_, err := o.Get(ctx, key, 1)
	return err
}

func TestTLS(t *testing.T) {
	server := s3server.StartTLS(t)
	insecure := at(server.Endpoint, "")
	insecure.S3.InsecureTLS = true
	withoutCA := server.Secret()
	delete(withoutCA, s3.KeyCACert)
	for sentence, o := range map[string]backend.Objects{
		"the Secret's certificate is trusted": open(t, at(server.Endpoint, ""), server.Secret()),
		"insecureTLS trusts whoever is there": open(t, insecure, withoutCA),
	} {
		if err := o.Put(t.Context(), "f", []byte("x")); err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
	}
	broken := server.Secret()
	broken[s3.KeyCACert] = []byte("no certificate")
	if _, err := (s3.Backend{}).Objects(at(server.Endpoint, ""), broken); engine.ClassOf(err) != engine.ClassInvalidTask {
		t.Errorf("a certificate that is none: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*storagev1alpha1.Backend)
		want   string
	}{
		"an endpoint and a bucket are right":  {func(*storagev1alpha1.Backend) {}, ""},
		"an endpoint without scheme is right": {func(b *storagev1alpha1.Backend) { b.S3.Endpoint = "s3.example.com:9000/" }, ""},
		"no endpoint is AWS":                  {func(b *storagev1alpha1.Backend) { b.S3.Endpoint = "" }, ""},
		"the section is missing":              {func(b *storagev1alpha1.Backend) { b.S3 = nil }, "storage.s3 is missing"},
		"the bucket is missing":               {func(b *storagev1alpha1.Backend) { b.S3.Bucket = "/" }, "storage.s3.bucket is missing"},
		"the bucket is a path":                {func(b *storagev1alpha1.Backend) { b.S3.Bucket = "bucket/folder" }, "storage.s3.prefix"},
		"the endpoint has a path":             {func(b *storagev1alpha1.Backend) { b.S3.Endpoint = "https://h/bucket" }, "own fields"},
		"the endpoint has another scheme":     {func(b *storagev1alpha1.Backend) { b.S3.Endpoint = "ftp://h" }, "http://"},
		"the endpoint is no URL":              {func(b *storagev1alpha1.Backend) { b.S3.Endpoint = "http://h:port" }, "no URL"},
		"the prefix climbs":                   {func(b *storagev1alpha1.Backend) { b.S3.Prefix = "a/../b" }, "climb"},
		"a negative number of connections":    {func(b *storagev1alpha1.Backend) { b.S3.MaxConnections = -1 }, "maxConnections"},
	} {
		t.Run(sentence, func(t *testing.T) {
			spec := at("https://s3.example.com", "demo")
			c.change(&spec)
			got := strings.Join(s3.Backend{}.Validate(spec), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want … %q", got, c.want)
			}
		})
	}
}

func TestLocationIsThePlaceAndNotTheSpelling(t *testing.T) {
	location := func(endpoint, bucket, prefix string) string {
		spec := at(endpoint, prefix)
		spec.S3.Bucket = bucket
		return s3.Backend{}.Location(spec)
	}
	same := location("https://S3.example.com/", "b/", "/demo/")
	for _, other := range []string{location("https://s3.example.com:443", "b", "demo"), location("s3.example.com", "b", "/demo//")} {
		if other != same {
			t.Errorf("one place, two locations: %s and %s", same, other)
		}
	}
	for _, other := range []string{location("https://s4.example.com", "b", "demo"), location("https://s3.example.com", "c", "demo"),
		location("https://s3.example.com", "b", "demo2"), location("https://s3.example.com:9000", "b", "demo")} {
		if other == same {
			t.Errorf("two places, one location: %s", other)
		}
	}
}

func TestAccess(t *testing.T) {
	spec := at("http://s3.example.com:9000/", "/pre/fix/")
	spec.S3.Region, spec.S3.MaxConnections, spec.S3.InsecureTLS = "eu-1", 7, true
	secret := map[string][]byte{s3.KeyAccessKeyID: []byte("id\n"), s3.KeySecretAccessKey: []byte("a#b;c\r\n"), s3.KeyCACert: []byte("PEM")}
	access, err := s3.Backend{}.Access(spec, secret, "/demo/repo/")
	if err != nil {
		t.Fatal(err)
	}
	if want := "s3:http://s3.example.com:9000/" + s3server.Bucket + "/pre/fix/demo/repo"; access.URL != want {
		t.Errorf("got %s, want %s", access.URL, want)
	}
	if want := "--insecure-tls --cacert ${DIR}/ca.crt -o s3.connections=7"; strings.Join(access.Args, " ") != want {
		t.Errorf("got %q, want %q", access.Args, want)
	}
	if access.Env["AWS_DEFAULT_REGION"] != "eu-1" || access.Env["AWS_SHARED_CREDENTIALS_FILE"] != "${DIR}/s3-credentials" {
		t.Errorf("environment: %q", access.Env)
	}
	if got := string(access.Files["s3-credentials"]); got != "[default]\naws_access_key_id = `id`\naws_secret_access_key = `a#b;c`\n" {
		t.Errorf("credentials: %q", got)
	}
	for name, value := range access.Env {
		if strings.Contains(value, "a#b") {
			t.Errorf("the environment variable %s holds the secret", name)
		}
	}
	if names := slices.Sorted(maps.Keys(access.Files)); !slices.Equal(names, []string{"ca.crt", "s3-credentials"}) {
		t.Errorf("files: %q", names)
	}
}

func TestAccessWithoutASecretUsesTheIdentityOfThePod(t *testing.T) {
	spec := at("", "")
	spec.S3.SecretName = ""
	access, err := s3.Backend{}.Access(spec, nil, "repo")
	if err != nil || len(access.Files) != 0 || len(access.Env) != 0 || access.URL != "s3:https://s3.amazonaws.com/"+s3server.Bucket+"/repo" {
		t.Errorf("got %+v, %v", access, err)
	}
}

func TestAnIncompleteSecretIsNamedByItsKey(t *testing.T) {
	name, required := s3.Backend{}.Secret(at("", ""))
	if name != "s3-secret" || !slices.Equal(required, []string{s3.KeyAccessKeyID, s3.KeySecretAccessKey}) {
		t.Errorf("got %s, %q", name, required)
	}
	full := map[string][]byte{s3.KeyAccessKeyID: []byte("id"), s3.KeySecretAccessKey: []byte("secret")}
	for _, key := range required {
		for sentence, value := range map[string][]byte{"missing": nil, "a newline only": []byte("\n")} {
			secret := maps.Clone(full)
			secret[key] = value
			for what, err := range map[string]error{"Access": access(at("", ""), secret), "Objects": objects(at("", ""), secret)} {
				if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "s3-secret") {
					t.Errorf("%s with %s %s: %v", what, key, sentence, err)
				}
			}
		}
	}
	full[s3.KeySecretAccessKey] = []byte("a`b")
	if err := access(at("", ""), full); err == nil || strings.Contains(err.Error(), "a`b") {
		t.Errorf("a secret that the file can't hold: %v", err)
	}
}

func access(spec storagev1alpha1.Backend, secret map[string][]byte) error {
	_, err := s3.Backend{}.Access(spec, secret, "repo")
	return err
}

func objects(spec storagev1alpha1.Backend, secret map[string][]byte) error {
	_, err := s3.Backend{}.Objects(spec, secret)
	return err
}
