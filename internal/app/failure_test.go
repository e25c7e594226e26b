package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// walk is one contract's way from its draft to an accepted fulfilment, on a store that fails at the nth call of every
// step. Each step is repeated under the same client's mutation id when the store is well again.
type walk struct {
	*house
	store    *shaky
	town     *town
	trouble  trouble
	n        int
	contract id.Contract
	fulfils  id.Fulfilment
	hit      bool // some step has met with trouble
}

func TestAStoreThatFailsAtAnyCallLeavesNothingHalfDone(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			db := &shaky{Backend: s.node()}
			h := open(t, db)
			w := h.town(1)
			kinds := troubles()
			if testing.Short() {
				kinds = kinds[:2]
			}
			for _, what := range kinds {
				n := 1
				for hit := true; hit; n++ {
					k := &walk{house: h, store: db, town: w, trouble: what, n: n}
					k.all()
					hit = k.hit
				}
				t.Logf("%s: %d calls at most in a step", what.name, n-2)
				if n < 4 {
					t.Fatalf("%s: hardly any call was tried", what.name)
				}
			}
		})
	}
}

func (k *walk) all() {
	k.t.Helper()
	w, in := k.town, k.town.text("2026-03-02", "2026-12-31", k.town.once("2026-03-02", 1))
	named := k.once("draft", w.secretary)
	k.contract = store.NewID[id.Contract](store.WithOnce(k.t.Context(), named), id.KindContract, k.clock.now(), nil)
	k.step("draft", w.secretary, func(ctx context.Context) error {
		_, err := k.Contracts.Draft(ctx, contract.DraftInput{TextInput: in})
		return err
	})
	k.steps()
	k.settle() // in force, and planned
	k.fulfils = k.fulfilments(k.contract)[0].ID
	change := k.now(k.fulfils)
	k.step("report", w.liaisons[0], func(ctx context.Context) error {
		_, err := k.Fulfilments.Report(ctx, fulfilment.ReportInput{Change: change, ID: k.fulfils, Note: "来了一百二十人"})
		return err
	})
	change = k.now(k.fulfils)
	k.step("accept", w.secretary, func(ctx context.Context) error {
		_, err := k.Fulfilments.Accept(ctx, fulfilment.AcceptInput{Change: change, ID: k.fulfils})
		return err
	})
	k.end()
}

// steps are those from the draft to the last signature.
func (k *walk) steps() {
	k.t.Helper()
	w := k.town
	at := func() contract.StepInput { return step(k.house.contract(k.contract)) }
	in := at()
	k.step("revise", w.secretary, func(ctx context.Context) error {
		_, err := k.Contracts.Revise(ctx, contract.ReviseInput{Change: in.Change, ID: in.ID, Title: new("共建协议(修订)")})
		return err
	})
	in = at()
	k.step("propose", w.secretary, func(ctx context.Context) error {
		_, err := k.Contracts.Propose(ctx, contract.ProposeInput{StepInput: in})
		return err
	})
	in = at()
	k.step("agree", w.liaisons[0], func(ctx context.Context) error {
		_, err := k.Contracts.Agree(ctx, contract.AgreeInput{StepInput: in})
		return err
	})
	in = at()
	k.step("open", w.secretary, func(ctx context.Context) error {
		_, err := k.Contracts.OpenForSigning(ctx, contract.OpenInput{StepInput: in})
		return err
	})
	sign := contract.SignInput{ID: k.contract, TextHash: k.house.contract(k.contract).Frozen.Hash}
	for _, who := range []id.Person{w.secretary, w.liaisons[0]} {
		k.step("sign", who, func(ctx context.Context) error {
			_, err := k.Contracts.Sign(ctx, sign)
			return err
		})
	}
}

// step has somebody do something while the store fails, and again when it does not.
func (k *walk) step(name string, who id.Person, do func(context.Context) error) {
	k.t.Helper()
	what := fmt.Sprintf("%s: %s at call %d", name, k.trouble.name, k.n)
	ctx, before := k.as(who), k.document()
	time := &term{Context: store.WithOnce(ctx, k.once(name, who)), done: make(chan struct{})}
	k.store.arm(k.trouble, k.n, time.end)
	err := do(time)
	k.hit = k.store.calm() || k.hit
	if f := fault.Of(err); err != nil && (f.Kind != fault.Unavailable || f.Code != fault.CodeUnavailable) {
		k.t.Fatalf("%s: %v", what, err)
	}
	after := k.document()
	landed := !bytes.Equal(before, after)
	if err == nil && !landed {
		k.t.Fatalf("%s was acknowledged and is lost", what)
	}
	k.whole(what, before, after)

	again := k.once(name, who)
	if err := do(store.WithOnce(ctx, again)); err != nil {
		k.t.Fatalf("%s, and again: %v", what, err)
	}
	equal(k.t, what+": found done", again.Replayed, landed)
	if landed && !bytes.Equal(after, k.document()) {
		k.t.Fatalf("%s was done twice", what)
	}
	k.whole(what, before, k.document())
}

