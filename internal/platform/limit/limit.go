// Package limit keeps one caller from taking what belongs to all: budgets of what callers may ask for, and a gate that
// lets in only as much at once as the machine can carry.
//
// A budget is a bucket of points. Each operation costs its price before it runs, and time refills the bucket. On one
// node the buckets are in memory; several nodes lease points from buckets in the store, so that together they never
// give out more than the bucket holds.
package limit

import (
	"math"
	"net/netip"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// CodeRateLimited refuses an operation that its caller's budget cannot pay now.
const CodeRateLimited fault.Code = "RATE_LIMITED" // seconds

// Kind says whose a budget is.
type Kind string

// The kinds.
const (
	Organisation Kind = "organisation" // everybody who acts for it shares one
	Person       Kind = "person"       // who acts for no organisation
	Address      Kind = "address"      // who is not signed in
)

// Key names a budget.
type Key struct {
	Kind Kind
	ID   string
}

// Rate is how large a bucket is and how fast it fills.
type Rate struct {
	Burst  int           // points in a full bucket
	Refill time.Duration // in how long an empty bucket is full again
}

// MostBurst is the largest bucket of a minute whose points can still be told apart.
const MostBurst = 10_000_000

// Rates are the rates by kind. Who has none pays nothing.
type Rates map[Kind]Rate

// Standing is what a caller has left.
type Standing struct {
	Kind      Kind
	Rate      Rate
	Remaining int           // points; with several nodes, as far as this one knows
	ResetAt   time.Time     // when the bucket is full again, where nothing more is spent
	Retry     time.Duration // of a refusal: after how long the same operation can be paid
}

// Refused says whether the price could not be paid.
func (s Standing) Refused() bool { return s.Retry > 0 }

// worth is how long the bucket takes to earn points, rounded so that nobody gains by it.
func (r Rate) worth(points int) time.Duration {
	return time.Duration(math.Ceil(float64(points) / float64(r.Burst) * float64(r.Refill)))
}

// points are what a time is worth, rounded down.
func (r Rate) points(d time.Duration) int {
	return int(float64(d) / float64(r.Refill) * float64(r.Burst))
}

// bucket remembers one time alone: when it is full again. What is missing from it is worth the time until then.
type bucket struct{ full time.Time }

// debt is how long the bucket has to fill yet.
func (b bucket) debt(now time.Time) time.Duration { return max(b.full.Sub(now), 0) }

// spend takes points, or says after how long they can be had. Nothing can be taken from a bucket for a price above its
// size: it is then paid with all that a full one holds.
func (b *bucket) spend(r Rate, points int, now time.Time) (wait time.Duration) {
	price := r.worth(min(points, r.Burst))
	debt := b.debt(now)
	if over := debt + price - r.Refill; over > 0 {
		return over
	}
	b.full = now.Add(debt + price)
	return 0
}

func (b bucket) standing(k Kind, r Rate, now time.Time) Standing {
	debt := b.debt(now) // worth a nanosecond too much, which is not worth a point
	return Standing{Kind: k, Rate: r, Remaining: r.points(r.Refill - max(debt-1, 0)), ResetAt: now.Add(debt)}
}

// Network is the part of an address that is taken for one caller. A household of the Internet's sixth version has more
// addresses than could ever be counted; the first 64 bits of them are its own.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
