// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPatterns(t *testing.T) {
	var r *Redactor
	for sentence, row := range map[string]struct{ in, want string }{
		"prose stays": {`Fatal: wrong password or no key found for secret "demo/s3-secret"`, `Fatal: wrong password or no key found for secret "demo/s3-secret"`},
		"a restic id stays": {
			"snapshot 3a0e5b4d6c1f2a9be4d8a1c2f3b4a5968778695a4b3c2d1e0f9e8d7c6b5a4938 saved",
			"snapshot 3a0e5b4d6c1f2a9be4d8a1c2f3b4a5968778695a4b3c2d1e0f9e8d7c6b5a4938 saved"},
		"a plain URL stays":                   {"s3:https://minio.demo.svc:9000/bucket/dir", "s3:https://minio.demo.svc:9000/bucket/dir"},
		"a user in a URL":                     {"rest:https://me@host/x", "rest:https://***@host/x"},
		"a password in a URL":                 {"GET https://me:pw@host/x failed", "GET https://***@host/x failed"},
		"a password with / and @ in a URL":    {"http://me:p/w@rd@host/x", "http://***@host/x"},
		"an @ in a path stays":                {"https://host/a@b", "https://host/a@b"},
		"a query":                             {`Get "https://b.s3.aws.com/k?X-Amz-Signature=abc&X-Amz-Date=1": EOF`, `Get "https://b.s3.aws.com/k?***": EOF`},
		"an authorization header":             {"Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=0f\nHost: x", "Authorization: ***\nHost: x"},
		"a bearer token":                      {"sent Bearer abcdef123456, got 401", "sent Bearer ***, got 401"},
		"password=":                           {"connect password=hunter2 host=db", "connect password=*** host=db"},
		"a quoted value":                      {`password="hun ter\"2" host=db`, `password=*** host=db`},
		"a longer key":                        {"aws_secret_access_key = abc/def+x next", "aws_secret_access_key = *** next"},
		"a connection string":                 {"DefaultEndpointsProtocol=https;AccountName=me;AccountKey=abc==;EndpointSuffix=x", "DefaultEndpointsProtocol=https;AccountName=me;AccountKey=***;EndpointSuffix=x"},
		"JSON":                                {`{"type":"x","private_key":"a\"b\nc","n":1}`, `{"type":"x","private_key":***,"n":1}`},
		"an environment":                      {"RESTIC_PASSWORD: hunter2", "RESTIC_PASSWORD: ***"},
		"YAML with a password":                {"password: hunter2", "password: ***"},
		"a sentence about a password stays":   {"wrong password: try the other", "wrong password: try the other"},
		"a flag":                              {"restic --password hunter2 --json", "restic --password *** --json"},
		"an AWS key":                          {"The key AKIAIOSFODNN7EXAMPLE is unknown", "The key *** is unknown"},
		"a JSON web token":                    {"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_d-e!", "got ***!"},
		"a Google token":                      {"ya29.a0AfH6SMBx1234", "***"},
		"a private key":                       {"x\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\ny", "x\n***\ny"},
		"a private key that was cut":          {"x -----BEGIN PRIVATE KEY-----\nMIIE\nabc", "x ***"},
		"a private key with escaped newlines": {`x -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n y`, `x ***\n y`},
		"what a terminal would obey":          {"a\x1b[31mred\x07\r\nb\u202ec", "a[31mred\nbc"},
		"invalid UTF-8":                       {"a\xffb", "a?b"},
		"space around":                        {"\n a \n", "a"},
	} {
		if got := r.Text(row.in); got != row.want {
			t.Errorf("%s: got %q, want %q", sentence, got, row.want)
		}
	}
}

func TestKnownSecrets(t *testing.T) {
	r := New("correct horse", "p@ss/w\"rd", "ab", "", "  ", "line one of the key\nline two of the key\n")
	for sentence, row := range map[string]struct{ in, want string }{
		"as it is":              {"with 'correct horse' it fails", "with '***' it fails"},
		"twice":                 {"correct horse,correct horse", "***,***"},
		"in a query":            {"x=correct+horse", "x=***"},
		"in a path":             {"x/correct%20horse/y", "x/***/y"},
		"in JSON":               {`{"v": "p@ss/w\"rd"}`, `{"v": "***"}`},
		"as base64":             {"v: Y29ycmVjdCBob3JzZQ==", "v: ***"},
		"as base64 of its line": {"v: " + base64.StdEncoding.EncodeToString([]byte("p@ss/w\"rd")), "v: ***"},
		"as hex":                {"636f727265637420686f727365", "***"},
		"across lines":          {"correct\nhorse", "***"},
		"one line of a file":    {"bad: line two of the key!", "bad: ***!"},
		"a whole file":          {"bad: line one of the key\nline two of the key\n!", "bad: ***!"},
		"a tiny one as a word":  {"ab is the password, not cab or ab_", "*** is the password, not cab or ab_"},
		"halves that meet":      {"correct\u200b horse", "***"},
	} {
		if got := r.Line(row.in); got != row.want {
			t.Errorf("%s: got %q, want %q", sentence, got, row.want)
		}
	}
	overlapping := New("abcdef", "defghi")
	if got := overlapping.Line("xabcdefghix"); got != "x***x" {
		t.Errorf("overlapping secrets: got %q", got)
	}
	if got := New("a***z", "****").Line("a and a***z and ****"); strings.Contains(got, "a***z") || strings.Contains(got, "****") {
		t.Errorf("secrets like the mask: got %q", got)
	}
}

