// Package mailtest runs a real SMTP server for tests, with TLS and every kind of bad day.
package mailtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Server is an SMTP server, and what it was sent.
type Server struct {
	Addr  string
	Roots *x509.CertPool

	mu     sync.Mutex
	taken  []string
	tries  int
	mood   Mood
	closed func()
}

// Mood is how a server behaves. The zero Mood takes everything.
type Mood struct {
	Mail, Rcpt, Data int           // the code with which it refuses at that point; 0 for taking it
	Slow             time.Duration // before it answers to the end of a letter
	Hang             bool          // closes the connection after it has taken a letter, without an answer
	Drop             bool          // closes the connection when the letter begins
	Password         string        // that it wants; none where empty
}

// Start starts a server. Implicit is TLS from the beginning, else there is STARTTLS; Plain has neither.
func Start(t testing.TB, implicit, plain bool) *Server {
	t.Helper()
	cert, roots := certificate(t)
	s := &Server{Roots: roots}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, c: c}, nil }))
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "localhost", plain, log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for the length of a test
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = l.Addr().String()
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	switch {
	case implicit:
		l = tls.NewListener(l, config)
	case !plain:
		srv.TLSConfig = config
	}
	go func() { _ = srv.Serve(l) }()
	s.closed = func() { _, _ = srv.Close(), l.Close() }
	t.Cleanup(s.closed)
	return s
}

// Stop takes the server away.
func (s *Server) Stop() { s.closed() }

// Be changes the server's mood.
func (s *Server) Be(m Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
}

// Taken are the letters that the server has taken, as they were sent.
func (s *Server) Taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.taken...)
}

// Tries is how often a letter was begun.
func (s *Server) Tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

func (s *Server) now() Mood {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mood
}

type session struct {
	s      *Server
	c      *smtp.Conn
	signed bool
}

func refuse(code int) error {
	if code == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no"}
}

// AuthMechanisms are the ways in.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth lets in who knows the password.
func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != x.s.now().Password {
			return smtp.ErrAuthFailed
		}
		x.signed = true
		return nil
	}), nil
}

// Mail begins a letter.
func (x *session) Mail(string, *smtp.MailOptions) error {
	x.s.mu.Lock()
	x.s.tries++
	x.s.mu.Unlock()
	if x.s.now().Password != "" && !x.signed {
		return smtp.ErrAuthRequired
	}
	return refuse(x.s.now().Mail)
}

// Rcpt says whom it is for.
func (x *session) Rcpt(string, *smtp.RcptOptions) error { return refuse(x.s.now().Rcpt) }

// Data takes the letter.
func (x *session) Data(r io.Reader) error {
	m := x.s.now()
	if m.Drop {
		return x.c.Conn().Close()
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(m.Slow)
	if m.Data != 0 {
		return refuse(m.Data)
	}
	x.s.mu.Lock()
	x.s.taken = append(x.s.taken, string(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))))
	x.s.mu.Unlock()
	if m.Hang {
		return x.c.Conn().Close()
	}
	return nil
}

// Reset forgets the letter.
func (*session) Reset() {}

// Logout ends the session.
func (*session) Logout() error { return nil }

// certificate is one for localhost, and who vouches for it.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), //nolint:forbidigo // what TLS goes by
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}
