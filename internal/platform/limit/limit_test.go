package limit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var (
	unit  = limit.Key{Kind: limit.Organisation, ID: "uni_1"}
	rates = limit.Rates{limit.Organisation: {Burst: 6000, Refill: time.Minute}, limit.Address: {Burst: 600, Refill: time.Minute}}
)

func charge(t testing.TB, l *limit.Limiter, k limit.Key, price int) limit.Standing {
	t.Helper()
	s, _, err := l.Charge(t.Context(), k, price)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestABudgetIsSpentAndComesBackWithTime(t *testing.T) {
	c := newClock()
	l := limit.New(rates, c.now, nil)
	if s := charge(t, l, unit, 4000); s.Refused() || s.Remaining != 2000 || !s.ResetAt.Equal(c.now().Add(40*time.Second)) {
		t.Errorf("got %+v", s)
	}
	if s := charge(t, l, unit, 2500); s.Retry != 5*time.Second || s.Remaining != 2000 {
		t.Errorf("more than is left: %+v", s)
	}
	c.pass(5 * time.Second)
	if s := charge(t, l, unit, 2500); s.Refused() || s.Remaining != 0 {
		t.Errorf("after the time it was told to wait: %+v", s)
	}
	c.pass(time.Hour)
	if s := charge(t, l, unit, 0); s.Remaining != 6000 {
		t.Errorf("a bucket holds no more than it holds: %+v", s)
	}
}

func TestAskingCostsNothingAndSaysWhetherAnythingIsLeft(t *testing.T) {
	c := newClock()
	l := limit.New(rates, c.now, nil)
	charge(t, l, unit, 6000)
	if s := charge(t, l, unit, 0); !s.Refused() {
		t.Errorf("nothing is left: %+v", s)
	}
	c.pass(time.Second)
	for range 3 {
		if s := charge(t, l, unit, 0); s.Refused() || s.Remaining != 100 {
			t.Errorf("got %+v", s)
		}
	}
}

func TestWhatCostsMoreThanAWholeBucketTakesAWholeOne(t *testing.T) {
	c := newClock()
	l := limit.New(rates, c.now, nil)
	if s := charge(t, l, unit, 90_000); s.Refused() || s.Remaining != 0 {
		t.Errorf("got %+v", s)
	}
	if s := charge(t, l, unit, 90_000); s.Retry != time.Minute {
		t.Errorf("got %+v", s)
	}
}

func TestCallersDoNotSpendEachOthersBudget(t *testing.T) {
	l := limit.New(rates, newClock().now, nil)
	charge(t, l, unit, 6000)
	for _, k := range []limit.Key{{Kind: limit.Organisation, ID: "uni_2"}, {Kind: limit.Address, ID: "uni_1"}} {
		if s := charge(t, l, k, 1); s.Refused() {
			t.Errorf("%v is refused", k)
		}
	}
	if _, ok, _ := l.Charge(t.Context(), limit.Key{Kind: limit.Person, ID: "per_1"}, 1e9); ok {
		t.Error("a kind without a rate is charged")
	}
}

func TestAFloodOfAddressesDoesNotFillTheMemory(t *testing.T) {
	l := limit.New(rates, newClock().now, nil)
	charge(t, l, unit, 6000)
	for i := range 60_000 {
		charge(t, l, limit.Key{Kind: limit.Address, ID: strconv.Itoa(i)}, 1)
		if i%1000 == 0 && !charge(t, l, unit, 1).Refused() {
			t.Fatal("who asks all the time was forgotten, and has a full bucket again")
		}
	}
	if n := l.Known(); n > 50_000 {
		t.Errorf("%d budgets are kept", n)
	}
}

func onBoth(t *testing.T, test func(t *testing.T, db store.Backend)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
		test(t, db)
	})
	t.Run("MongoDB", func(t *testing.T) { test(t, mongotest.Open(t)) })
}

func secret() []byte { return []byte("a secret of the house") }

func node(t testing.TB, db store.Backend, now func() time.Time) *limit.Limiter {
	t.Helper()
	leases, err := limit.OpenLeases(t.Context(), db, secret)
	if err != nil {
		t.Fatal(err)
	}
	return limit.New(rates, now, leases)
}

// spending is what was paid when.
type spending struct {
	at    time.Time
	price int
}

// held finds a stretch of time in which more was spent than a full bucket and what came in meanwhile.
func broken(all []spending, r limit.Rate) string {
	for i := range all {
		sum := 0
		for _, s := range all[i:] {
			sum += s.price
			most := float64(r.Burst) * (1 + float64(s.at.Sub(all[i].at))/float64(r.Refill))
			if float64(sum) > most {
				return fmt.Sprintf("%d points in %s, and at most %.0f were there", sum, s.at.Sub(all[i].at), most)
			}
		}
	}
	return ""
}

