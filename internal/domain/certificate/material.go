// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"time"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// material is Material that could be read.
type material struct {
	authorities  []*x509.Certificate
	authorityKey *ecdsa.PrivateKey
	server       *x509.Certificate
}

// parse reads what is kept. An error says what is missing or doesn't belong together.
func parse(kept Material) (*material, error) {
	if len(kept.Trust)+len(kept.Certificate) == 0 {
		return nil, errors.New("there was none")
	}
	m := &material{}
	for rest := kept.Trust; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		a, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("an authority can't be read")
		}
		m.authorities = append(m.authorities, a)
	}
	if len(m.authorities) == 0 {
		return nil, errors.New("there is no authority")
	}
	block, _ := pem.Decode(kept.AuthorityKey)
	if block == nil {
		return nil, errors.New("the authority has no key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(*ecdsa.PrivateKey)
	if err != nil || !ok || !signer.PublicKey.Equal(m.authorities[0].PublicKey) {
		return nil, errors.New("the authority's key is another one's")
	}
	pair, err := tls.X509KeyPair(kept.Certificate, kept.Key)
	if err != nil {
		return nil, errors.New("the certificate and its key don't belong together")
	}
	m.authorityKey, m.server = signer, pair.Leaf
	return m, nil
}

// serves is true when clients that trust the authorities accept the certificate now.
func (m *material) serves(now time.Time, names []string) bool {
	roots := x509.NewCertPool()
	for _, a := range m.authorities {
		roots.AddCert(a)
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		_, err := m.server.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now})
		return err != nil
	})
}

func newAuthority(now time.Time, names []string, random io.Reader) (*x509.Certificate, *ecdsa.PrivateKey, Material, error) {
	template, err := template("KubeStash admission webhooks", now, now.Add(authorityLife), random)
	if err != nil {
		return nil, nil, Material{}, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	// It can sign for nobody else.
	template.PermittedDNSDomainsCritical = true
	hosts, addresses := split(names)
	template.PermittedDNSDomains = hosts
	for _, ip := range addresses {
		template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))})
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, nil, Material{}, fmt.Errorf("making a key: %w", err)
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, Material{}, fmt.Errorf("signing: %w", err)
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, Material{}, fmt.Errorf("reading what was signed: %w", err)
	}
	text, err := encodeKey(key)
	return authority, key, Material{Trust: encodeAuthorities(authority), AuthorityKey: text}, err
}

func newServer(now time.Time, authority *x509.Certificate, signer *ecdsa.PrivateKey, names []string, random io.Reader) (certificate, key []byte, err error) {
	end := now.Add(serverLife)
	if end.After(authority.NotAfter) {
		end = authority.NotAfter
	}
	template, err := template("KubeStash operator", now, end, random)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.DNSNames, template.IPAddresses = split(names)
	pair, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	der, err := x509.CreateCertificate(random, template, authority, pair.Public(), signer)
	if err != nil {
		return nil, nil, fmt.Errorf("signing: %w", err)
	}
	key, err = encodeKey(pair)
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der}), key, err
}

func template(name string, now, end time.Time, random io.Reader) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, fmt.Errorf("choosing a serial number: %w", err)
	}
	// A serial number is positive.
	serial[0] = serial[0]&0x7f | 0x40
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-skew), NotAfter: end,
	}, nil
}

func split(names []string) (hosts []string, addresses []net.IP) {
	for _, name := range names {
		ip := net.ParseIP(name)
		switch v4 := ip.To4(); {
		case ip == nil:
			hosts = append(hosts, name)
		case v4 != nil:
			addresses = append(addresses, v4)
		default:
			addresses = append(addresses, ip)
		}
	}
	return hosts, addresses
}

func encodeAuthorities(all ...*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, a := range all {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.Raw}))
	}
	return out.Bytes()
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}), nil
}
