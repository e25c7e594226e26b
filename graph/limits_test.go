package graph_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// remaining is what an answer says is left of the budget, and whose it is.
func remaining(t *testing.T, a *graphtest.Answer) (kind string, points string) {
	t.Helper()
	name, rest, ok := strings.Cut(a.Header.Get("RateLimit"), ";r=")
	points, _, _ = strings.Cut(rest, ";")
	if !ok {
		t.Fatalf("no RateLimit: %v", a.Header)
	}
	return strings.Trim(name, `"`), points
}

func TestAnOrganisationSharesOneBudgetAndOthersHaveTheirOwn(t *testing.T) {
	w := graphtest.NewTown(t)
	for who, want := range map[string]string{"secretary": "organisation", "admin": "person", "": "address"} {
		if kind, _ := remaining(t, w.Ask(t, who, `{ viewer { name } }`)); kind != want {
			t.Errorf("%q pays from the budget of the %s, want %s", who, kind, want)
		}
	}
	w.App.Budgets = limit.New(limit.Rates{limit.Organisation: {Burst: 100, Refill: time.Minute}}, w.Now, nil)
	const q = `{ communities(first: 10) { nodes { id name } } }`
	w.Ask(t, "secretary", q).Fine()
	w.Ask(t, "secretary", q).Fine()
	a := w.Ask(t, "secretary", q).Is("RATE_LIMITED")
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("got %d %v", a.Status, a.Header)
	}
	w.Ask(t, "outsider", q).Fine()
	w.Ask(t, "", q).Fine()
	w.Ask(t, "admin", q).Fine()
	zh := w.Request(t, "secretary", q)
	zh.Header.Set("Accept-Language", "zh-CN")
	if a := w.Send(t, zh).Is("RATE_LIMITED"); !strings.Contains(a.Errors[0].Message, "秒后重试") {
		t.Errorf("got %s", a.Text)
	}
	w.Pass(t, time.Minute)
	w.Ask(t, "secretary", q).Fine()
}

// What judges hundreds of needs and resources costs like it, however little of it is asked for.
func TestMatchesCostWhatTheyLookAt(t *testing.T) {
	w := graphtest.NewTown(t)
	left := func(a *graphtest.Answer) int {
		_, points := remaining(t, a.Fine())
		n, err := strconv.Atoi(points)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := left(w.Ask(t, "secretary", `{ viewer { name } }`))
	after := left(w.Ask(t, "secretary", `query($c: ID!) { matches(community: $c, first: 1) { weightsVersion } }`, "c", w.Community))
	if price := before - after; price < 100 || price > 300 {
		t.Errorf("the price is %d", price)
	}
}

// slow is a store whose lists last until they are broken off.
type slow struct {
	store.Backend
	on    atomic.Bool
	ended chan error
}

func (s *slow) Find(ctx context.Context, scan store.Scan) iter.Seq2[bson.Raw, error] {
	if !s.on.Load() {
		return s.Backend.Find(ctx, scan)
	}
	return func(yield func(bson.Raw, error) bool) {
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Minute):
		}
		s.ended <- ctx.Err()
		yield(nil, errors.Join(store.ErrUnavailable, ctx.Err()))
	}
}

func TestASlowListIsBrokenOffInTheStoreItself(t *testing.T) {
	s := &slow{ended: make(chan error, 10)}
	h := graphtest.New(t, func(c *app.Config) {
		s.Backend = c.Backend
		c.Backend = s
	})
	s.on.Store(true)
	// On a slow machine the time may be over before the store is asked; then more of it is given.
	for deadline := 100 * time.Millisecond; deadline < 5*time.Minute; deadline *= 2 {
		h.App.Bounds.Deadline = deadline
		handler, err := h.App.Handler()
		if err != nil {
			t.Fatal(err)
		}
		h.Handler = handler
		a := h.Ask(t, "", `{ districts(first: 3) { nodes { id } } }`).Is("UNAVAILABLE")
		if len(a.Errors) == 0 || !a.Errors[0].Extensions.Retryable {
			t.Fatalf("got %s", a.Text)
		}
		select {
		case err := <-s.ended:
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the store was left working: %v", err)
			}
			return
		default:
		}
	}
	t.Error("the store was never asked")
}

func TestAFullHouseRefusesEarlyAndAnswersProbes(t *testing.T) {
	gate := limit.NewGate(1, time.Now)
	h := graphtest.New(t, func(c *app.Config) { c.Bounds.Gate = gate })
	_, leave, err := gate.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`{ viewer { name } }`, `mutation { it: registerDistrict(input: {name: "甲区"}) { errors { code } } }`} {
		r := h.Request(t, "", q)
		r.Header.Set("Authorization", "Bearer nobody looks at it yet")
		a := h.Send(t, r).Is("UNAVAILABLE")
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "1" || !a.Errors[0].Extensions.Retryable {
			t.Errorf("got %d %s", a.Status, a.Text)
		}
	}
	stream := h.Request(t, "", `{ viewer { name } }`) // comes past the first gate, not past the second
	stream.Header.Set("Accept", "application/json, text/event-stream;q=0.5")
	h.Send(t, stream).Is("UNAVAILABLE")
	for _, path := range []string{"/healthz", "/readyz", "/"} {
		w := httptest.NewRecorder()
		h.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	h.App.Measures().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(w.Body.String(), "cobuild_operations_refused_total 3") {
		t.Error("the refusals are not counted")
	}
	leave()
	h.Ask(t, "", `{ viewer { name } }`).Fine()
}

func TestOnlyTrustedDocumentsAreRunWhereItIsSaidSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "documents.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"signIn": "mutation($l: String!, $p: String!) { signIn(input: {login: $l, password: $p}) { token errors { code } } }", "me": "query Me { viewer { name } }"}`)
	h := graphtest.New(t, func(c *app.Config) { c.Bounds.Documents, c.Bounds.TrustedOnly = file, true })
	if a := h.Ask(t, "", `query Me { viewer { name } }`).Fine(); a.Get("viewer") != nil {
		t.Errorf("got %s", a.Text)
	}
	h.Ask(t, "", `{ viewer { name } }`).Is("DOCUMENT_NOT_TRUSTED")
	r := httptest.NewRequest(http.MethodGet, "/graphql?documentId=me", nil)
	h.Send(t, r).Fine()
	write(`{"me": "query Me { viewer { nothing } }"}`)
	if err := h.App.TrustDocuments(); err == nil || !strings.Contains(err.Error(), `"me"`) {
		t.Errorf("got %v", err)
	}
	h.Send(t, httptest.NewRequest(http.MethodGet, "/graphql?documentId=me", nil)).Fine()
	write(`{"mine": "query Me { viewer { name } }"}`)
	if err := h.App.TrustDocuments(); err != nil {
		t.Fatal(err)
	}
	h.Send(t, httptest.NewRequest(http.MethodGet, "/graphql?documentId=me", nil)).Is("DOCUMENT_NOT_FOUND")
	h.Send(t, httptest.NewRequest(http.MethodGet, "/graphql?documentId=mine", nil)).Fine()
}
