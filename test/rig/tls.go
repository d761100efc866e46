package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A Secured server speaks TLS at TLSAddr, to clients that show a certificate of its authority.
type Secured struct {
	*Server           // Addr is the port without TLS
	TLSAddr           string
	CACert, Cert, Key string // files: the authority, and a client's pair
}

// RedisTLS starts redis-server with a TLS port beside the plain one.
func RedisTLS(t testing.TB, options ...string) *Secured {
	t.Helper()
	s := &Secured{}
	dir := t.TempDir()
	s.CACert, s.Cert, s.Key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	s.certify(t)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s.TLSAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.Server = Redis(t, append([]string{
		"--tls-port", strconv.Itoa(port), "--tls-cert-file", s.Cert, "--tls-key-file", s.Key, "--tls-ca-cert-file", s.CACert,
	}, options...)...)
	return s
}

// certify makes an authority, and one pair for both ends: Redis checks only who signed it.
func (s *Secured) certify(t testing.TB) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	pair := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	check(t, err)
	pairDER, err := x509.CreateCertificate(rand.Reader, pair, authority, key.Public(), authorityKey)
	check(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	check(t, err)
	for file, block := range map[string]*pem.Block{
		s.CACert: {Type: "CERTIFICATE", Bytes: authorityDER},
		s.Cert:   {Type: "CERTIFICATE", Bytes: pairDER},
		s.Key:    {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		check(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
