package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/web"
)

func TestAnAddressIsBelievedOfOurOwnProxiesAlone(t *testing.T) {
	proxies, err := web.ParseProxies([]string{"10.0.0.0/8", "192.0.2.1", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		remote string
		header [2]string
		want   string
	}{
		"nobody in between":              {"198.51.100.7:1234", [2]string{}, "198.51.100.7"},
		"a caller who invents":           {"198.51.100.7:1234", [2]string{"X-Forwarded-For", "203.0.113.9"}, "198.51.100.7"},
		"one proxy":                      {"10.1.2.3:80", [2]string{"X-Forwarded-For", "203.0.113.9"}, "203.0.113.9"},
		"a single address as proxy":      {"192.0.2.1:80", [2]string{"X-Forwarded-For", "203.0.113.9"}, "203.0.113.9"},
		"two proxies":                    {"10.1.2.3:80", [2]string{"X-Forwarded-For", "203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		"invented before the real one":   {"10.1.2.3:80", [2]string{"X-Forwarded-For", "1.1.1.1, 10.4.4.4, 203.0.113.9"}, "203.0.113.9"},
		"nothing said":                   {"10.1.2.3:80", [2]string{}, "10.1.2.3"},
		"nonsense said":                  {"10.1.2.3:80", [2]string{"X-Forwarded-For", "<script>, "}, "10.1.2.3"},
		"nonsense before a proxy":        {"10.1.2.3:80", [2]string{"X-Forwarded-For", "nonsense, 10.4.4.4"}, "10.4.4.4"},
		"with a port":                    {"10.1.2.3:80", [2]string{"X-Forwarded-For", "203.0.113.9:4711"}, "203.0.113.9"},
		"version 6":                      {"[fd00::1]:80", [2]string{"X-Forwarded-For", "2001:db8::7"}, "2001:db8::7"},
		"version 6 in version 4's dress": {"[::ffff:10.1.2.3]:80", [2]string{"X-Forwarded-For", "203.0.113.9"}, "203.0.113.9"},
		"Forwarded":                      {"10.1.2.3:80", [2]string{"Forwarded", `for=1.1.1.1, proto=https;For="[2001:db8::7]:4711", for=10.9.9.9`}, "2001:db8::7"},
		"Forwarded without a for":        {"10.1.2.3:80", [2]string{"Forwarded", `proto=https`}, "10.1.2.3"},
		"Forwarded, hidden":              {"10.1.2.3:80", [2]string{"Forwarded", `for=_hidden`}, "10.1.2.3"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, func(c *web.Config) { c.Proxies = proxies })
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader("{}"))
			r.RemoteAddr = c.remote
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), `"address":"`+c.want+`"`) {
				t.Errorf("got %s, want %s", w.Body, c.want)
			}
		})
	}
	for _, bad := range []string{"10.0.0.0/64", "proxy.example", ""} {
		if _, err := web.ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken for a network", bad)
		}
	}
}

const friend = "https://app.example.org"

func TestOnlyTheNamedWebsitesMayUseTheAPI(t *testing.T) {
	e := newEdge(t, func(c *web.Config) { c.Origins = []string{friend} })
	for _, origin := range []string{friend, "https://evil.example", "https://app.example.org.evil.example", "http://app.example.org", "null", "https://APP.example.org"} {
		pre := e.ask("OPTIONS", "/graphql", "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		post := e.ask("POST", "/graphql", "Origin", origin, "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json")
		h := pre.Header()
		if origin == friend {
			if h.Get("Access-Control-Allow-Origin") != friend || h.Get("Access-Control-Max-Age") != "7200" || pre.Code != 204 || post.Code != 200 {
				t.Errorf("%s: %d %v, then %d", origin, pre.Code, h, post.Code)
			}
			if post.Header().Get("Access-Control-Allow-Origin") != friend || !strings.Contains(post.Header().Get("Access-Control-Expose-Headers"), "Retry-After") {
				t.Errorf("its page cannot read: %v", post.Header())
			}
		} else if h.Get("Access-Control-Allow-Origin") != "" || post.Header().Get("Access-Control-Allow-Origin") != "" || post.Code != 403 {
			t.Errorf("%s: %v, then %d %v", origin, h, post.Code, post.Header())
		}
		if h.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(post.Header().Values("Vary"), ","), "Origin") {
			t.Errorf("%s: %v", origin, post.Header())
		}
	}
	if h := newEdge(t).ask("POST", "/graphql", "Origin", friend).Header(); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("nobody was named, and %v may read", h)
	}
}

