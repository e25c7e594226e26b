package limit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// The times and sizes of leases.
const (
	leased  = 10 * time.Second // how long a node may spend what it leased
	margin  = 2 * time.Second  // how much earlier it stops: the clocks of two nodes may differ by so much
	share   = 16               // a lease is of this part of a bucket, or of what one operation costs
	forget  = time.Minute      // after a bucket is full, it is kept in the store for so long
	tries   = 20               // of a change that other nodes got ahead of
	sweep   = 500              // buckets swept away at once
	buckets = "budgets"        // the collection
)

// byExpiry finds the buckets that are full again.
var byExpiry = store.Lookup(store.Field[time.Time]("expires").Asc())

// Leases share buckets among nodes. A node takes points in chunks and gives back what it has not spent when it comes
// again; what it neither spends nor gives back in time is lost. A bucket counts what is leased as still in it, so at no
// moment is more to be had, here and at all nodes together, than a full bucket holds.
type Leases struct {
	db     store.Backend
	secret func() []byte
}

// OpenLeases makes the store ready for them. The buckets bear their keys under the secret: who reads the store does not
// read who calls.
func OpenLeases(ctx context.Context, db store.Backend, secret func() []byte) (*Leases, error) {
	err := db.Ensure(ctx, store.Schema{Name: buckets, Shape: 1, Indexes: []store.Index{byExpiry}, Expire: "expires"})
	if err != nil {
		return nil, fmt.Errorf("budgets: %w", err)
	}
	return &Leases{db: db, secret: secret}, nil
}

// lease is what a node may spend of a bucket that it shares.
type lease struct {
	id     string
	points int       // left to spend
	until  time.Time // when what is left is lost
	after  time.Time // refused until then: no use asking the store before
	short  int       // the price that was refused
}

// holds says whether the lease may still be spent.
func (l lease) holds(now time.Time) bool { return now.Before(l.until.Add(-margin)) }

// pool is a shared bucket in the store. Times are in nanoseconds, because a point may be worth less than a millisecond.
type pool struct {
	ID      string    `bson:"_id"`
	Rev     int64     `bson:"rev"`
	Full    int64     `bson:"full"` // when it is full again
	Seen    int64     `bson:"seen"` // the latest time any node has told: the pool's own clock never goes back
	Out     []taken   `bson:"out"`  // what is leased
	Expires time.Time `bson:"expires"`
}

type taken struct {
	ID     string `bson:"id"`
	Points int    `bson:"points"`
	Until  int64  `bson:"until"`
}

// charge spends of the lease, and renews it from the store where it does not suffice.
func (l *Leases) charge(ctx context.Context, b *budget, r Rate, price int, now time.Time) (Standing, error) {
	price = min(price, r.Burst)
	need := max(price, 1)
	if !b.holds(now) {
		b.points = 0
	}
	if b.points < need {
		if now.Before(b.after) && need >= b.short {
			return l.standing(b, r, now, b.after.Sub(now)), nil
		}
		wait, err := l.renew(ctx, b, r, need, now)
		if err != nil {
			return Standing{}, err
		}
		if wait > 0 {
			b.after, b.short = now.Add(min(wait, time.Second)), need
			return l.standing(b, r, now, wait), nil
		}
	}
	b.points -= price
	return l.standing(b, r, now, 0), nil
}

// standing is what this node knows: what the bucket held when it was last seen, and what is left of the lease.
func (l *Leases) standing(b *budget, r Rate, now time.Time, wait time.Duration) Standing {
	s := b.standing(b.key.Kind, r, now)
	s.Remaining = min(s.Remaining+b.points, r.Burst)
	s.Retry = wait
	return s
}

// renew gives back what is left of a lease and takes a new one that suffices for the need, or says how long to wait.
func (l *Leases) renew(ctx context.Context, b *budget, r Rate, need int, now time.Time) (wait time.Duration, err error) {
	for range tries {
		p, err := l.load(ctx, b.key)
		if err != nil {
			return 0, err
		}
		next := p.at(r, now)
		next.giveBack(r, b.lease, now)
		got := next.take(r, max(need, r.Burst/share), need)
		if got == 0 {
			wait = next.lacks(r, need)
			b.full = time.Unix(0, next.Full)
			return wait, nil // nothing is written: the rest of the lease still counts
		}
		fresh := lease{id: rand.Text(), points: got, until: time.Unix(0, next.Seen).Add(leased)}
		next.Out = append(next.Out, taken{fresh.id, got, fresh.until.UnixNano()})
		err = l.save(ctx, p.Rev, next)
		if err == nil {
			b.lease, b.full = fresh, time.Unix(0, next.Full)
			return 0, nil
		}
		b.lease = lease{} // the write may have landed: what it gave back is not spent again
		if _, exists := errors.AsType[*store.ExistsError](err); !exists && !errors.Is(err, store.ErrConflict) {
			return 0, fmt.Errorf("budgets: %w", err)
		}
	}
	return 0, fmt.Errorf("budgets: %w", store.ErrUnavailable)
}

