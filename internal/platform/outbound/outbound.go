// Package outbound sends requests to addresses that others have named, without being made their tool: nobody reaches
// through this server what only this server can reach.
//
// What an address may be is decided where it counts, when a connection is made, by the number that the name stands for at
// that moment. A name that led elsewhere a second ago changes nothing, and nothing is followed to another place.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// What is wrong with an address.
var (
	ErrForm        = errors.New("outbound: this is no address as https://example.org/path")
	ErrPlain       = errors.New("outbound: the address is not https")
	ErrCredentials = errors.New("outbound: the address holds a name or a password")
	ErrPort        = errors.New("outbound: the port is not one of those that are allowed")
	ErrPrivate     = errors.New("outbound: the address lies in a network that is not public")
	ErrUnreachable = errors.New("outbound: nothing answers there")
)

// Bounds of one request.
const (
	Whole      = 15 * time.Second // from the beginning to the last byte that is read
	connecting = 5 * time.Second
	securing   = 5 * time.Second
	heading    = 12 * time.Second
	resting    = 90 * time.Second // a connection that waits for the next request
	perHost    = 64               // of those
	MaxAddress = 500              // bytes of an address
)

// Guard says where requests may go.
type Guard struct {
	PlainHTTP bool           // whether http is as good as https
	Networks  []netip.Prefix // that may be reached although they are not public, at any port
}

// Ports are those that may be reached in the public internet.
func (g Guard) Ports() []uint16 {
	if g.PlainHTTP {
		return []uint16{443, 8443, 80, 8080}
	}
	return []uint16{443, 8443}
}

// Parse reads an address, and says what is wrong with the form of it.
func (g Guard) Parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > MaxAddress || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "":
		return nil, ErrForm
	case u.User != nil:
		return nil, ErrCredentials
	case u.Scheme == "http" && !g.PlainHTTP:
		return nil, ErrPlain
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, ErrForm
	}
	port, err := portOf(u)
	if err != nil {
		return nil, err
	}
	if len(g.Networks) == 0 && !slices.Contains(g.Ports(), port) {
		return nil, ErrPort
	}
	return u, nil
}

func portOf(u *url.URL) (uint16, error) {
	switch p := u.Port(); {
	case p != "":
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return 0, ErrForm
		}
		return uint16(n), nil
	case u.Scheme == "http":
		return 80, nil
	}
	return 443, nil
}

// Reach finds out whether something answers at an address, as far as making a connection.
func (g Guard) Reach(ctx context.Context, address string) error {
	u, err := g.Parse(address)
	if err != nil {
		return err
	}
	port, err := portOf(u)
	if err != nil {
		return err
	}
	c, err := g.dialer().DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), strconv.Itoa(int(port))))
	if err != nil {
		return Reason(err)
	}
	return c.Close()
}

// Reason is what stood in the way of a connection, as one of the errors above; ErrUnreachable for whatever else it was.
func Reason(err error) error {
	for _, known := range []error{ErrPrivate, ErrPort} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.Join(ErrUnreachable, err)
}

// dialer makes connections to where the guard lets them go.
func (g Guard) dialer() *net.Dialer {
	public := ssrf.New(ssrf.WithPorts(g.Ports()...), ssrf.WithNetworks("tcp4", "tcp6"))
	return &net.Dialer{Timeout: connecting, KeepAlive: 30 * time.Second, Control: func(network, address string, c syscall.RawConn) error {
		return g.safe(public, network, address, c)
	}}
}

// safe is asked about the very number that is about to be connected to.
func (g Guard) safe(public *ssrf.Guardian, network, address string, c syscall.RawConn) error {
	if at, err := netip.ParseAddrPort(address); err == nil {
		if slices.ContainsFunc(g.Networks, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap()) }) {
			return nil
		}
	}
	err := public.Safe(network, address, c)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ssrf.ErrProhibitedPort):
		return errors.Join(ErrPort, err)
	}
	return errors.Join(ErrPrivate, err)
}

// Client makes the client that goes where the guard lets it. It takes no proxy from the environment, follows nothing to
// another address, and keeps no cookies.
func (g Guard) Client() *http.Client { return Client(g.dialer().DialContext) }

// Client is Guard's, over connections that somebody else makes: for tests without a network.
func Client(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dial, TLSHandshakeTimeout: securing, ResponseHeaderTimeout: heading, ExpectContinueTimeout: time.Second,
			MaxIdleConns: 1024, MaxIdleConnsPerHost: perHost, IdleConnTimeout: resting, MaxResponseHeaderBytes: 64 << 10,
			DisableCompression: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
	}
}
