package outbound_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/outbound"
)

func TestTheFormOfAnAddressIsChecked(t *testing.T) {
	open := outbound.Guard{PlainHTTP: true}
	near := outbound.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, tt := range []struct {
		guard   outbound.Guard
		address string
		want    error
	}{
		{outbound.Guard{}, "https://example.org/hook?of=us", nil},
		{outbound.Guard{}, "https://example.org:8443/", nil},
		{outbound.Guard{}, "https://[2001:db8::1]/", nil}, // of the number is asked when a connection is made
		{outbound.Guard{}, "http://example.org/", outbound.ErrPlain},
		{open, "http://example.org/", nil},
		{outbound.Guard{}, "https://me@example.org/", outbound.ErrCredentials},
		{outbound.Guard{}, "https://me:secret@example.org/", outbound.ErrCredentials},
		{outbound.Guard{}, "https://example.org:22/", outbound.ErrPort},
		{near, "https://example.org:3000/", nil},
		{outbound.Guard{}, "https://example.org:0/", outbound.ErrForm},
		{outbound.Guard{}, "https://example.org:70000/", outbound.ErrForm},
		{outbound.Guard{}, "https://example.org/#part", outbound.ErrForm},
		{outbound.Guard{}, "https:///path", outbound.ErrForm},
		{outbound.Guard{}, "https:example.org", outbound.ErrForm},
		{outbound.Guard{}, "gopher://example.org/", outbound.ErrForm},
		{outbound.Guard{}, "file:///etc/passwd", outbound.ErrForm},
		{outbound.Guard{}, "example.org", outbound.ErrForm},
		{outbound.Guard{}, "https://example.org/\x00", outbound.ErrForm},
		{outbound.Guard{}, "https://example.org/" + strings.Repeat("a", outbound.MaxAddress), outbound.ErrForm},
	} {
		if _, err := tt.guard.Parse(tt.address); !errors.Is(err, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.address, err, tt.want)
		}
	}
}

func TestNothingButThePublicInternetIsReached(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
		"[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[2001:db8::1]", "[ff02::1]",
		"localhost",
	} {
		err := outbound.Guard{}.Reach(t.Context(), "https://"+host+"/")
		if !errors.Is(err, outbound.ErrPrivate) && !errors.Is(err, outbound.ErrUnreachable) || err == nil {
			t.Errorf("%s: %v", host, err)
		}
		if strings.HasPrefix(host, "1") && !errors.Is(err, outbound.ErrPrivate) {
			t.Errorf("%s is not refused as private: %v", host, err)
		}
	}
}

// served is a server on loopback, and the network that it is in.
func served(t *testing.T, h http.HandlerFunc) (address string, loopback netip.Prefix) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, netip.MustParsePrefix("127.0.0.0/8")
}

func TestANameIsJudgedByWhatItStandsForWhenTheConnectionIsMade(t *testing.T) {
	asked := 0
	address, loopback := served(t, func(http.ResponseWriter, *http.Request) { asked++ })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	named := "http://localhost:" + u.Port() + "/" // a name: as good as one that is made to lead inside later
	shut := outbound.Guard{PlainHTTP: true, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if _, err := shut.Client().Get(named); !errors.Is(outbound.Reason(err), outbound.ErrPort) && !errors.Is(outbound.Reason(err), outbound.ErrPrivate) { //nolint:bodyclose // there is none
		t.Errorf("got %v", err)
	}
	open := outbound.Guard{PlainHTTP: true, Networks: []netip.Prefix{loopback, netip.MustParsePrefix("::1/128")}}
	if err := open.Reach(t.Context(), named); err != nil {
		t.Error(err)
	}
	answer, err := open.Client().Get(named)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if asked != 1 {
		t.Errorf("the server was asked %d times", asked)
	}
}

func TestNoProxyIsUsedAndNothingIsFollowed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	secret := 0
	inside, loopback := served(t, func(http.ResponseWriter, *http.Request) { secret++ })
	address, _ := served(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside, http.StatusFound) })
	answer, err := outbound.Guard{PlainHTTP: true, Networks: []netip.Prefix{loopback}}.Client().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusFound || secret != 0 {
		t.Errorf("answered %d, and the other server was asked %d times", answer.StatusCode, secret)
	}
}

func TestWhereNobodyListensNothingIsReached(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	_ = l.Close()
	g := outbound.Guard{PlainHTTP: true, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	if err := g.Reach(t.Context(), address); !errors.Is(err, outbound.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if err := g.Reach(t.Context(), "http://no-such-name.invalid/"); !errors.Is(err, outbound.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}