func (l *Leases) load(ctx context.Context, k Key) (pool, error) {
	mac := hmac.New(sha256.New, l.secret())
	_, _ = mac.Write([]byte(string(k.Kind) + "\x00" + k.ID))
	p := pool{ID: base64.RawURLEncoding.EncodeToString(mac.Sum(nil))}
	raw, err := l.db.Get(ctx, buckets, p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return p, nil
	}
	if err == nil {
		err = bson.Unmarshal(raw, &p)
	}
	if err != nil {
		return pool{}, fmt.Errorf("budgets: %w", err)
	}
	return p, nil
}

func (l *Leases) save(ctx context.Context, rev int64, p pool) error {
	p.Rev = rev + 1
	last := p.Full
	for _, t := range p.Out {
		last = max(last, t.Until)
	}
	p.Expires = time.Unix(0, last).Add(forget).UTC().Truncate(time.Millisecond)
	doc, err := bson.Marshal(p)
	if err != nil {
		return err
	}
	if rev == 0 {
		return l.db.Insert(ctx, buckets, doc)
	}
	return l.db.Replace(ctx, buckets, rev, doc)
}

// at is the pool at a time. While points are leased, it fills only so far that a full bucket is there together with
// them; when a lease has run out, the room it took is filled anew, from that moment on.
func (p pool) at(r Rate, now time.Time) pool {
	p.Seen = max(p.Seen, now.UnixNano())
	var out []taken
	held := p.held()
	for _, t := range p.Out { // in the order in which they run out: each was taken for the same time
		if t.Until > p.Seen {
			out = append(out, t)
			continue
		}
		p.Full = max(p.Full, t.Until+int64(r.worth(held)))
		held -= t.Points
	}
	p.Out = out
	p.Full = max(p.Full, p.Seen+int64(r.worth(held)))
	return p
}

func (p *pool) held() int {
	n := 0
	for _, t := range p.Out {
		n += t.Points
	}
	return n
}

// giveBack ends a lease that runs still, and takes back what is left of it.
func (p *pool) giveBack(r Rate, l lease, now time.Time) {
	for i, t := range p.Out {
		if t.ID != l.id {
			continue
		}
		p.Out = append(p.Out[:i:i], p.Out[i+1:]...)
		if l.holds(now) && l.points > 0 {
			p.Full -= max(int64(r.worth(l.points))-1, 0)
		}
		return
	}
}

// take gives the points wanted, or fewer, if at least those needed are there; else none.
func (p *pool) take(r Rate, want, need int) int {
	debt := time.Duration(max(p.Full-p.Seen, 0))
	n := min(want, r.points(r.Refill-debt))
	if n < need {
		return 0
	}
	p.Full = p.Seen + int64(debt+r.worth(n))
	return n
}

// lacks is how long it takes until the points needed are there. It is never nothing, as they are not there now.
func (p *pool) lacks(r Rate, need int) time.Duration {
	return max(time.Duration(p.Full-p.Seen)+r.worth(need)-r.Refill, time.Millisecond)
}

// Tick removes buckets that are full again: one that is not there is full.
func (l *Leases) Tick(ctx context.Context, now time.Time) (int, error) {
	scan := store.Scan{Collection: buckets, Index: byExpiry, Branches: [][]any{{}}, Batch: sweep}
	scan.Range = store.Range{Low: time.UnixMilli(0).UTC(), High: store.Value(now)}
	n := 0
	for doc, err := range l.db.Find(ctx, scan) {
		if err != nil {
			return n, fmt.Errorf("budgets: %w", err)
		}
		id, _ := doc.Lookup("_id").StringValueOK()
		rev, _ := doc.Lookup("rev").AsInt64OK()
		if err := l.db.Delete(ctx, buckets, id, rev); err != nil && !errors.Is(err, store.ErrConflict) {
			return n, fmt.Errorf("budgets: %w", err)
		}
		if n++; n >= sweep {
			break
		}
	}
	return n, nil
}