// whole checks that a document is as it was, or has had just one change, with its events.
func (k *walk) whole(what string, before, after bson.Raw) {
	k.t.Helper()
	if bytes.Equal(before, after) {
		return
	}
	var was, is store.Record
	if before != nil {
		must(k.t, bson.Unmarshal(before, &was))
	}
	must(k.t, bson.Unmarshal(after, &is))
	equal(k.t, what+": changes", is.Version-was.Version, 1)
	if len(is.Outbox) <= len(was.Outbox) || len(is.Replays) != len(was.Replays)+1 {
		k.t.Fatalf("%s: %d events after %d, %d changes remembered after %d",
			what, len(is.Outbox), len(was.Outbox), len(is.Replays), len(was.Replays))
	}
}

// document is what the step changes, as the store has it; nil where it is not there yet.
func (k *walk) document() bson.Raw {
	k.t.Helper()
	coll, key := "contracts", string(k.contract)
	if k.fulfils != "" {
		coll, key = "fulfilments", string(k.fulfils)
	}
	doc, err := k.store.Get(k.t.Context(), coll, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	must(k.t, err)
	return doc
}

// once names a step of this walk, as a client does.
func (k *walk) once(name string, who id.Person) *store.Once {
	return store.NewOnce(string(who), fmt.Sprintf("%s %s %d", name, k.trouble.name, k.n), []byte(name))
}

// end checks what the walk has come to: everything once, and in its order.
func (k *walk) end() {
	k.t.Helper()
	k.rate(k.contract, k.town.units[0], 1)
	var did []string
	for _, e := range k.story(string(k.contract)) {
		did = append(did, e.Type)
	}
	equal(k.t, "the contract's story", fmt.Sprint(did), fmt.Sprint([]string{
		contract.ToldDrafted, contract.ToldRevised, contract.ToldProposed, contract.ToldAgreed, contract.ToldOpened,
		contract.ToldSigned, contract.ToldSigned, contract.ToldSealed, contract.ToldActivated,
	}))
	equal(k.t, "fulfilments", len(k.fulfilments(k.contract)), 1)
	want := map[string]int{fulfilment.ToldPlanned: 1, fulfilment.ToldReported: 1, fulfilment.ToldAccepted: 1}
	if got := told(k.story(string(k.fulfils))); !maps.Equal(got, want) {
		k.t.Fatalf("the fulfilment's story: %v", got)
	}
	versions, err := k.Contracts.Versions(k.as(k.town.secretary), k.contract, page.Args{First: new(10)})
	must(k.t, err)
	equal(k.t, "versions", len(versions.Edges), 2)
	verifies(k.t, k.house, k.town, k.contract, 2)
}

// What follows from a signature and from a report is the program's own work. Broken off at any call, it is taken up
// again, and comes to the same.
func TestBackgroundWorkThatTheStoreBreaksOffIsFinishedLater(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			db := &shaky{Backend: s.node()}
			h := open(t, db)
			w := h.town(1)
			h.settle()
			for i, what := range troubles()[:4] {
				stride := 4 * s.cost
				if testing.Short() {
					stride *= 5
				}
				for n, hit := 1+i, true; hit; n += stride {
					c := h.signed(w, w.text("2026-03-02", "2026-03-16", w.rhythm("FREQ=WEEKLY"))).ID
					hit = h.breaksOff(db, what, n)
					fs := h.fulfilments(c)
					days(t, fs, "2026-03-02", "2026-03-09", "2026-03-16")
					h.does(h.report(w.liaisons[0], fs[0].ID))
					h.does(h.accept(w.secretary, fs[0].ID))
					hit = h.breaksOff(db, what, n) || hit
					h.onceOnly(c, w.units[0], w.community)
					h.rate(c, w.units[0], 1)
				}
			}
		})
	}
}

// breaksOff has the background work fail at the nth call, and then be done. It says whether so many were made.
func (h *house) breaksOff(db *shaky, what trouble, n int) bool {
	h.t.Helper()
	db.arm(what, n, nil)
	err := h.Settle(h.t.Context())
	fired := db.calm()
	if err != nil && !errors.Is(err, store.ErrUnavailable) {
		h.t.Fatalf("%s at call %d: %v", what.name, n, err)
	}
	h.settle()
	return fired
}