func TestLength(t *testing.T) {
	var r Redactor
	long := strings.Repeat("ä", 5000)
	if got := r.Text(long); len(got) > Limit || !utf8.ValidString(got) || !strings.HasSuffix(got, "ä…") {
		t.Errorf("got %d bytes ending in %q", len(got), got[len(got)-8:])
	}
	if got := r.Text(long[:Limit]); got != long[:Limit] {
		t.Errorf("a text of exactly the limit became %d bytes", len(got))
	}
	for limit, want := range map[int]string{0: "", -1: "", 2: "", 3: "…", 5: "ä…", 100: "äää"} {
		if got := r.Bounded("äää"+strings.Repeat(" ", 3), limit, true); got != want {
			t.Errorf("limit %d: got %q, want %q", limit, got, want)
		}
	}
	secret := strings.Repeat("s3cr3t", 50)
	huge := strings.Repeat("https://a:b@c?d ", read/16-8) + secret
	if got := New(secret).Bounded(huge, 1<<20, true); strings.Contains(got, "s3cr3t") {
		t.Error("a part of a secret at the end of what is read can be seen")
	}
}

func TestError(t *testing.T) {
	r := New("hunter22")
	if got := r.Error(nil); got != "" {
		t.Errorf("no error: got %q", got)
	}
	if got := r.Error(fmt.Errorf("opening: %w", errors.New("bad\nhunter22"))); got != "opening: bad ***" {
		t.Errorf("got %q", got)
	}
}

func TestASecretNeverPrints(t *testing.T) {
	type holder struct {
		Exported   Secret
		unexported Secret
	}
	secret := NewSecret("hunter22")
	held := holder{secret, secret}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", secret, "h", held)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "s", secret, "h", held)
	outputs := map[string]string{"log": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%p", "%10.3s"} {
		outputs[verb] = fmt.Sprintf(verb, secret)
		outputs[verb+" of a struct"] = fmt.Sprintf(verb, held)
		outputs[verb+" of a pointer"] = fmt.Sprintf(verb, &held)
		outputs[verb+" of a list"] = fmt.Sprintf(verb, []any{held, &secret, map[string]Secret{"a": secret}})
	}
	for _, v := range []any{secret, held, &held, []Secret{secret}, map[Secret]Secret{secret: secret}} {
		marshalled, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		outputs[fmt.Sprintf("JSON of %T", v)] = string(marshalled)
	}
	for how, output := range outputs {
		// 68 75 6e 74 and 104 117 110 116 are its bytes.
		for _, trace := range []string{"hunt", "68756e74", "104 117", "0x68"} {
			if strings.Contains(output, trace) {
				t.Errorf("%s shows it: %s", how, output)
			}
		}
	}
	if got := outputs["%v"] + outputs["%#v"] + secret.String() + outputs["JSON of redact.Secret"]; got != `*********"***"` {
		t.Errorf("got %q", got)
	}
	if secret.Reveal() != "hunter22" || secret.IsEmpty() || (Secret{}).Reveal() != "" || !(Secret{}).IsEmpty() || !NewSecret("").IsEmpty() {
		t.Error("Reveal or IsEmpty is wrong")
	}
	if !reflect.DeepEqual(held, holder{NewSecret("hunter22"), NewSecret("hunter22")}) {
		t.Error("equal secrets differ")
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("hunter22", "password is ", ", sorry", 100)
	f.Add("a b\nc d", "https://x:", "@y", 2000)
	f.Add("****", "a*", "*", 10)
	f.Add("ab\x00cd", "\xff", "\xfe", 20)
	f.Add("se cr et", "se cr et", "et", 9)
	f.Fuzz(func(t *testing.T, secret, before, after string, limit int) {
		limit %= 1 << 16
		text := before + secret + after
		for _, singleLine := range []bool{true, false} {
			got := New(secret, after).Bounded(text, limit, singleLine)
			if len(secret) >= short && strings.Contains(got, secret) {
				t.Errorf("%q shows %q", got, secret)
			}
			if len(got) > max(limit, 0) || !utf8.ValidString(got) {
				t.Errorf("%d bytes, limit %d: %q", len(got), limit, got)
			}
			if singleLine && strings.ContainsAny(got, "\r\n") {
				t.Errorf("several lines: %q", got)
			}
		}
	})
}

// In whatever spelling a message quotes a secret, none of it is shown.
func FuzzRedactSpelled(f *testing.F) {
	for _, seed := range []string{"hunter22", `ca#na;ry se"cr'et=%/+`, "line one of it\nline two of a key file", "日本語のパスワード", "\x01\x02\x03\x04", "${x} {{ .y }}"} {
		f.Add(seed, "restic said: ", " and then")
	}
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		trimmed, shown := strings.TrimSpace(secret), Mask+ellipsis
		if len(trimmed) < 8 || !utf8.ValidString(secret) || strings.Contains(shown, trimmed) {
			return
		}
		quotedText, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		spellings := map[string]string{
			"as it is": secret, "trimmed": trimmed, "in a query": url.QueryEscape(trimmed), "in a path": url.PathEscape(trimmed),
			"in JSON": string(quotedText[1 : len(quotedText)-1]), "in base64": base64.StdEncoding.EncodeToString([]byte(secret)),
			"in hex": hex.EncodeToString([]byte(trimmed)),
		}
		for how, spelled := range spellings {
			text := before + spelled + after
			for _, got := range []string{New(secret).Text(text), New(secret).Line(text)} {
				if len(spelled) >= 8 && strings.Contains(got, spelled) {
					t.Errorf("%s: %q shows %q", how, got, spelled)
				}
			}
		}
	})
}