func TestAnOriginIsOneWebsite(t *testing.T) {
	for origin, fit := range map[string]bool{
		friend: true, "http://localhost:3000": true, "https://app.example.org:8443": true,
		"*": false, "null": false, "": false, "app.example.org": false, friend + "/": false, friend + "/x": false,
		"https://*.example.org": false, "ftp://example.org": false, "https://user@example.org": false, friend + "?a": false,
	} {
		if err := web.CheckOrigin(origin); (err == nil) != fit {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

func TestEveryAddressAnswersWithTheHeadersThatGuardBrowsers(t *testing.T) {
	e := newEdge(t)
	for _, path := range []string{"/", "/graphql", "/schema.graphqls", "/healthz", "/readyz", "/.well-known/jwks.json", "/nowhere", "/reports/x", "/mail/x"} {
		h := e.ask("GET", path).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=(), geolocation=(), microphone=()", "X-Permitted-Cross-Domain-Policies": "none",
			"Strict-Transport-Security": "", "Server": "",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), part) {
				t.Errorf("%s: no %s in %q", path, part, h.Get("Content-Security-Policy"))
			}
		}
	}
}

// certify writes a certificate for 127.0.0.1 with a serial number, and gives back who trusts it.
func certify(t *testing.T, cert, key string, serial int64) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

// securely serves an edge with a certificate, and asks it with a client of a TLS version of its own.
func securely(t *testing.T, c *web.Certificate) (ask func(pool *x509.CertPool, most uint16) (*http.Response, error)) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	server := &web.Server{Handler: newEdge(t).Handler, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Certificate: c}
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func(pool *x509.CertPool, most uint16) (*http.Response, error) {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: most}}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+l.Addr().String()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		return resp, err
	}
}

func TestConnectionsAreSecuredByTheCertificateOfTheMoment(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	first := certify(t, cert, key, 1)
	c, err := web.LoadCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	ask := securely(t, c)
	resp, err := ask(first, tls.VersionTLS13)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 || resp.Header.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Errorf("got %s, TLS %x, %v", resp.Proto, resp.TLS.Version, resp.Header)
	}
	if resp, err := ask(first, tls.VersionTLS12); err != nil || resp.TLS.Version != tls.VersionTLS12 {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, err := ask(first, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	second := certify(t, cert, key, 2)
	if err := c.Reload(); err != nil {
		t.Fatal(err)
	}
	if resp, err := ask(second, tls.VersionTLS13); err != nil || resp.TLS.PeerCertificates[0].SerialNumber.Int64() != 2 {
		t.Errorf("after the reload: %v", err)
	}
	if err := os.WriteFile(key, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(); err == nil {
		t.Error("a broken key was taken")
	}
	if _, err := ask(second, tls.VersionTLS13); err != nil {
		t.Errorf("the old certificate is gone: %v", err)
	}
}

func TestACertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	certify(t, cert, key, 1)
	c, err := web.LoadCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx, time.Millisecond, slog.New(slog.NewTextHandler(io.Discard, nil))) }()
	certify(t, cert, key, 2)
	later := time.Now().Add(time.Minute) // whatever the clock of the file system resolves
	if err := os.Chtimes(key, later, later); err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		got, err := c.TLS().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.Leaf.SerialNumber.Int64()
	}
	for began := time.Now(); serial() != 2; time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Minute {
			t.Fatal("the new certificate is not seen")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
