// Package graphtest lets tests speak to the whole of Cobuild as clients do: over HTTP and GraphQL, on the embedded
// store, with a clock of their own.
package graphtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// Password is everybody's.
const Password = "a good long password"

// House is a whole Cobuild.
type House struct {
	App     *app.App
	Handler http.Handler

	db     *boltstore.Store
	config app.Config

	mu     sync.Mutex
	now    time.Time
	log    bytes.Buffer
	tokens map[string]signedIn // by login name
}

type signedIn struct {
	token string
	at    time.Time
}

// New opens an empty house with one administrator, "admin". It is ten in the morning of 2 March 2026 in Shanghai.
func New(tb testing.TB, alter ...func(*app.Config)) *House {
	tb.Helper()
	h := &House{now: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), tokens: map[string]signedIn{}}
	folder := tb.TempDir()
	db, err := boltstore.Open(filepath.Join(folder, "cobuild.db"), boltstore.Options{})
	must(tb, err)
	ring, err := keyring.Create(filepath.Join(folder, "keyring"), h.Now(), rand.Reader)
	must(tb, err)
	bucket, err := blob.Open(tb.Context(), filepath.Join(folder, "files"))
	must(tb, err)
	c := app.Config{
		Backend: db, Keyring: ring, Issuer: "https://cobuild.test", Now: h.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(h, nil)), Version: "test", Node: "test",
		Passwords: person.WithParams(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}),

		Bounds: app.Bounds{Rates: limit.Rates{
			limit.Organisation: {Burst: 1e9, Refill: time.Hour}, limit.Person: {Burst: 1e9, Refill: time.Hour}, limit.Address: {Burst: 1e9, Refill: time.Hour},
		}},

		Issuing: issuing(tb),

		Files: app.Files{Bucket: bucket},
	}
	for _, a := range alter {
		a(&c)
	}
	h.open(tb, db, c)
	_, err = h.App.People.CreateAdministrator(tb.Context(), "admin", "Administrator", Password)
	must(tb, err)
	return h
}

func (h *House) open(tb testing.TB, db *boltstore.Store, c app.Config) {
	tb.Helper()
	var err error
	h.db, h.config = db, c
	h.App, err = app.Open(tb.Context(), c)
	must(tb, err)
	tb.Cleanup(func() { must(tb, h.App.Close(context.Background())) })
	h.Handler, err = h.App.Handler()
	must(tb, err)
}

// Fork opens another house that begins where this one is now, with the same people signed in. What is done in the one
// does not happen in the other.
func (h *House) Fork(tb testing.TB) *House {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "cobuild.db")
	file, err := os.Create(path) //nolint:gosec // a folder of the test's own
	must(tb, err)
	_, err = h.db.Backup(tb.Context(), file)
	must(tb, errors.Join(err, file.Close()))
	db, err := boltstore.Open(path, boltstore.Options{})
	must(tb, err)
	h.mu.Lock()
	other := &House{now: h.now, tokens: maps.Clone(h.tokens)}
	h.mu.Unlock()
	c := h.config
	c.Backend, c.Now, c.Log = db, other.Now, slog.New(slog.NewTextHandler(other, nil))
	other.open(tb, db, c)
	return other
}

// Now is the house's clock.
func (h *House) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// Pass lets time pass, and everything happen that it brings.
func (h *House) Pass(tb testing.TB, d time.Duration) {
	tb.Helper()
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
	h.Settle(tb)
}

// Settle lets everything happen that follows from what was done.
func (h *House) Settle(tb testing.TB) {
	tb.Helper()
	must(tb, h.App.Settle(tb.Context()))
}

// Write takes the log.
func (h *House) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

// Log is what was logged so far.
func (h *House) Log() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// Ask sends an operation as the person with the login name; as nobody for "". Variables come in pairs.
func (h *House) Ask(tb testing.TB, who, query string, vars ...any) *Answer {
	tb.Helper()
	return h.Send(tb, h.Request(tb, who, query, vars...))
}

// Do is a mutation with an input, of which all errors are asked. The rest of what is asked is given in GraphQL.
func (h *House) Do(tb testing.TB, who, mutation string, input map[string]any, ask string) *Answer {
	tb.Helper()
	const errs = ` errors { __typename code path message ... on ConflictError { currentVersion } } replayed clientMutationId`
	kind := string(mutation[0]-'a'+'A') + mutation[1:] + "Input"
	a := h.Ask(tb, who, "mutation($in: "+kind+"!) { it: "+mutation+"(input: $in) { "+ask+errs+" } }", "in", input)
	h.Settle(tb)
	return a
}

// Request makes the HTTP request of an operation.
func (h *House) Request(tb testing.TB, who, query string, vars ...any) *http.Request {
	tb.Helper()
	all := map[string]any{}
	for i := 0; i+1 < len(vars); i += 2 {
		all[vars[i].(string)] = vars[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": all})
	must(tb, err)
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body)).WithContext(tb.Context())
	r.Header.Set("Content-Type", "application/json")
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+h.Token(tb, who))
	}
	return r
}

// Send sends an HTTP request.
func (h *House) Send(tb testing.TB, r *http.Request) *Answer {
	tb.Helper()
	w := httptest.NewRecorder()
	h.Handler.ServeHTTP(w, r)
	a := &Answer{t: tb, Status: w.Code, Header: w.Header(), Text: cost().ReplaceAllString(w.Body.String(), "")}
	if err := json.Unmarshal(w.Body.Bytes(), a); err != nil {
		tb.Fatalf("%s: %v", w.Body, err)
	}
	return a
}

// cost finds what an answer tells of the caller's budget, which differs from one request to the next.
func cost() *regexp.Regexp { return regexp.MustCompile(`,?"extensions":\{"cost":\{[^}]*\}\}`) }

// Token signs somebody in, unless they are.
func (h *House) Token(tb testing.TB, who string) string {
	tb.Helper()
	h.mu.Lock()
	s, now := h.tokens[who], h.now
	h.mu.Unlock()
	if s.token != "" && now.Sub(s.at) < 9*time.Minute {
		return s.token
	}
	a := h.Ask(tb, "", `mutation($l: String!, $p: String!) { signIn(input: {login: $l, password: $p}) { token errors { code } } }`,
		"l", who, "p", Password)
	s = signedIn{a.Str("signIn.token"), now}
	h.mu.Lock()
	h.tokens[who] = s
	h.mu.Unlock()
	return s.token
}

// Lend lets a program be asked for by a name: with a token or an API key that it has, for as long as that lasts.
func (h *House) Lend(who, bearer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[who] = signedIn{bearer, h.now.AddDate(100, 0, 0)}
}

// Forget forgets somebody's token, so that they sign in again.
func (h *House) Forget(who string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.tokens, who)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
