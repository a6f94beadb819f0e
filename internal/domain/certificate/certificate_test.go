// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package certificate_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"kubestash.com/kubestash/internal/domain/certificate"
)

var (
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	names = []string{"kubestash-operator-webhook.kubestash.svc", "127.0.0.1"}
)

const day = 24 * time.Hour

func next(t *testing.T, now time.Time, kept, remembered certificate.Material) (certificate.Material, string) {
	t.Helper()
	m, reason, err := certificate.Next(now, kept, remembered, names, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return m, reason
}

func accepts(t *testing.T, trust certificate.Material, shown certificate.Material, now time.Time) bool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(trust.Trust) {
		t.Fatal("nobody is trusted")
	}
	pair, err := tls.X509KeyPair(shown.Certificate, shown.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now}); err != nil {
			return false
		}
	}
	return true
}

func authorities(m certificate.Material) int {
	return strings.Count(string(m.Trust), "BEGIN CERTIFICATE")
}

func TestNext(t *testing.T) {
	none := certificate.Material{}
	first, _ := next(t, start, none, none)
	two, _ := next(t, start.Add(250*day), renewed(t, start, 250*day), none)
	for sentence, row := range map[string]struct {
		now              time.Time
		kept, remembered certificate.Material
		reason           string
		authorities      int
		isSameServer     bool
	}{
		"nothing is kept":                                   {start, none, none, "a new authority and a certificate: there was none", 1, false},
		"all is well":                                       {start.Add(day), first, first, "", 1, true},
		"a third is left of the certificate":                {start.Add(61 * day), first, first, "getting old: a new one", 1, false},
		"the certificate has ended":                         {start.Add(91 * day), first, first, "can't be used", 1, false},
		"a third is left of the authority":                  {start.Add(250 * day), renewed(t, start, 250*day), none, "a new one, beside the old one", 2, true},
		"the new authority isn't known everywhere yet":      {start.Add(250*day + 4*time.Minute), two, none, "", 2, true},
		"the new authority is known":                        {start.Add(250*day + 6*time.Minute), two, none, "signed by it", 2, false},
		"everything has ended":                              {start.Add(800 * day), first, none, "the authority has ended", 1, false},
		"what was kept is gone, and we know it":             {start.Add(day), none, first, "lost or broken", 2, true},
		"what was kept is gone, and we know what has ended": {start.Add(91 * day), none, first, "there was none", 1, false},
		"a key that isn't the certificate's": {
			start.Add(day), certificate.Material{Trust: first.Trust, AuthorityKey: first.AuthorityKey, Certificate: first.Certificate, Key: first.AuthorityKey}, none,
			"don't belong together", 1, false},
		"an authority without its key": {start.Add(day), certificate.Material{Trust: first.Trust, Certificate: first.Certificate, Key: first.Key}, none, "has no key", 1, false},
		"an authority's key that is another's": {
			start.Add(day), certificate.Material{Trust: first.Trust, AuthorityKey: first.Key, Certificate: first.Certificate, Key: first.Key}, none, "another one's", 1, false},
		"somebody wrote rubbish": {start.Add(day), certificate.Material{Trust: []byte("x"), Certificate: []byte("y")}, first, "no authority", 2, true},
		"an authority that can't be read": {start.Add(day), certificate.Material{
			Trust: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), Certificate: []byte("y")}, first, "can't be read", 2, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, reason := next(t, row.now, row.kept, row.remembered)
			if !strings.Contains(reason, row.reason) || (row.reason == "") != (reason == "") {
				t.Errorf("the reason is %q, want %q", reason, row.reason)
			}
			if n := authorities(got); n != row.authorities {
				t.Errorf("%d authorities are trusted, want %d", n, row.authorities)
			}
			shown := row.kept.Certificate
			if len(row.remembered.Certificate) > 0 {
				shown = row.remembered.Certificate
			}
			if same := bytes.Equal(got.Certificate, shown); same != row.isSameServer {
				t.Errorf("the certificate stays: %v, want %v", same, row.isSameServer)
			}
			if !accepts(t, got, got, row.now) {
				t.Error("who trusts these authorities doesn't accept the certificate")
			}
			again, reason := next(t, row.now, got, got)
			if reason != "" || !bytes.Equal(again.Trust, got.Trust) || !bytes.Equal(again.Certificate, got.Certificate) {
				t.Errorf("a second look changes it again: %s", reason)
			}
		})
	}
}

func TestOtherNamesNeedAnotherCertificate(t *testing.T) {
	m, _ := next(t, start, certificate.Material{}, certificate.Material{})
	got, reason, err := certificate.Next(start, m, m, []string{"webhook.elsewhere.svc"}, rand.Reader)
	if err != nil || !strings.Contains(reason, "can't be used") || bytes.Equal(got.Certificate, m.Certificate) {
		t.Errorf("%q, %v", reason, err)
	}
}

// renewed is what is kept after some time in which it was looked at every day.
func renewed(t *testing.T, from time.Time, upTo time.Duration) certificate.Material {
	t.Helper()
	m := certificate.Material{}
	for at := time.Duration(0); at < upTo-7*day; at += day {
		m, _ = next(t, from.Add(at), m, m)
	}
	return m
}

// Two operators look once a minute, one after the other, and API servers learn late whom to trust. Now and then what is kept gets lost.
func TestAtNoTimeIsACertificateNotTrusted(t *testing.T) {
	kept := certificate.Material{}
	var memories [2]certificate.Material
	// What each minute was published, the newest last.
	var published []certificate.Material
	changes, lost := 0, 0
	for now, quiet := start, 0; now.Before(start.Add(400 * day)); quiet++ {
		if times := int(now.Sub(start) / (47 * day)); times > lost {
			kept, lost = certificate.Material{}, times
		}
		for i := range memories {
			got, reason := next(t, now, kept, memories[i])
			if reason != "" {
				changes, quiet = changes+1, 0
			}
			kept, memories[i] = got, got
			// The other one hasn't looked since, and API servers are four minutes behind.
			for _, shown := range memories {
				if len(shown.Certificate) == 0 || quiet > 10 {
					continue
				}
				for _, trust := range append(published[max(0, len(published)-4):], kept) {
					if !accepts(t, trust, shown, now) {
						t.Fatalf("at %s, after %q, somebody doesn't trust what is shown", now, reason)
					}
				}
			}
		}
		published = append(published, kept)
		if authorities(kept) > 2 {
			t.Fatalf("%d authorities are trusted", authorities(kept))
		}
		if quiet > 20 {
			now = now.Add(2 * day)
		} else {
			now = now.Add(time.Minute)
		}
	}
	if changes < 15 {
		t.Errorf("only %d changes in 400 days: nothing was tried out", changes)
	}
}
