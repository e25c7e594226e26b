package resource

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lifetable"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// world is a street with a community and many units, and a community elsewhere.
type world struct {
	*Service
	t     testing.TB
	mu    sync.Mutex
	at    time.Time
	facts map[id.Organisation]organisation.Facts

	street, home, away id.Organisation
	units              []id.Organisation
}

func embedded(t testing.TB) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "resources.db"), boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

func openOn(t testing.TB, db store.Backend) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC), facts: map[id.Organisation]organisation.Facts{}}
	add := func(k id.Kind, kind organisation.Kind, name string, above ...id.Organisation) id.Organisation {
		o := id.Derived[id.Organisation](k, name)
		w.facts[o] = organisation.Facts{ID: o, Kind: kind, Above: above}
		return o
	}
	w.street = add(id.KindSubDistrict, organisation.KindSubDistrict, "street")
	w.home = add(id.KindCommunity, organisation.KindCommunity, "home", w.street)
	w.away = add(id.KindCommunity, organisation.KindCommunity, "away", add(id.KindSubDistrict, organisation.KindSubDistrict, "town"))
	for i := range 65 {
		w.units = append(w.units, add(id.KindUnit, organisation.KindResidentUnit, fmt.Sprint("unit ", i), w.street))
	}
	var err error
	w.Service, err = Open(t.Context(), db, Service{Desk: exchange.Desk{
		Now: w.now, Random: rand.Reader,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }},
		Organisations: func(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			out := make([]organisation.Facts, len(ids))
			for i, o := range ids {
				out[i] = w.facts[o]
			}
			return out, nil
		},
		Category: func(context.Context, string) error { return nil },
		Below:    func(_ context.Context, codes []string) ([]string, error) { return codes, nil },
	}})
	w.fine(err)
	return w
}

func open(t testing.TB) *world {
	t.Helper()
	return openOn(t, embedded(t))
}

func (w *world) fine(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) as(r authz.Role, in id.Organisation) context.Context {
	h := authz.Holding{Role: r, Organisation: in, Within: w.facts[in].Above}
	return authz.With(w.t.Context(), authz.Actor{Person: id.Derived[id.Person](id.KindPerson, string(r)+string(in)), Holdings: []authz.Holding{h}})
}

// owner is the liaison of the unit that offers; the others claim.
func (w *world) owner() context.Context     { return w.as(authz.Liaison, w.units[64]) }
func (w *world) unit(i int) context.Context { return w.as(authz.Liaison, w.units[i]) }
func (w *world) secretary() context.Context { return w.as(authz.Secretary, w.home) }

func change(r *Resource) command.Change { return command.Change{ExpectedVersion: r.Version} }

func input(change ...func(*Input)) Input {
	in := Input{exchange.Input{Category: "MEANS_SPACE", Title: "网点活动场地", Quantity: 10, Unit: "场", ValidUntil: "2026-12-31"}}
	for _, c := range change {
		c(&in)
	}
	return in
}

func (w *world) offered(change ...func(*Input)) *Resource {
	w.t.Helper()
	in := input(change...)
	r, err := w.Offer(w.owner(), OfferInput{Resource: &in})
	w.fine(err)
	return r
}

func atOnce(in *Input) { in.AsksAcceptance = new(false) }

func (w *world) claim(who context.Context, r *Resource, quantity int64) (*exchange.Claim, error) {
	got, err := w.Claim(who, ClaimInput{Resource: r.ID, Quantity: quantity})
	if err != nil {
		return nil, err
	}
	return got.Claim, nil
}

func (w *world) reread(r *Resource) *Resource {
	w.t.Helper()
	got, err := w.Resource(authz.AsSystem(w.t.Context()), r.ID)
	w.fine(err)
	return got
}

func refused(t testing.TB, err error, code fault.Code, at string) {
	t.Helper()
	if f := fault.Of(err); err == nil || f.Code != code || strings.Join(f.Path, ".") != at {
		t.Errorf("got %v, want %s at %q", err, code, at)
	}
}

// The tables of the pages are the program's, in every state and for every verb.
func TestTheLifeOfAResourceIsAsThePagesTellIt(t *testing.T) {
	for name, heading := range map[string]string{"exchange.md": "The life of a resource", "exchange.zh-CN.md": "资源的状态"} {
		rows, err := lifetable.Read("../../docs/"+name, heading)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, from := range append(Statuses(), unborn) {
			for _, v := range Verbs() {
				state := string(from)
				if from == unborn {
					state = "–"
				}
				var want, have []string
				if row := lifetable.Find(rows, state, string(v)); row != nil {
					want = row.To
					n++
				}
				for _, to := range Targets(from, v) {
					have = append(have, string(to))
				}
				if !slices.Equal(want, have) {
					t.Errorf("%s: %s in %s leads to %v, the page says %v", name, v, state, have, want)
				}
			}
		}
		if n != len(rows) {
			t.Errorf("%s: of %d rows %d are of this room", name, len(rows), n)
		}
	}
}

