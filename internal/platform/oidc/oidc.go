// Package oidc lets people sign in at issuers of their own (OpenID Connect): a district that has its own identity provider
// keeps the passwords of its people, and this server never sees them.
//
// It is the relying party of the authorization code flow with PKCE, and of nothing else: where an issuer is, where its
// sign-in begins, and whether what it answers holds. Whose account that opens is for the room of identities to say.
//
// An issuer is asked when somebody signs in there and at no other time, so that one that is away hinders nobody else.
package oidc

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The faults of signing in at an issuer.
const (
	CodeUnknown   fault.Code = "ISSUER_UNKNOWN"       // issuer
	CodeAway      fault.Code = "ISSUER_AWAY"          //
	CodeDenied    fault.Code = "ISSUER_DENIED"        // the issuer, or the person there, said no
	CodeUnproven  fault.Code = "SIGN_IN_NOT_PROVEN"   // what the issuer answered does not hold
	CodeElsewhere fault.Code = "SIGN_IN_NOT_BEGUN"    // not in this browser, or too long ago
	CodeReturn    fault.Code = "RETURN_NOT_ALLOWED"   //
	CodeChallenge fault.Code = "CHALLENGE_NOT_USABLE" //
)

// The bounds of what an issuer may take of us.
const (
	patience     = 10 * time.Second // for one answer
	largest      = 256 << 10        // bytes of one answer
	freshFor     = time.Hour        // then its metadata and keys are read again
	goodFor      = 24 * time.Hour   // for so long old ones serve an issuer that cannot be asked
	restFor      = 5 * time.Second  // after a failure it is not asked again
	Leeway       = 30 * time.Second // by which clocks may differ
	maxTokenLife = 24 * time.Hour   // of what it says of somebody
)

// Algorithms are those by which an issuer may sign. A secret that two sides share is no signature.
func Algorithms() []string { return []string{"RS256", "PS256", "ES256", "EdDSA"} }

// Options of the issuers.
type Options struct {
	File      string          // where they are named
	PublicURL string          // where people find this server
	Origins   []string        // websites to which people may return, besides this server's own
	Keys      func() [][]byte // 32 bytes each, the first one makes what is new; the same on every node
	Now       func() time.Time
	Random    io.Reader
	Log       *slog.Logger
}

// Issuers are those that the operator trusts to say who somebody is. A nil Issuers knows none.
type Issuers struct {
	o    Options
	held atomic.Pointer[[]*provider]
}

// Open reads the file of issuers. None of them is asked anything yet.
func Open(o Options) (*Issuers, error) {
	i := &Issuers{o: o}
	return i, i.Reload()
}

// Reload reads the file again; where that fails, the issuers stay as they were. One that is gone from the file signs
// nobody in any more.
func (i *Issuers) Reload() error {
	all, err := Read(i.o.File)
	if err != nil {
		return err
	}
	var next []*provider
	for _, one := range all {
		next = append(next, i.provider(one))
	}
	i.held.Store(&next)
	return nil
}

// provider is an issuer ready to be asked. One that has not changed keeps what is known of it.
func (i *Issuers) provider(one Issuer) *provider {
	for _, p := range i.providers() {
		if p.same(one) {
			return p
		}
	}
	return &provider{Issuer: one, client: client(), now: i.o.Now, log: i.o.Log, asking: &singleflight.Group{}}
}

func (i *Issuers) providers() []*provider {
	if i == nil || i.held.Load() == nil {
		return nil
	}
	return *i.held.Load()
}

// All lists the issuers in the order of the file.
func (i *Issuers) All() []Issuer {
	var all []Issuer
	for _, p := range i.providers() {
		all = append(all, p.Issuer)
	}
	return all
}

// Trusted says whether one of them calls itself so.
func (i *Issuers) Trusted(address string) bool {
	return slices.ContainsFunc(i.providers(), func(p *provider) bool { return p.URL == address })
}

// Start is the address at which signing in at an issuer begins.
func (i *Issuers) Start(name string) string { return i.address(name, "start") }

func (i *Issuers) address(name, step string) string {
	return strings.TrimSuffix(i.o.PublicURL, "/") + "/oidc/" + name + "/" + step
}

func (i *Issuers) find(name string) (*provider, error) {
	all := i.providers()
	n := slices.IndexFunc(all, func(p *provider) bool { return p.Name == name })
	if n < 0 {
		return nil, fault.New(fault.NotFound, CodeUnknown, "issuer", text.Clip(name, maxName))
	}
	return all[n], nil
}

// client asks issuers: for a while, for so many bytes, and at the address it was given and no other.
func client() *http.Client {
	t := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience,
		MaxResponseHeaderBytes: largest,
	}
	return &http.Client{
		Timeout: patience, Transport: bounded{t},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts answers off that are too long.
type bounded struct{ next http.RoundTripper }

// RoundTrip asks, and bounds the answer.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &cutOff{ReadCloser: resp.Body, left: largest}
	return resp, nil
}

// cutOff is an answer that may not be longer than it is allowed to.
type cutOff struct {
	io.ReadCloser
	left int
}

// Read fails beyond the bound, so that nobody takes a part for the whole.
func (c *cutOff) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	if c.left -= n; c.left < 0 {
		return 0, fmt.Errorf("oidc: the answer is longer than %d bytes", largest)
	}
	return n, err
}

// away says that an issuer could not be asked, and why to the log alone.
func away(err error) error { return fault.New(fault.Unavailable, CodeAway).Because(err) }

// once lets several who ask the same at the same time share one answer, which outlives each of them.
func once[T any](ctx context.Context, g *singleflight.Group, what string, ask func(context.Context) (T, error)) (T, error) {
	answer := g.DoChan(what, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return ask(ctx)
	})
	var none T
	select {
	case <-ctx.Done():
		return none, away(ctx.Err())
	case got := <-answer:
		if got.Err != nil {
			return none, got.Err
		}
		t, _ := got.Val.(T)
		return t, nil
	}
}
