package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/throttle"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// OAuth answers the addresses at which programs get access tokens, look at them and give them back: OAuth 2.0 with the
// grant client_credentials alone (RFC 6749, 7009, 7521, 7523, 7662, 8414).
//
// These addresses take forms, which any page on the web can send. That does no harm: nothing is done in anybody's name
// but for a secret or a signature in the request itself, there are no cookies, and a page of another website that tries
// it from a browser is refused all the same.
type OAuth struct {
	// Issuer is who issues. Where it is a web address it is where this server is reached, and the metadata are told.
	Issuer string
	// Grant gives a client a token for the scopes that it asks for, between spaces.
	Grant func(ctx context.Context, c OAuthClient, scope string) (OAuthToken, error)
	// Introspect tells a client of a token of its own, by the names of RFC 7662; nil for one that does not hold.
	Introspect func(ctx context.Context, c OAuthClient, token string) (map[string]any, error)
	// Revoke ends a token of the client's own.
	Revoke func(ctx context.Context, c OAuthClient, token string) error
	// Invalid says whether an error means that the client is not recognised, Scope that it may not have what it asks for.
	Invalid, Scope func(error) bool

	Scopes, Algorithms []string
	Log                *slog.Logger
}

// OAuthClient is what a client shows to be recognised.
type OAuthClient struct{ ID, Secret, Assertion string }

// OAuthToken is a token that was given.
type OAuthToken struct {
	Token string
	Life  time.Duration
	Scope string
}

// The errors of RFC 6749 (section 5.2) and 6750, and one for what passes.
const (
	oauthRequest   = "invalid_request"
	oauthClient    = "invalid_client"
	oauthScope     = "invalid_scope"
	oauthGrant     = "unsupported_grant_type"
	oauthTokenType = "unsupported_token_type"
	oauthPassing   = "temporarily_unavailable"
)

// How clients prove who they are.
const (
	oauthAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	maxForm        = 16 << 10 // bytes
)

// oauthError is an answer that says what is wrong.
type oauthError struct {
	status int
	code   string
	say    fault.Code // the sentence for people
	params map[string]any
	header map[string]string
}

func (e *oauthError) Error() string { return e.code }

func badRequest(say fault.Code, field string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: oauthRequest, say: say, params: map[string]any{"field": field}}
}

// The faults of forms at these addresses.
const (
	codeOAuthForm   fault.Code = "OAUTH_FORM"        // field
	codeOAuthTwice  fault.Code = "OAUTH_GIVEN_TWICE" // field
	codeOAuthAbsent fault.Code = "OAUTH_ABSENT"      // field
	codeOAuthGrant  fault.Code = "OAUTH_GRANT"       //
	codeOAuthClient fault.Code = "OAUTH_CLIENT"      //
	codeOAuthProofs fault.Code = "OAUTH_PROOFS"      //
)

// mount puts the addresses into a mux.
func (o *OAuth) mount(mux *http.ServeMux, around func(http.Handler) http.Handler) {
	mux.Handle("/oauth/token", around(o.form(o.token)))
	mux.Handle("/oauth/introspect", around(o.form(o.introspect)))
	mux.Handle("/oauth/revoke", around(o.form(o.revoke)))
	if o.reached() {
		mux.Handle("GET /.well-known/oauth-authorization-server", o.metadata())
	}
}

// reached says whether the issuer's name is the address of this server.
func (o *OAuth) reached() bool {
	u, err := url.Parse(o.Issuer)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}

// OAuthAudiences are the names by which assertions may call the server of an issuer: the issuer's own, and its addresses.
func OAuthAudiences(issuer string) []string {
	base := strings.TrimSuffix(issuer, "/")
	return []string{issuer, base + "/oauth/token", base + "/oauth/introspect", base + "/oauth/revoke"}
}

// metadata tell clients where things are (RFC 8414).
func (o *OAuth) metadata() http.Handler {
	base := strings.TrimSuffix(o.Issuer, "/")
	methods := []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}
	doc, _ := json.Marshal(map[string]any{ // texts alone, so it cannot fail
		"issuer":                                o.Issuer,
		"token_endpoint":                        base + "/oauth/token",
		"introspection_endpoint":                base + "/oauth/introspect",
		"revocation_endpoint":                   base + "/oauth/revoke",
		"jwks_uri":                              base + "/.well-known/jwks.json",
		"grant_types_supported":                 []string{"client_credentials"},
		"response_types_supported":              []string{},
		"scopes_supported":                      o.Scopes,
		"token_endpoint_auth_methods_supported": methods,
		"token_endpoint_auth_signing_alg_values_supported":         o.Algorithms,
		"introspection_endpoint_auth_methods_supported":            methods,
		"introspection_endpoint_auth_signing_alg_values_supported": o.Algorithms,
		"revocation_endpoint_auth_methods_supported":               methods,
		"revocation_endpoint_auth_signing_alg_values_supported":    o.Algorithms,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(append(doc, '\n'))
	})
}

// form reads a request's form and its client, and writes what fn answers.
func (o *OAuth) form(fn func(context.Context, OAuthClient, url.Values) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
		if r.Method != http.MethodPost {
			h.Set("Allow", http.MethodPost)
			o.refuse(w, r, &oauthError{status: http.StatusMethodNotAllowed, code: oauthRequest, say: codeOAuthForm, params: map[string]any{"field": r.Method[:min(len(r.Method), 10)]}})
			return
		}
		values, err := readForm(w, r)
		var c OAuthClient
		if err == nil {
			c, err = clientOf(r, values)
		}
		var out any
		if err == nil {
			out, err = fn(r.Context(), c, values)
		}
		if err != nil {
			o.refuse(w, r, err)
			return
		}
		_ = json.NewEncoder(w).Encode(out) // a caller who has gone is no error of ours
	})
}

