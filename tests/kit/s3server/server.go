// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package s3server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"kubestash.com/kubestash/tests/kit/tool"
)

// The account of every server. The secret has what a file of credentials might take for something else.
const (
	AccessKeyID     = "CANARYACCESSKEY"
	SecretAccessKey = `ca#na;ry se"cr'et=%/+`
	// Bucket exists from the beginning; no other does.
	Bucket = "backups"
)

// Server is one running process.
type Server struct {
	// Endpoint is the URL, with its scheme.
	Endpoint string
	// Folder holds a folder per bucket.
	Folder string
	// CA is the PEM certificate of a TLS server's authority.
	CA []byte
}

// Secret is what a storage's Secret holds for this server.
func (s Server) Secret() map[string][]byte {
	secret := map[string][]byte{"AWS_ACCESS_KEY_ID": []byte(AccessKeyID + "\n"), "AWS_SECRET_ACCESS_KEY": []byte(SecretAccessKey + "\n")}
	if s.CA != nil {
		secret["CA_CERT_DATA"] = s.CA
	}
	return secret
}

// Start starts a server that ends with the test.
func Start(t testing.TB) Server { return start(t, false) }

// StartTLS starts one whose certificate only Server.CA vouches for.
func StartTLS(t testing.TB) Server { return start(t, true) }

func start(t testing.TB, secure bool) Server {
	t.Helper()
	dir := t.TempDir()
	s := Server{Folder: filepath.Join(dir, "store")}
	must(t, os.MkdirAll(filepath.Join(s.Folder, Bucket), 0o755))
	address := freeAddress(t)
	args := []string{"--access", AccessKeyID, "--secret", SecretAccessKey, "--port", address, "--region", "us-east-1"}
	s.Endpoint = "http://" + address
	if secure {
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		s.CA = certificate(t, cert, key)
		args = append(args, "--cert", cert, "--key", key)
		s.Endpoint = "https://" + address
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool.Path(t, "versitygw"), append(args, "posix", s.Folder)...)
	cmd.Stdout, cmd.Stderr = &output, &output
	// It must not outlive a test that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	await(t, address, ended, &output)
	return s
}

func await(t testing.TB, address string, ended <-chan struct{}, output *bytes.Buffer) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the S3 server ended: %s", output)
		case <-deadline:
			t.Fatal("the S3 server does not listen after 30 s")
		case <-tick.C:
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func certificate(t testing.TB, certFile, keyFile string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "s3"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(t, os.WriteFile(certFile, cert, 0o600))
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	return cert
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