// in brings a resource into a state, with a claim that waits where there can be one.
func (w *world) in(s Status) *Resource {
	w.t.Helper()
	switch s {
	case Draft:
		r, err := w.Draft(w.owner(), DraftInput{Resource: input()})
		w.fine(err)
		return r
	case Offered, Exhausted:
		r := w.offered()
		_, err := w.claim(w.unit(0), r, map[Status]int64{Offered: 4, Exhausted: 10}[s])
		w.fine(err)
		return w.reread(r)
	case Withdrawn:
		r := w.offered()
		r, err := w.Withdraw(w.owner(), WithdrawInput{ID: r.ID, Change: change(r)})
		w.fine(err)
		return r
	}
	r := w.offered()
	at := w.now()
	w.wait(60 * 24 * time.Hour)
	_, err := w.Tick(w.t.Context(), w.now())
	w.fine(err)
	w.wait(at.Sub(w.now()))
	return w.reread(r)
}

func TestAVerbIsDoneOnlyInTheStatesThatHaveIt(t *testing.T) {
	w := open(t)
	for _, s := range Statuses() {
		for _, v := range Verbs() {
			if v == VerbDraft || v == VerbExpire {
				continue
			}
			r := w.in(s)
			if r.Status != s {
				t.Fatalf("%s is %s", s, r.Status)
			}
			claim := id.Within[id.Claim](id.KindResourceClaim, string(r.ID), "none")
			if len(r.Claims) > 0 {
				claim = r.Claims[0].ID
			}
			var err error
			switch v {
			case VerbChange:
				_, err = w.Change(w.owner(), ChangeInput{ID: r.ID, Change: change(r), Resource: input()})
			case VerbOffer:
				_, err = w.Offer(w.owner(), OfferInput{ID: &r.ID, ExpectedVersion: &r.Version})
			case VerbClaim:
				_, err = w.Claim(authz.AsSystem(t.Context()), ClaimInput{Resource: r.ID, Claimant: &w.units[7], Quantity: 1})
			case VerbAccept:
				_, err = w.AcceptClaim(w.owner(), exchange.AcceptInput{ID: claim})
			case VerbDecline:
				_, err = w.DeclineClaim(w.owner(), exchange.DeclineInput{ID: claim, Reason: new("场地检修")})
			case VerbLeave:
				_, err = w.WithdrawClaim(authz.AsSystem(t.Context()), exchange.WithdrawInput{ID: claim})
			case VerbWithdraw:
				_, err = w.Withdraw(w.owner(), WithdrawInput{ID: r.ID, Change: change(r)})
			}
			switch after, has := w.reread(r), len(Targets(s, v)) > 0; {
			case has && (err != nil || !slices.Contains(Targets(s, v), after.Status)):
				t.Errorf("%s in %s: %v, and it is %s", v, s, err, after.Status)
			case !has && (!fault.Is(err, CodeWrongState) || after.Version != r.Version):
				t.Errorf("%s in %s: %v", v, s, err)
			}
		}
	}
}