// readForm reads the body and nothing but the body: what stands in an address ends up in logs.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, badRequest(codeOAuthForm, "Content-Type")
	}
	if r.URL.RawQuery != "" {
		return nil, badRequest(codeOAuthForm, "?")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, badRequest(codeOAuthForm, "body")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest(codeOAuthTwice, name[:min(len(name), 40)])
		}
	}
	return r.PostForm, nil
}

// clientOf finds the one way in which a client proves who it is.
func clientOf(r *http.Request, f url.Values) (OAuthClient, error) {
	c := OAuthClient{ID: f.Get("client_id"), Secret: f.Get("client_secret"), Assertion: f.Get("client_assertion")}
	ways := 0
	for _, used := range []bool{f.Has("client_secret"), f.Has("client_assertion"), len(r.Header.Values("Authorization")) > 0} {
		if used {
			ways++
		}
	}
	switch {
	case ways == 0:
		return c, unrecognised(r)
	case ways > 1:
		return c, badRequest(codeOAuthProofs, "")
	case c.Assertion != "" && f.Get("client_assertion_type") != oauthAssertion:
		return c, badRequest(codeOAuthAbsent, "client_assertion_type")
	case f.Has("client_secret") || c.Assertion != "":
		return c, nil
	}
	name, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) > 1 {
		return c, unrecognised(r)
	}
	given := c.ID
	var err1, err2 error
	c.ID, err1 = url.QueryUnescape(name) // encoded as a form encodes (RFC 6749, 2.3.1)
	c.Secret, err2 = url.QueryUnescape(secret)
	if err1 != nil || err2 != nil || given != "" && given != c.ID {
		return c, unrecognised(r)
	}
	return c, nil
}

// unrecognised is the one answer to whoever does not prove who they are.
func unrecognised(r *http.Request) *oauthError {
	e := &oauthError{status: http.StatusUnauthorized, code: oauthClient, say: codeOAuthClient, header: map[string]string{}}
	if len(r.Header.Values("Authorization")) > 0 { // whoever tried Basic is told of it; no page makes a browser ask for it
		e.header["WWW-Authenticate"] = `Basic realm="cobuild", charset="UTF-8"`
	}
	return e
}

func (o *OAuth) token(ctx context.Context, c OAuthClient, f url.Values) (any, error) {
	switch grant := f.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		return nil, badRequest(codeOAuthAbsent, "grant_type")
	default:
		return nil, &oauthError{status: http.StatusBadRequest, code: oauthGrant, say: codeOAuthGrant}
	}
	t, err := o.Grant(ctx, c, f.Get("scope"))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"access_token": t.Token, "token_type": "Bearer", "expires_in": int(t.Life / time.Second), "scope": t.Scope,
	}, nil
}

func (o *OAuth) introspect(ctx context.Context, c OAuthClient, f url.Values) (any, error) {
	if f.Get("token") == "" {
		return nil, badRequest(codeOAuthAbsent, "token")
	}
	told, err := o.Introspect(ctx, c, f.Get("token"))
	switch {
	case err != nil:
		return nil, err
	case told == nil:
		return map[string]any{"active": false}, nil
	}
	told["active"], told["iss"] = true, o.Issuer
	return told, nil
}

func (o *OAuth) revoke(ctx context.Context, c OAuthClient, f url.Values) (any, error) {
	switch {
	case f.Get("token") == "":
		return nil, badRequest(codeOAuthAbsent, "token")
	case f.Get("token_type_hint") == "refresh_token":
		return nil, &oauthError{status: http.StatusBadRequest, code: oauthTokenType, say: codeOAuthGrant}
	}
	return map[string]any{}, o.Revoke(ctx, c, f.Get("token"))
}

// refuse answers an error by the words of RFC 6749. What is ours is logged and never told.
func (o *OAuth) refuse(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	e, ok := err.(*oauthError) //nolint:errorlint // made here, and wrapped by nobody
	if !ok {
		e = o.translated(r, err)
	}
	request.From(ctx).Met(e.say)
	for name, value := range e.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"error": e.code, "error_description": catalogue.From(ctx).Say(e.say, e.params), "request_id": request.ID(ctx),
	})
}

// translated is an error of the room behind these addresses in the words of RFC 6749.
func (o *OAuth) translated(r *http.Request, err error) *oauthError {
	f := fault.Of(err)
	switch {
	case f.Code == throttle.CodeGuesses:
		return &oauthError{
			status: http.StatusTooManyRequests, code: oauthPassing, say: f.Code, params: f.Params,
			header: map[string]string{"Retry-After": wait(f)},
		}
	case o.Invalid(err):
		return unrecognised(r)
	case o.Scope(err):
		return &oauthError{status: http.StatusBadRequest, code: oauthScope, say: f.Code, params: f.Params}
	case f.Kind == fault.Unavailable:
		return &oauthError{
			status: http.StatusServiceUnavailable, code: oauthPassing, say: f.Code, params: f.Params,
			header: map[string]string{"Retry-After": "5"},
		}
	}
	o.Log.ErrorContext(r.Context(), "oauth", "requestId", request.ID(r.Context()), "error", err)
	return &oauthError{status: http.StatusInternalServerError, code: "server_error", say: fault.CodeInternal}
}

// wait is how long a guesser must wait, in seconds.
func wait(f *fault.Fault) string {
	n, _ := f.Params["seconds"].(int)
	return strconv.Itoa(max(n, 1))
}

// slowed answers a bearer who has guessed too often.
func slowed(ctx context.Context, w http.ResponseWriter, f *fault.Fault) {
	w.Header().Set("Retry-After", wait(f))
	gql.Refuse(ctx, w, http.StatusTooManyRequests, f)
}
