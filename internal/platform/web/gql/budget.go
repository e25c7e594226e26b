package gql

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

// PriceOnly is the header of a request that asks for its price and is not run.
const PriceOnly = "Cobuild-Price-Only"

// unfitPrice is what a request costs that gets no further than reading it: errors are not for nothing.
const unfitPrice = 10

// Charge takes a price from the caller's budget before an operation runs; a price of nothing asks whether anything is
// left. charged is false where the caller has no budget to keep.
type Charge func(ctx context.Context, price int) (s limit.Standing, charged bool, err error)

// priced is what a client is told of an operation's price.
type priced struct {
	Requested int        `json:"requested"`           // the price, known before it runs
	Actual    int        `json:"actual"`              // what the same price is for what was answered
	Limit     *int       `json:"limit,omitempty"`     // points in the caller's full budget
	Remaining *int       `json:"remaining,omitempty"` // points left
	ResetAt   *time.Time `json:"resetAt,omitempty"`   // when the budget is full again
}

// bill is what became of one request's price. A request over HTTP has one in its context; whatever else runs operations
// finds it in the operation's context.
type bill struct {
	priceOnly bool
	price     int
	standing  *limit.Standing // nil where nobody keeps a budget
	status    int             // of the answer, where it is neither 200 nor what an unfit request gets
	retry     time.Duration   // after how long the same request may succeed
}

type billKey struct{}

// billed begins the bill of a request over HTTP.
func billed(ctx context.Context, r *http.Request) (context.Context, *bill) {
	b := &bill{priceOnly: r.Header.Get(PriceOnly) != ""}
	return context.WithValue(ctx, billKey{}, b), b
}

// billOf is the request's bill; outside HTTP a fresh one.
func billOf(ctx context.Context) *bill {
	if b, ok := ctx.Value(billKey{}).(*bill); ok {
		return b
	}
	return &bill{}
}

// charge takes a price from the caller's budget and notes it. Nil means that it was paid.
func (e *Engine) charge(ctx context.Context, b *bill, price int) *fault.Fault {
	if e.c.Charge == nil {
		return nil
	}
	s, charged, err := e.c.Charge(ctx, price)
	if err != nil {
		b.status, b.retry = http.StatusServiceUnavailable, time.Second
		e.c.Log.WarnContext(ctx, "budgets cannot be read", "error", err)
		return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
	}
	if !charged {
		return nil
	}
	b.standing = &s
	if !s.Refused() {
		return nil
	}
	b.status, b.retry = http.StatusTooManyRequests, s.Retry
	return fault.New(fault.Unavailable, limit.CodeRateLimited, "seconds", seconds(s.Retry))
}

// pay charges an operation that is ready to run. One that is only to be priced costs what reading it costs.
func (e *Engine) pay(ctx context.Context, op *graphql.OperationContext, b *bill) gqlerror.List {
	price := b.price
	if b.priceOnly {
		price = unfitPrice
	}
	if f := e.charge(ctx, b, price); f != nil {
		return gqlerror.List{Present(ctx, f)}
	}
	op.Stats.SetExtension("cost", b)
	return nil
}

// told is the part of an answer that tells of its price.
func (b *bill) told(actual int) map[string]any {
	c := priced{Requested: b.price, Actual: actual}
	if s := b.standing; s != nil {
		at := s.ResetAt.UTC().Add(time.Second - 1).Truncate(time.Second)
		c.Limit, c.Remaining, c.ResetAt = &s.Rate.Burst, &s.Remaining, &at
	}
	return map[string]any{"cost": c}
}

// head writes the header fields that tell of the budget, after the IETF's draft on them (RateLimit fields for HTTP).
func (b *bill) head(h http.Header) {
	if b.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(b.retry)))
	}
	s := b.standing
	if s == nil {
		return
	}
	h.Set("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;qu="points";w=%d`, s.Kind, s.Rate.Burst, seconds(s.Rate.Refill)))
	missing := float64(s.Rate.Burst-s.Remaining) / float64(s.Rate.Burst) * float64(s.Rate.Refill)
	h.Set("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, s.Kind, s.Remaining, seconds(time.Duration(missing))))
}

// seconds rounds up, so that who waits for them has waited long enough.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Full answers in place of a request that was refused before anything of it was looked at, because too much is under
// way.
func Full(ctx context.Context, w http.ResponseWriter, err error) {
	f := &fault.Fault{}
	if !errors.As(err, &f) {
		f = fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
	}
	w.Header().Set("Retry-After", "1")
	Refuse(ctx, w, http.StatusServiceUnavailable, f)
}
