package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lifetable"
)

// amendmentLife is the table of an amendment's life as people read it.
func amendmentLife(t *testing.T) []lifetable.Row {
	t.Helper()
	rows, err := lifetable.Read("../../docs/contract-life.md", "Amendment")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// whomAmends is whom with the words that only amendments have.
func whomAmends(t *testing.T, words []string) []authz.Actor {
	t.Helper()
	if slices.Equal(words, []string{"invited host or partner"}) {
		return []authz.Actor{teacher, banker, clerk}
	}
	return whom(t, words)
}

// amendmentIn brings a fresh amendment, drafted by the community, into a state, by its verbs alone.
func (h *house) amendmentIn(s AmendmentStatus) *Amendment {
	h.t.Helper()
	a := h.amend(h.inForce(), secretary, from("2026-05-01"))
	switch s {
	case AmendmentNegotiating:
		return h.altered(a, AmendPropose, secretary)
	case AmendmentSigning:
		return h.toSign(a)
	case AmendmentSigned:
		return h.signedByAll(a)
	case AmendmentApplied:
		a = h.signedByAll(a)
		h.at("2026-05-01T00:00:00Z")
		h.applies()
		return h.again(a)
	case AmendmentDeclined:
		return h.altered(h.altered(a, AmendPropose, secretary), AmendDecline, teacher)
	case AmendmentCancelled:
		return h.altered(a, AmendCancel, secretary)
	case AmendmentLapsed:
		c, err := h.Contract(system(h.t), a.Contract)
		if err != nil {
			h.t.Fatal(err)
		}
		h.must(c, VerbTerminate, secretary, teacher, banker)
		h.followed(c)
		return h.again(a)
	}
	return a
}

// amendmentSituations are fresh amendments in a state, one for each situation in which its verbs find it.
func amendmentSituations(s AmendmentStatus) []func(*house) *Amendment {
	fresh := func(h *house) *Amendment { return h.amendmentIn(s) }
	then := func(v AmendmentVerb, by ...authz.Actor) func(*house) *Amendment {
		return func(h *house) *Amendment { return h.altered(h.amendmentIn(s), v, by...) }
	}
	switch s {
	case AmendmentNegotiating:
		return []func(*house) *Amendment{fresh, then(AmendRevise, teacher), then(AmendAgree, teacher, banker)}
	case AmendmentSigning:
		return []func(*house) *Amendment{fresh, then(AmendSign, secretary, teacher)}
	}
	return []func(*house) *Amendment{fresh}
}

func TestEveryVerbOfAnAmendmentInEveryStateByEverybody(t *testing.T) {
	rows, went := amendmentLife(t), done{}
	for _, s := range AmendmentStatuses() {
		for n, situation := range amendmentSituations(s) {
			t.Run(fmt.Sprintf("%s %d", s, n), func(t *testing.T) {
				h := newHouse(t)
				a := situation(h)
				if a.Status != s {
					t.Fatalf("it is %s", a.Status)
				}
				for _, v := range AmendmentVerbs() {
					for _, who := range everybody() {
						t.Run(fmt.Sprintf("%s by %s", v, who.Name), func(t *testing.T) { h.triesAmendment(t, a, rows, went, v, who) })
					}
				}
			})
		}
	}
	for _, r := range rows {
		for _, who := range whomAmends(t, r.Who) {
			if !went[strings.Join([]string{r.State, r.Verb, who.Name}, " ")] {
				t.Errorf("the table lets %s do %s in %s, and in no situation could they", who.Name, r.Verb, r.State)
			}
		}
	}
}

// triesAmendment does one verb as one person and compares with the table.
func (h *house) triesAmendment(t *testing.T, a *Amendment, rows []lifetable.Row, went done, v AmendmentVerb, who authz.Actor) {
	t.Helper()
	before := h.again(a)
	row := lifetable.Find(rows, string(before.Status), string(v))
	listed := row != nil && among(whomAmends(t, row.Who), who)
	actions, err := h.AmendmentActions(h.as(who), []*Amendment{before})
	if err != nil {
		t.Fatal(err)
	}
	allowed := slices.Contains(actions[0], v)
	_, err = h.alters(a, v, who)
	after := h.again(a)
	if allowed != (err == nil) {
		t.Errorf("said to be allowed: %v, but %v", allowed, err)
	}
	if err == nil {
		if !listed || !slices.Contains(row.To, string(after.Status)) {
			t.Errorf("went through, from %s to %s", before.Status, after.Status)
		}
		went[strings.Join([]string{string(before.Status), string(v), who.Name}, " ")] = true
		h.forceAmendment(a, func(a *Amendment) {
			m := a.Record
			*a = *before
			a.Record = m
			a.Version = before.Version
		})
		return
	}
	if after.Version != before.Version || after.Status != before.Status {
		t.Errorf("a refused verb left a trace: version %d to %d", before.Version, after.Version)
	}
	h.amendmentRefusal(t, before, v, who, err)
}

func (h *house) amendmentRefusal(t *testing.T, a *Amendment, v AmendmentVerb, who authz.Actor, err error) {
	t.Helper()
	f := fault.Of(err)
	switch byRole := access.Table().Allows(who, v.Action(), a); {
	case among([]authz.Actor{doctor, operator, nobody}, who):
		refuses(t, err, fault.CodeNotFound, "")
	case !byRole && v == AmendSign:
		if !fault.Is(err, CodeNoSigningRight) && !fault.Is(err, CodeNotAParty) {
			t.Errorf("want a reason of signing, got %v", err)
		}
	case !byRole:
		refuses(t, err, fault.CodeForbidden, "")
	case f.Kind != fault.Refused && f.Kind != fault.Forbidden:
		t.Errorf("want a refusal, got %v", err)
	case len(AmendmentTargets(a.Status, v)) == 0 && !fault.Is(err, CodeAmendState) && !fault.Is(err, CodeAlreadySigned):
		t.Errorf("want the state's refusal, got %v", err)
	}
}

func TestTheTableOfAmendmentsThatPeopleReadIsTheProgramsOwn(t *testing.T) {
	rows := amendmentLife(t)
	for _, s := range AmendmentStatuses() {
		for _, v := range append(AmendmentVerbs(), AmendmentTimeVerbs()...) {
			var want []AmendmentStatus
			if r := lifetable.Find(rows, string(s), string(v)); r != nil {
				for _, to := range r.To {
					want = append(want, AmendmentStatus(to))
				}
				if slices.Contains(AmendmentTimeVerbs(), v) != slices.Equal(r.Who, []string{"time"}) {
					t.Errorf("%s in %s is done by %v", v, s, r.Who)
				}
			}
			if got := AmendmentTargets(s, v); !slices.Equal(got, want) {
				t.Errorf("%s in %s leads to %v, and the table says %v", v, s, got, want)
			}
			if _, ok := access.Table().Rule(v.Action()); !ok {
				t.Errorf("%s: no rule for %q", v, v.Action())
			}
		}
	}
	for _, r := range rows {
		if !slices.Contains(AmendmentVerbsOf(AmendmentStatus(r.State)), AmendmentVerb(r.Verb)) {
			t.Errorf("the table has %s in %s, and the program has not", r.Verb, r.State)
		}
	}
}
