package need

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// Sixty-four organisations claim one of ten places at the same moment: exactly ten succeed, the others are told that
// nothing is left.
func TestOfSixtyFourAtOnceTenGetTheTenPlaces(t *testing.T) {
	for name, on := range map[string]func(testing.TB) store.Backend{
		"embedded": embedded, "MongoDB": mongotest.Open,
	} {
		t.Run(name, func(t *testing.T) {
			w := openOn(t, on(t))
			n := w.published()
			var won, late atomic.Int64
			var wg sync.WaitGroup
			begin := make(chan struct{})
			for i := range 64 {
				wg.Go(func() {
					<-begin
					switch _, err := w.claim(w.unit(i), n, 1); {
					case err == nil:
						won.Add(1)
					case fault.Is(err, exchange.CodeTooLittle), fault.Is(err, CodeWrongState): // all of it is claimed
						late.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			close(begin)
			wg.Wait()
			n = w.reread(n)
			if won.Load() != 10 || late.Load() != 54 || n.Taken != 10 || len(n.Claims) != 10 || n.Status != Claimed {
				t.Errorf("%d of 64 got one, %d came late; %d places are taken by %d claims, and it is %s", won.Load(), late.Load(), n.Taken, len(n.Claims), n.Status)
			}
		})
	}
}

// Whatever is claimed, accepted, declined, withdrawn, reported, returned and expires in whatever order: live claims never
// hold more than there is, no organisation has two, and the state is the one that the claims say.
func TestNothingIsEverGivenAwayTwice(t *testing.T) {
	w := open(t)
	start := w.now()
	rapid.Check(t, func(rt *rapid.T) {
		w.wait(start.Sub(w.now()))
		n := w.published(func(in *Input) {
			in.Quantity = rapid.Int64Range(1, 8).Draw(rt, "quantity")
			in.AsksAcceptance = new(rapid.Bool().Draw(rt, "asks"))
		})
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			w.step(rt, n)
			n = w.reread(n)
			held, by := int64(0), map[string]int{}
			for _, c := range n.Claims {
				if c.Status.Live() {
					held += c.Quantity
					by[string(c.Claimant)]++
				}
			}
			if held > n.Quantity || held != n.Taken {
				rt.Fatalf("%d of %d are held, counted as %d", held, n.Quantity, n.Taken)
			}
			for who, times := range by {
				if times > 1 {
					rt.Fatalf("%s has %d claims", who, times)
				}
			}
			waits := n.Has(exchange.ClaimPending, exchange.ClaimAccepted)
			if n.Status == Published && held == n.Quantity || n.Status == Fulfilled && (waits || held == 0) || n.Status == Claimed && !waits {
				rt.Fatalf("it is %s with %d of %d held", n.Status, held, n.Quantity)
			}
		}
	})
}

// step does something to a need that may be refused.
func (w *world) step(rt *rapid.T, n *Need) {
	i := rapid.IntRange(0, 3).Draw(rt, "who")
	pick := func() *exchange.Claim {
		if len(n.Claims) == 0 {
			return &exchange.Claim{ID: "ncl1_00000000000000000000000000.x"}
		}
		return n.Claims[rapid.IntRange(0, len(n.Claims)-1).Draw(rt, "claim")]
	}
	var err error
	switch what := rapid.SampledFrom([]string{"claim", "claim", "claim", "accept", "decline", "leave", "report", "return", "close", "expire"}).Draw(rt, "what"); what {
	case "claim":
		_, err = w.claim(w.unit(i), n, rapid.Int64Range(1, 9).Draw(rt, "amount"))
	case "accept":
		_, err = w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: pick().ID})
	case "decline":
		_, err = w.DeclineClaim(w.secretary(), exchange.DeclineInput{ID: pick().ID})
	case "leave":
		_, err = w.WithdrawClaim(w.system(), exchange.WithdrawInput{ID: pick().ID})
	case "report":
		_, err = w.Report(w.system(), ReportInput{Claim: pick().ID})
	case "return":
		_, err = w.Return(w.secretary(), ReturnInput{ID: n.ID, Change: change(n), Reason: "未完成"})
	case "close":
		_, err = w.Close(w.secretary(), CloseInput{ID: n.ID, Change: change(n)})
	case "expire":
		w.wait(60 * 24 * time.Hour)
		w.tick()
	}
	if k := fault.Of(err).Kind; err != nil && k != fault.Refused && k != fault.NotFound {
		rt.Fatal(err)
	}
}

func TestEndedClaimsGiveWayToNewOnesAndLiveOnesNever(t *testing.T) {
	w := open(t)
	l := exchange.Listing{Publisher: w.home, Quantity: 1000, ValidUntil: "2026-12-31"}
	claim := func(i int) error {
		in := exchange.Claiming{Claimant: new(id.Derived[id.Organisation](id.KindUnit, strconv.Itoa(i))), Quantity: 1}
		_, err := w.Desk.Claim(w.system(), &l, id.KindNeedClaim, "ned1_00000000000000000000000000", nil, in)
		return err
	}
	for i := range exchange.MaxClaims {
		w.fine(claim(i))
	}
	refused(t, claim(1000), exchange.CodeClaimsFull, "")
	w.fine(l.Claims[7].Move(exchange.ClaimWithdraw, exchange.ClaimWithdrawn, w.now()))
	gone := l.Claims[7].ID
	w.fine(claim(1000))
	if l.Find(gone) != nil || len(l.Claims) != exchange.MaxClaims {
		t.Errorf("%d claims are kept", len(l.Claims))
	}
	if l.Settle(true); l.Taken != exchange.MaxClaims {
		t.Errorf("%d are held", l.Taken)
	}
}

// Long after a claim has ended, its client names another claim alike: it is a claim of its own, and found as such.
func TestANameThatWasForgottenMakesAClaimOfItsOwn(t *testing.T) {
	w := open(t)
	n := w.published(func(in *Input) { in.ValidUntil = "2027-12-31" })
	named := func(i int, name string) context.Context {
		return store.WithOnce(w.unit(i), store.NewOnce("unit", name, []byte(name)))
	}
	first, err := w.claim(named(0, "four"), n, 4)
	w.fine(err)
	_, err = w.WithdrawClaim(w.unit(0), exchange.WithdrawInput{ID: first.Claim.ID})
	w.fine(err)
	w.wait(store.RememberFor + time.Hour)
	_, err = w.claim(named(1, "one"), n, 1) // with which the need forgets what is that old
	w.fine(err)
	for range 2 { // and again
		second, err := w.claim(named(0, "four"), n, 4)
		w.fine(err)
		if second.Claim.ID == first.Claim.ID || second.Claim.Status != exchange.ClaimAccepted {
			t.Errorf("the second claim is %s, %s", second.Claim.ID, second.Claim.Status)
		}
	}
	if got := w.reread(n); len(got.Claims) != 3 || got.Taken != 5 {
		t.Errorf("%d claims hold %d", len(got.Claims), got.Taken)
	}
}