func TestAResourceIsDraftedOfferedAskedForAndGivenBack(t *testing.T) {
	w := open(t)
	r, err := w.Draft(w.owner(), DraftInput{Resource: input()})
	w.fine(err)
	if _, err := w.Resource(w.secretary(), r.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("a draft is read by a neighbour: %v", err)
	}
	r, err = w.Change(w.owner(), ChangeInput{ID: r.ID, Change: change(r), Resource: input(func(in *Input) { in.Quantity = 12 })})
	w.fine(err)
	r, err = w.Offer(w.owner(), OfferInput{ID: &r.ID, ExpectedVersion: &r.Version})
	w.fine(err)
	c, err := w.claim(w.secretary(), r, 12)
	w.fine(err)
	if r = w.reread(r); r.Status != Exhausted || c.Status != exchange.ClaimPending {
		t.Fatalf("it is %s, the claim %s", r.Status, c.Status)
	}
	_, err = w.claim(w.unit(1), r, 1)
	refused(t, err, CodeWrongState, "resource")
	c, err = w.AcceptClaim(w.owner(), exchange.AcceptInput{ID: c.ID})
	w.fine(err)
	if c.Status != exchange.ClaimAccepted || c.DecidedAt == nil {
		t.Errorf("accepted it is %+v", c)
	}
	_, err = w.DeclineClaim(w.owner(), exchange.DeclineInput{ID: c.ID})
	refused(t, err, exchange.CodeClaimState, "")
	c, err = w.WithdrawClaim(w.secretary(), exchange.WithdrawInput{ID: c.ID, Reason: new("改期")})
	w.fine(err)
	if r = w.reread(r); r.Status != Offered || r.Left() != 12 || *c.Reason != "改期" {
		t.Errorf("given back it is %s with %d left", r.Status, r.Left())
	}
	again, err := w.claim(w.secretary(), r, 3)
	w.fine(err)
	_, err = w.DeclineClaim(w.owner(), exchange.DeclineInput{ID: again.ID, Reason: new("场地检修")})
	w.fine(err)
	if got, err := w.ManyClaims(w.secretary(), []id.Claim{c.ID, again.ID, "rcl1_00000000000000000000000000.x"}); err != nil || got[0] == nil || got[1].Status != exchange.ClaimDeclined || got[2] != nil {
		t.Errorf("found %v, %v", got, err)
	}
}

func TestNobodyClaimsTheirOwnNorWhatTheyCannotSee(t *testing.T) {
	w := open(t)
	r := w.offered()
	_, err := w.claim(w.owner(), r, 1)
	refused(t, err, exchange.CodeSelfClaim, "resource")
	_, err = w.claim(w.as(authz.Secretary, w.away), r, 1)
	refused(t, err, fault.CodeNotFound, "resource")
	_, err = w.claim(w.as(authz.GridSteward, w.home), r, 1)
	refused(t, err, fault.CodeForbidden, "")
	_, err = w.claim(authz.With(t.Context(), authz.Actor{}), r, 1)
	refused(t, err, fault.CodeNotFound, "resource")
	open := w.offered(func(in *Input) { in.Visibility = new(exchange.ToAll) })
	_, err = w.claim(authz.With(t.Context(), authz.Actor{}), open, 1)
	refused(t, err, fault.CodeUnauthenticated, "")
	if _, err := w.claim(w.as(authz.Secretary, w.away), open, 1); err != nil {
		t.Errorf("what is public is claimed from elsewhere: %v", err)
	}
	_, err = w.Draft(w.as(authz.GridSteward, w.home), DraftInput{Resource: input()})
	refused(t, err, exchange.CodeNoPublisher, "resource.publisher")
	_, err = w.Offer(w.owner(), OfferInput{ID: &r.ID, Resource: new(input())})
	refused(t, err, exchange.CodeTwoThings, "id")
	_, err = w.Offer(w.owner(), OfferInput{Resource: new(input(func(in *Input) { in.Quantity = 0 }))})
	refused(t, err, fault.CodeOutOfRange, "resource.quantity")
	_, err = w.Withdraw(w.secretary(), WithdrawInput{ID: r.ID, Change: change(r)})
	refused(t, err, fault.CodeForbidden, "")
	if got := fmt.Sprint(w.AllowedActions(w.secretary(), r), w.AllowedActions(w.owner(), r)); got != "[CLAIM] [WITHDRAW]" {
		t.Errorf("allowed are %s", got)
	}
}

func TestAtTheEndOfTheLastDayWhatWaitsLapsesAndWhatWasAcceptedStands(t *testing.T) {
	w := open(t)
	r := w.offered()
	stands, err := w.claim(w.unit(0), r, 2)
	w.fine(err)
	_, err = w.AcceptClaim(w.owner(), exchange.AcceptInput{ID: stands.ID})
	w.fine(err)
	waits, err := w.claim(w.unit(1), r, 2)
	w.fine(err)
	_, err = w.claim(w.unit(1), r, 1)
	refused(t, err, exchange.CodeClaimed, "resource")
	w.wait(60 * 24 * time.Hour)
	_, err = w.claim(w.unit(2), r, 1)
	refused(t, err, exchange.CodeExpired, "resource")
	_, err = w.AcceptClaim(w.owner(), exchange.AcceptInput{ID: waits.ID})
	refused(t, err, exchange.CodeExpired, "id")
	for i, want := range []int{1, 0} {
		n, err := w.Tick(t.Context(), w.now())
		w.fine(err)
		if n != want {
			t.Errorf("the %d. time %d have expired", i+1, n)
		}
	}
	r = w.reread(r)
	if r.Status != Expired || r.Find(stands.ID).Status != exchange.ClaimAccepted || r.Find(waits.ID).Status != exchange.ClaimLapsed {
		t.Errorf("it is %+v", r)
	}
	if _, err := w.Resource(w.unit(5), r.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("what has expired is shown on: %v", err)
	}
	if _, err := w.Resource(w.unit(0), r.ID); err != nil {
		t.Errorf("a claimant does not see it any more: %v", err)
	}
}

