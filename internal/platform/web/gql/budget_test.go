package gql_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// bounded is a server whose callers have budgets; who calls stands in a header.
func bounded(t testing.TB, alter func(*gql.Config)) (http.Handler, *gql.Engine) {
	t.Helper()
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	limits := gql.DefaultLimits()
	limits.Weights = weights()
	c := gql.Config{
		Schema: newSmall(t), Limits: limits, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Caller: request.Address, Callers: gql.Callers{Now: time.Now},
	}
	alter(&c)
	e := gql.New(c)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := catalogue.With(r.Context(), words.Voice(""))
		e.ServeHTTP(w, r.WithContext(request.With(ctx, &request.Info{ID: "r1", Address: r.Header.Get("Caller")})))
	}), e
}

// budget gives everybody a hundred points a minute, at a clock that stands still.
func budget(now time.Time) gql.Charge {
	l := limit.New(limit.Rates{limit.Address: {Burst: 100, Refill: time.Minute}}, func() time.Time { return now }, nil)
	return func(ctx context.Context, price int) (limit.Standing, bool, error) {
		return l.Charge(ctx, limit.Key{Kind: limit.Address, ID: request.Address(ctx)}, price)
	}
}

// told is what an answer says of its cost.
type told struct {
	Extensions struct {
		Cost struct {
			Requested, Actual, Limit, Remaining int
			ResetAt                             time.Time
		}
	}
}