func TestNoNumberOfNodesGivesOutMoreThanTheBucketHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			c := newClock()
			nodes := make([]*limit.Limiter, rapid.IntRange(2, 5).Draw(rt, "nodes"))
			for i := range nodes {
				nodes[i] = node(t, db, c.now)
			}
			key := limit.Key{Kind: limit.Organisation, ID: fmt.Sprint("uni_", run)}
			var paid []spending
			for range rapid.IntRange(10, 40).Draw(rt, "steps") {
				n := nodes[rapid.IntRange(0, len(nodes)-1).Draw(rt, "node")]
				price := rapid.SampledFrom([]int{0, 1, 7, 100, 400, 1000, 3000, 6000, 9000}).Draw(rt, "price")
				s, _, err := n.Charge(t.Context(), key, price)
				if err != nil {
					rt.Fatal(err)
				}
				if !s.Refused() {
					paid = append(paid, spending{c.now(), min(price, 6000)})
				}
				if s.Remaining < 0 || s.Remaining > 6000 {
					rt.Fatalf("a standing of %+v", s)
				}
				c.pass(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 5, 900, 4000, 11_000, 30_000}).Draw(rt, "ms")) * time.Millisecond)
			}
			if why := broken(paid, rates[limit.Organisation]); why != "" {
				rt.Fatal(why)
			}
		})
	})
}

func TestManyNodesAtOnceShareOneBucket(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		c := newClock()
		var (
			all   sync.WaitGroup
			mu    sync.Mutex
			spent int
		)
		for range 4 {
			n := node(t, db, c.now)
			for range 4 {
				all.Go(func() {
					for range 60 {
						s, _, err := n.Charge(t.Context(), unit, 20)
						mu.Lock()
						if err == nil && !s.Refused() {
							spent += 20
						}
						mu.Unlock()
					}
				})
			}
		}
		all.Wait()
		if spent > 6000 || spent == 0 {
			t.Errorf("%d points were given out of 6000", spent)
		}
	})
}

func TestWhatANodeDoesNotSpendComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		c := newClock()
		one, other := node(t, db, c.now), node(t, db, c.now)
		charge(t, one, unit, 1) // leases far more
		if s := charge(t, other, unit, 6000); !s.Refused() {
			t.Fatal("the lease of one node was given out twice")
		}
		charge(t, one, unit, 1000) // gives back what is left, and takes anew
		c.pass(12 * time.Second)   // what it took is lost; the bucket fills up again
		c.pass(time.Minute)
		if s := charge(t, other, unit, 6000); s.Refused() {
			t.Errorf("after a minute of rest the whole bucket is there again: %+v", s)
		}
	})
}

func TestAStoreThatIsAwayIsSaidSo(t *testing.T) {
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := node(t, db, newClock().now)
	if err := db.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Charge(t.Context(), unit, 1); err == nil {
		t.Error("nobody knows what is left, and it is given out all the same")
	}
}

func TestFullBucketsAreSweptAwayAndTheStoreNamesNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		c := newClock()
		leases, err := limit.OpenLeases(t.Context(), db, secret)
		if err != nil {
			t.Fatal(err)
		}
		n := limit.New(rates, c.now, leases)
		charge(t, n, limit.Key{Kind: limit.Address, ID: "192.0.2.7"}, 600)
		if k, err := leases.Tick(t.Context(), c.now().Add(time.Minute)); k != 0 || err != nil {
			t.Errorf("swept %d too early, %v", k, err)
		}
		for doc, err := range db.Find(t.Context(), store.Scan{Collection: "budgets", Branches: [][]any{{}}}) {
			if err != nil {
				t.Fatal(err)
			}
			if id := doc.Lookup("_id").StringValue(); len(id) != 43 {
				t.Errorf("kept under %q", id)
			}
		}
		if k, err := leases.Tick(t.Context(), c.now().Add(3*time.Minute)); k != 1 || err != nil {
			t.Errorf("swept %d, %v", k, err)
		}
	})
}

func BenchmarkAChargeInMemory(b *testing.B) {
	l := limit.New(limit.Rates{limit.Address: {Burst: 1e9, Refill: time.Hour}}, time.Now, nil)
	keys := make([]limit.Key, 1000)
	for i := range keys {
		keys[i] = limit.Key{Kind: limit.Address, ID: strconv.Itoa(i)}
	}
	i := 0
	for b.Loop() {
		i++
		_, _, _ = l.Charge(b.Context(), keys[i%len(keys)], 10)
	}
}