func TestOfSixtyFourAtOnceTenGetTheTenPlaces(t *testing.T) {
	for name, on := range map[string]func(testing.TB) store.Backend{
		"embedded": embedded, "MongoDB": mongotest.Open,
	} {
		t.Run(name, func(t *testing.T) {
			w := openOn(t, on(t))
			r := w.offered()
			var won atomic.Int64
			var wg sync.WaitGroup
			for i := range 64 {
				wg.Go(func() {
					_, err := w.claim(w.unit(i), r, 1)
					if err == nil {
						won.Add(1)
					} else if !fault.Is(err, exchange.CodeTooLittle) && !fault.Is(err, CodeWrongState) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if r = w.reread(r); won.Load() != 10 || r.Taken != 10 || len(r.Claims) != 10 || r.Status != Exhausted {
				t.Errorf("%d of 64 got one of ten, and it is %s", won.Load(), r.Status)
			}
		})
	}
}

func TestNothingIsEverGivenAwayTwice(t *testing.T) {
	w := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		r := w.offered(atOnce, func(in *Input) { in.Quantity = rapid.Int64Range(1, 8).Draw(rt, "quantity") })
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			var err error
			if rapid.Bool().Draw(rt, "claims") || len(r.Claims) == 0 {
				_, err = w.claim(w.unit(rapid.IntRange(0, 3).Draw(rt, "who")), r, rapid.Int64Range(1, 9).Draw(rt, "amount"))
			} else {
				_, err = w.WithdrawClaim(authz.AsSystem(t.Context()), exchange.WithdrawInput{ID: rapid.SampledFrom(r.Claims).Draw(rt, "claim").ID})
			}
			if err != nil && fault.Of(err).Kind != fault.Refused {
				rt.Fatal(err)
			}
			r = w.reread(r)
			held := int64(0)
			for _, c := range r.Claims {
				if c.Status.Live() {
					held += c.Quantity
				}
			}
			if held != r.Taken || held > r.Quantity || (r.Status == Exhausted) != (held == r.Quantity) {
				rt.Fatalf("%d of %d are held, counted as %d, and it is %s", held, r.Quantity, r.Taken, r.Status)
			}
		}
	})
}

func TestListsShowWhatTheCallerMayRead(t *testing.T) {
	w := open(t)
	near, all := w.offered(), w.offered(func(in *Input) { in.Visibility, in.Category = new(exchange.ToAll), "HEALTH" })
	_, err := w.Draft(w.owner(), DraftInput{Resource: input()})
	w.fine(err)
	for name, tt := range map[string]struct {
		who  context.Context
		f    *Filter
		want int
	}{
		"owner": {w.owner(), nil, 3}, "neighbour": {w.secretary(), nil, 2}, "elsewhere": {w.as(authz.Secretary, w.away), nil, 1},
		"nobody":        {authz.With(t.Context(), authz.Actor{}), nil, 1},
		"of a state":    {w.owner(), &Filter{Status: &StatusChoice{Eq: new(Draft)}}, 1},
		"of a category": {w.owner(), &Filter{FilterFields: exchange.FilterFields{Category: &exchange.CategoryChoice{Eq: new("HEALTH")}}}, 1},
	} {
		got, err := w.Resources(tt.who, tt.f, nil, page.Args{})
		w.fine(err)
		if len(got.Edges) != tt.want {
			t.Errorf("%s: %d", name, len(got.Edges))
		}
	}
	got, err := w.ResourcesOf(w.secretary(), w.units[64], nil, &exchange.Order{Field: exchange.OrderByCreated, Direction: page.Ascending}, page.Args{Last: new(1)})
	w.fine(err)
	if got.Edges[0].Node.ID != all.ID && got.Edges[0].Node.ID != near.ID {
		t.Error("the edge leads elsewhere")
	}
	f := w.facts[w.units[64]]
	f.Above = w.facts[w.away].Above
	w.facts[w.units[64]] = f
	w.fine(w.Moved(t.Context(), w.units[64]))
	w.fine(w.Written(t.Context(), near.ID))
	if _, err := w.Resource(w.secretary(), near.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("its owner has moved, and it is still read: %v", err)
	}
}
