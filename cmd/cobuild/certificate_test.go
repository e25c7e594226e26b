package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// certify writes a new certificate for this machine, and returns what trusts it.
func certify(t *testing.T, cert, key string, serial int64) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// outlive has this program, which holds the tests, not end by a signal, however late that is delivered: it is never
// left to itself again.
func outlive(s os.Signal) { signal.Notify(make(chan os.Signal, 1), s) }

// connection is one to a server, kept by hand.
type connection struct {
	*tls.Conn
	in *bufio.Reader
}

func connect(t *testing.T, addr string, trust *x509.CertPool) (*connection, error) {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}}
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	return &connection{c.(*tls.Conn), bufio.NewReader(c)}, nil
}

// asks asks on the connection as it is whether the server is well.
func (c *connection) asks(t *testing.T) {
	t.Helper()
	_, err := fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", c.RemoteAddr())
	must(t, err)
	resp, err := http.ReadResponse(c.in, nil)
	must(t, err)
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "ok") {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	must(t, resp.Body.Close())
}

func TestASignalBringsANewCertificateAndKeepsConnections(t *testing.T) {
	outlive(syscall.SIGHUP)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := certify(t, cert, key, 1)
	s := serving(t, "--data", t.TempDir(), "--tls-cert", cert, "--tls-key", key)
	addr := strings.TrimPrefix(s.url, "https://")
	old, err := connect(t, addr, first)
	must(t, err)
	old.asks(t)
	second := certify(t, cert, key, 2)
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
		fresh, err := connect(t, addr, second)
		if err == nil {
			fresh.asks(t)
			break
		}
		if time.Since(began) > 5*time.Minute {
			t.Fatalf("the new certificate is not taken: %v", err)
		}
	}
	old.asks(t)
	if got := old.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != 1 {
		t.Errorf("the old connection has certificate %d", got)
	}
	if _, err := connect(t, addr, first); err == nil {
		t.Error("whoever trusts the old certificate alone still comes in")
	}
	must(t, os.WriteFile(cert, []byte("none"), 0o600)) // a broken one is not taken
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	still, err := connect(t, addr, second)
	must(t, err)
	still.asks(t)
	old.asks(t)
}

func TestMeasuresAreToldAtAnAddressOfTheirOwn(t *testing.T) {
	s := serving(t, "--data", t.TempDir())
	found := regexp.MustCompile(`Measures +(http://127\.0\.0\.1:\d+/metrics)`).FindStringSubmatch(s.out.String())
	if found == nil {
		t.Fatalf("no address is told: %s", s.out)
	}
	get := func(url string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		must(t, err)
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, string(body)
	}
	if code, body := get(found[1]); code != http.StatusOK || !strings.Contains(body, "go_goroutines") {
		t.Errorf("%d %.200s", code, body)
	}
	if code, body := get(s.url + "/metrics"); code != http.StatusNotFound || !strings.Contains(body, "ROUTE_NOT_FOUND") {
		t.Errorf("at the API's address: %d %.200s", code, body)
	}
	if code, _ := get(strings.TrimSuffix(found[1], "/metrics") + "/graphql"); code != http.StatusNotFound {
		t.Errorf("the API at the address of the measures: %d", code)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
}

func TestAnAddressForMeasuresThatIsAskedForMustBeHad(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = taken.Close() }()
	args := []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir()}
	if _, errs, code := cobuild(t, "", append(args, "--metrics-addr", taken.Addr().String())...); code != 1 || !strings.Contains(errs, "address already in use") {
		t.Errorf("taken: %d %s", code, errs)
	}
	if _, errs, code := cobuild(t, "", append(args, "--metrics-addr", "nowhere")...); code != 2 || !strings.Contains(errs, "HOST:PORT") {
		t.Errorf("no address: %d %s", code, errs)
	}
	usual, err := new(net.ListenConfig).Listen(t.Context(), "tcp", measuresAt)
	if err == nil { // else it is another program's, which does as well
		defer func() { _ = usual.Close() }()
	}
	ctx, stop := context.WithCancel(t.Context())
	var out, errs screen
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"cobuild"}, args...), english, strings.NewReader(""), &out, &errs)
	}()
	for began := time.Now(); !strings.Contains(out.String(), "Try"); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 5*time.Minute {
			t.Fatalf("the server does not start: %s", &errs)
		}
	}
	if strings.Contains(out.String(), "Measures") || !strings.Contains(errs.String(), "--metrics-addr") {
		t.Errorf("%s%s", &out, &errs)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("ended with %d", code)
	}
	s := serving(t, "--data", t.TempDir(), "--metrics-addr", "off")
	if strings.Contains(s.out.String(), "Measures") {
		t.Errorf("off, and told: %s", s.out)
	}
}