func costOf(t *testing.T, a answer) told {
	t.Helper()
	var c told
	if err := json.Unmarshal([]byte(a.text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryAnswerTellsWhatItCostAndWhatIsLeft(t *testing.T) {
	now := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	s, _ := bounded(t, func(c *gql.Config) { c.Charge = budget(now) })
	a := send(t, s, query("{hello thing{id children{id}}}"))
	c := costOf(t, a).Extensions.Cost
	if c.Requested != 14 || c.Actual != 1 || c.Limit != 100 || c.Remaining != 86 || !c.ResetAt.Equal(now.Add(9*time.Second)) {
		t.Errorf("got %+v", c)
	}
	if h := a.Header; h.Get("RateLimit") != `"address";r=86;t=9` || h.Get("RateLimit-Policy") != `"address";q=100;qu="points";w=60` {
		t.Errorf("got %q under %q", h.Get("RateLimit"), h.Get("RateLimit-Policy"))
	}
}

func TestWhoHasNothingLeftIsToldWhenToComeAgain(t *testing.T) {
	for _, form := range []string{older, newer} {
		s, _ := bounded(t, func(c *gql.Config) { c.Charge = budget(time.Unix(1, 0)) })
		const q = `{"query":"{things(first: 20){nodes{id a}}}"}` // 81 points
		if a := send(t, s, post(q, "Accept", form)); a.Status != 200 {
			t.Fatalf("got %d %s", a.Status, a.text)
		}
		a := send(t, s, post(q, "Accept", form))
		if a.Status != http.StatusTooManyRequests || a.code() != limit.CodeRateLimited || !a.Errors[0].Extensions.Retryable {
			t.Errorf("got %d %s", a.Status, a.text)
		}
		if a.Header.Get("Retry-After") != "38" || !strings.Contains(a.Errors[0].Message, "38 seconds") || strings.Contains(a.text, `"data"`) {
			t.Errorf("come again after %q: %s", a.Header.Get("Retry-After"), a.text)
		}
		if c := costOf(t, a).Extensions.Cost; c.Requested != 81 || c.Actual != 0 || c.Remaining != 19 {
			t.Errorf("got %+v", c)
		}
		if a := send(t, s, post(`{"query":"{hello}"}`, "Accept", form)); a.Status != 200 {
			t.Errorf("what can still be paid: %d %s", a.Status, a.text)
		}
		if a := send(t, s, post(q, "Caller", "another")); a.Status != 200 {
			t.Errorf("another caller: %d %s", a.Status, a.text)
		}
	}
}

func TestErrorsAreNotForNothing(t *testing.T) {
	for name, body := range map[string]string{
		"not JSON":       `{`,
		"no query":       `{}`,
		"does not parse": `{"query":"{"}`,
		"not valid":      `{"query":"{nothing}"}`,
		"too complex":    `{"query":"{` + strings.Repeat("hello ", 900) + `}"}`,
		"too dear":       `{"query":"{things(first:100){nodes{things(first:100){nodes{things(first:100){nodes{id}}}}}}}"}`,
		"bad variables":  `{"query":"query($n:Int){hello(count:$n)}","variables":{"n":"x"}}`,
		"no operation":   `{"query":"{hello}","operationName":"x"}`,
		"unknown hash":   `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 64) + `"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := bounded(t, func(c *gql.Config) { c.Charge = budget(time.Unix(1, 0)) })
			for i := range 10 {
				if a := send(t, s, post(body)); len(a.Errors) == 0 || a.code() == limit.CodeRateLimited {
					t.Fatalf("error %d: %s", i, a.text)
				}
			}
			a := send(t, s, post(body))
			if strings.Contains(name, "query") || name == "not JSON" { // refused before anything is read into an operation
				a = send(t, s, query("{hello}"))
			}
			if a.Status != http.StatusTooManyRequests || a.code() != limit.CodeRateLimited {
				t.Errorf("after ten errors: %d %s", a.Status, a.text)
			}
		})
	}
}

func TestAPriceCanBeAskedWithoutRunning(t *testing.T) {
	s, _ := bounded(t, func(c *gql.Config) { c.Charge = budget(time.Unix(1, 0)) })
	a := send(t, s, post(`{"query":"{fails things(first: 40){nodes{id}}}"}`, gql.PriceOnly, "1"))
	if c := costOf(t, a).Extensions.Cost; a.Status != 200 || len(a.Errors) > 0 || c.Requested != 122 || c.Actual != 0 || c.Remaining != 90 {
		t.Errorf("got %+v: %s", c, a.text)
	}
	if a := send(t, s, post(`{"query":"mutation{change}"}`, gql.PriceOnly, "1")); string(a.Data) != "null" {
		t.Errorf("it ran: %s", a.text)
	}
}

func TestBudgetsThatCannotBeReadLetNobodyIn(t *testing.T) {
	s, _ := bounded(t, func(c *gql.Config) {
		c.Charge = func(context.Context, int) (limit.Standing, bool, error) {
			return limit.Standing{}, false, errors.New("the secret of the house")
		}
	})
	a := send(t, s, query("{hello}"))
	if a.Status != http.StatusServiceUnavailable || a.code() != fault.CodeUnavailable || a.Header.Get("Retry-After") != "1" || strings.Contains(a.text, "secret") {
		t.Errorf("got %d %s", a.Status, a.text)
	}
}

// held is a schema whose operations last until they are told to end, or their time is over.
type held struct {
	small
	ended chan error
}

func (h held) Exec(ctx context.Context) graphql.ResponseHandler {
	return func(context.Context) *graphql.Response {
		<-ctx.Done()
		h.ended <- ctx.Err()
		return nil
	}
}

func TestTheDeadlineBreaksOffTheWorkItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := held{newSmall(t), make(chan error, 1)}
		s, _ := bounded(t, func(c *gql.Config) { c.Schema, c.Deadline = h, 3*time.Second })
		began := time.Now()
		a := send(t, s, query("{hello}"))
		if a.code() != fault.CodeUnavailable || !a.Errors[0].Extensions.Retryable || time.Since(began) != 3*time.Second {
			t.Errorf("after %s: %s", time.Since(began), a.text)
		}
		if err := <-h.ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the work ended by %v", err)
		}
	})
}

func TestWhatDoesNotComeThroughTheGateIsRefusedBeforeItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := limit.NewGate(1, time.Now)
		s, _ := bounded(t, func(c *gql.Config) { c.Gate = gate })
		_, leave, err := gate.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := send(t, s, query("mutation{change}")); a.code() != fault.CodeUnavailable || !a.Errors[0].Extensions.Retryable {
			t.Errorf("got %s", a.text)
		}
		leave()
		if a := send(t, s, query("mutation{change}")); a.code() != "" {
			t.Errorf("got %s", a.text)
		}
	})
}

func get(params ...string) *http.Request {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	return httptest.NewRequest(http.MethodGet, "/graphql?"+v.Encode(), nil)
}
