package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"

	library "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// provider is an issuer that can be asked.
type provider struct {
	Issuer
	client *http.Client
	now    func() time.Time
	log    *slog.Logger
	asking *singleflight.Group

	mu     sync.Mutex
	known  *metadata
	at     time.Time // since when it is known
	failed time.Time // when it could not be asked
}

// metadata is what an issuer says of itself (OpenID Connect Discovery).
type metadata struct {
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	JWKS       string   `json:"jwks_uri"`
	Methods    []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	SaysIssuer bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207

	keys *keySet
}

func (p *provider) same(one Issuer) bool { return reflect.DeepEqual(p.Issuer, one) }

// metadata finds what the issuer says of itself, asking it where that is not known or old. An issuer that has just failed
// to answer is left alone for a moment.
func (p *provider) metadata(ctx context.Context) (*metadata, error) {
	known, fresh, resting := p.remembered()
	if fresh || known != nil && resting {
		return known, nil
	}
	if resting {
		return nil, away(errors.New("oidc: it could not be asked a moment ago"))
	}
	m, err := once(ctx, p.asking, "metadata", p.discover)
	if err == nil {
		return m, nil
	}
	if known != nil {
		return known, nil
	}
	return nil, err
}

func (p *provider) remembered() (m *metadata, fresh, resting bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.known != nil && now.Sub(p.at) < goodFor {
		m = p.known
	}
	return m, m != nil && now.Sub(p.at) < freshFor, !p.failed.IsZero() && now.Sub(p.failed) < restFor
}

// discover asks the issuer what it says of itself. It must call itself what the operator calls it.
func (p *provider) discover(ctx context.Context) (*metadata, error) {
	m, err := p.ask(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed = p.now()
		p.log.WarnContext(ctx, "an issuer cannot be asked", "issuer", p.Name, "error", err)
		return nil, away(err)
	}
	m.keys = newKeySet(m.JWKS, p.client, p.now, p.asking)
	if p.known != nil && p.known.JWKS == m.JWKS {
		m.keys = p.known.keys
	}
	p.known, p.at, p.failed = m, p.now(), time.Time{}
	return m, nil
}

func (p *provider) ask(ctx context.Context) (*metadata, error) {
	found, err := library.NewProvider(library.ClientContext(ctx, p.client), p.URL)
	if err != nil {
		return nil, err
	}
	m := &metadata{}
	if err := found.Claims(m); err != nil {
		return nil, err
	}
	return m, m.check(p.URL)
}

// check refuses an issuer that would have us speak in the open, or that signs in no way we trust.
func (m *metadata) check(issuer string) error {
	for name, at := range map[string]string{"authorization_endpoint": m.Authorize, "token_endpoint": m.Token, "jwks_uri": m.JWKS} {
		if err := checkURL(at, false); err != nil {
			return fmt.Errorf("oidc: its %s: %w", name, err)
		}
		if scheme(issuer) == "https" && scheme(at) != "https" {
			return fmt.Errorf("oidc: its %s is not https", name)
		}
	}
	if len(m.Algorithms) == 0 { // what every issuer can do
		m.Algorithms = []string{"RS256"}
	}
	m.Algorithms = slices.DeleteFunc(slices.Clone(m.Algorithms), func(a string) bool { return !slices.Contains(Algorithms(), a) })
	if len(m.Algorithms) == 0 {
		return fmt.Errorf("oidc: it signs by none of %v", Algorithms())
	}
	return nil
}

func scheme(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme
}

// style is how the issuer wants us to show our secret.
func (m *metadata) style() oauth2.AuthStyle {
	if len(m.Methods) > 0 && !slices.Contains(m.Methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

func (p *provider) config(m *metadata, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: string(p.ClientSecret), RedirectURL: redirect, Scopes: p.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: m.Authorize, TokenURL: m.Token, AuthStyle: m.style()},
	}
}
