// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"fmt"
	"io"
	"time"
)

const (
	// authorityLife is how long an authority lasts; a new one is made when a third of it is left.
	authorityLife = 365 * 24 * time.Hour
	// serverLife is how long a server's certificate lasts; a new one is made when a third of it is left.
	serverLife = 90 * 24 * time.Hour
	// settle is how long it may take until everybody knows what was published: each of several operators looks once a minute, and API
	// servers watch.
	settle = 5 * time.Minute
	// skew is how far clocks may differ: a certificate is valid somewhat before it was made.
	skew = 10 * time.Minute
)

// Material is what is kept between two looks, all of it PEM.
type Material struct {
	// Trust are the authorities that clients trust, the newest first, and AuthorityKey is the newest one's key.
	Trust, AuthorityKey []byte
	// Certificate and Key are what the server shows.
	Certificate, Key []byte
}

// Next says what is to be kept from now on, and why; the reason is empty when that is what is kept already. Kept may be empty or broken.
// Remembered is what this process has shown last, if anything: what is lost outside doesn't interrupt who goes on from there. Names are
// what clients call the server: host names, or addresses.
func Next(now time.Time, kept, remembered Material, names []string, random io.Reader) (Material, string, error) {
	m, err := parse(kept)
	switch {
	case err != nil:
		if r, problem := parse(remembered); problem == nil && r.serves(now, names) {
			return renewAuthority(now, r, remembered, names, random, "what was kept is lost or broken ("+err.Error()+"): a new authority, beside the old one")
		}
		return begin(now, names, random, err.Error())
	case isOld(now, m.authorities[0].NotBefore, m.authorities[0].NotAfter):
		if !m.serves(now, names) {
			return begin(now, names, random, "the authority has ended")
		}
		return renewAuthority(now, m, kept, names, random, "the authority is getting old: a new one, beside the old one")
	}
	return renewServer(now, m, kept, names, random)
}

func renewServer(now time.Time, m *material, kept Material, names []string, random io.Reader) (Material, string, error) {
	settled := !now.Before(m.authorities[0].NotBefore.Add(skew + settle))
	var reason string
	switch {
	case !m.serves(now, names):
		reason = "the certificate can't be used: a new one"
	case settled && m.server.CheckSignatureFrom(m.authorities[0]) != nil:
		reason = "the new authority is known everywhere: a certificate signed by it"
	case settled && isOld(now, m.server.NotBefore, m.server.NotAfter):
		reason = "the certificate is getting old: a new one"
	case len(m.authorities) > 1 && !now.Before(m.server.NotBefore.Add(skew+settle)) && m.server.CheckSignatureFrom(m.authorities[0]) == nil:
		kept.Trust = encodeAuthorities(m.authorities[0])
		return kept, "nothing is shown any more that the old authority signed: it is trusted no more", nil
	default:
		return kept, "", nil
	}
	var err error
	if kept.Certificate, kept.Key, err = newServer(now, m.authorities[0], m.authorityKey, names, random); err != nil {
		return Material{}, "", fmt.Errorf("making a certificate: %w", err)
	}
	return kept, reason, nil
}

// begin is for when there is nothing to go on from.
func begin(now time.Time, names []string, random io.Reader, reason string) (Material, string, error) {
	authority, key, m, err := newAuthority(now, names, random)
	if err == nil {
		m.Certificate, m.Key, err = newServer(now, authority, key, names, random)
	}
	if err != nil {
		return Material{}, "", fmt.Errorf("making certificates: %w", err)
	}
	return m, "a new authority and a certificate: " + reason, nil
}

// renewAuthority publishes a new authority. The server goes on showing what the old one signed.
func renewAuthority(now time.Time, m *material, shown Material, names []string, random io.Reader, reason string) (Material, string, error) {
	_, _, next, err := newAuthority(now, names, random)
	if err != nil {
		return Material{}, "", fmt.Errorf("making an authority: %w", err)
	}
	for _, a := range m.authorities {
		// Only the one that is needed: the list doesn't grow, however often what is kept gets lost.
		if m.server.CheckSignatureFrom(a) == nil {
			next.Trust = append(next.Trust, encodeAuthorities(a)...)
			break
		}
	}
	next.Certificate, next.Key = shown.Certificate, shown.Key
	return next, reason, nil
}

func isOld(now, from, to time.Time) bool {
	return now.After(to.Add(-to.Sub(from) / 3))
}
