package contract

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// everybody is one person of each way in which people stand to the contract of draft, with a witness.
func everybody() []authz.Actor {
	return []authz.Actor{secretary, teacher, banker, clerk, steward, supervisor, auditor, witness, doctor, nobody}
}

// inState brings a fresh contract into a state.
func (h *house) inState(s Status) *Contract {
	h.t.Helper()
	in := draft()
	in.Parties = append(in.Parties, PartyInput{Organisation: south, Part: Witness})
	c := h.drafted(in, secretary)
	switch s {
	case Negotiating:
		return h.must(c, VerbPropose, secretary)
	case Signing:
		return h.opened(c)
	case Signed:
		return h.signed(c)
	case Cancelled:
		return h.must(c, VerbCancel, secretary)
	case Declined:
		c = h.must(c, VerbPropose, secretary)
		return h.must(c, VerbDecline, teacher, banker)
	case Draft:
		return c
	default:
		c = h.signed(c)
		return h.force(c, s)
	}
}

// force sets a state that the verbs of this room do not lead to.
func (h *house) force(c *Contract, s Status) *Contract {
	h.t.Helper()
	c, err := h.contracts.Touch(authz.AsSystem(h.t.Context()), access.ContractTime, string(c.ID), func(c *Contract) error {
		c.Status = s
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// byRole says whether the table of who may do what lets somebody do a verb at all, as written by hand from the plan.
func byRole(v Verb, a authz.Actor) bool {
	people := map[Verb][]authz.Actor{
		VerbRevise: {secretary, teacher, banker, clerk, witness}, VerbRequestChanges: {secretary, teacher, banker, clerk, witness},
		VerbAgree: {secretary, teacher, banker, clerk, witness}, VerbDecline: {secretary, teacher, banker, clerk, witness},
		VerbReopen: {secretary, teacher, banker, clerk, witness}, VerbPropose: {secretary}, VerbCancel: {secretary},
		VerbOpen: {secretary}, VerbSign: {secretary, teacher, banker, witness},
	}
	return slices.ContainsFunc(people[v], func(p authz.Actor) bool { return p.Name == a.Name })
}

// stateHas is the plan's table of verbs by state, written out again by hand.
func stateHas(s Status, v Verb) bool {
	has := map[Status][]Verb{
		Draft:       {VerbRevise, VerbPropose, VerbCancel},
		Negotiating: {VerbRevise, VerbRequestChanges, VerbAgree, VerbDecline, VerbCancel, VerbOpen},
		Signing:     {VerbSign, VerbReopen, VerbCancel},
	}
	return slices.Contains(has[s], v)
}

// reads says who reads the contract in a state, as the plan has it.
func reads(s Status, a authz.Actor) bool {
	gone := s == Declined && slices.Contains([]string{"teacher", "banker", "clerk"}, a.Name)
	return !gone && !slices.Contains([]string{"doctor", ""}, a.Name)
}

func TestEveryVerbInEveryStateByEverybody(t *testing.T) {
	for _, s := range Statuses() {
		t.Run(string(s), func(t *testing.T) {
			h := newHouse(t)
			c := h.inState(s)
			for _, v := range Verbs() {
				for _, a := range everybody() {
					t.Run(fmt.Sprintf("%s by %s", v, a.Name), func(t *testing.T) { h.tries(t, c, s, v, a) })
				}
			}
		})
	}
}

// tries does one verb as one person on a contract of its own and compares with the plan.
func (h *house) tries(t *testing.T, c *Contract, s Status, v Verb, a authz.Actor) {
	t.Helper()
	before := h.read(c)
	allowed := slices.Contains(h.AllowedActions(h.as(a), before), v)
	_, err := h.does(c, v, a)
	after := h.read(c)
	if allowed != (err == nil) {
		t.Errorf("said to be allowed: %v, but %v", allowed, err)
	}
	switch {
	case err == nil:
		if !byRole(v, a) || !stateHas(s, v) || !slices.Contains(Targets(s, v), after.Status) {
			t.Errorf("went through, from %s to %s", s, after.Status)
		}
		h.restore(before)
		return
	case !reads(s, a) && !byRole(v, a):
		refuses(t, err, fault.CodeNotFound, "")
	case !byRole(v, a) && v == VerbSign:
		if !fault.Is(err, CodeNoSigningRight) && !fault.Is(err, CodeNotAParty) {
			t.Errorf("want a reason of signing, got %v", err)
		}
	case !byRole(v, a):
		refuses(t, err, fault.CodeForbidden, "")
	case !stateHas(s, v):
		if !fault.Is(err, CodeWrongState) && !fault.Is(err, CodeAlreadySigned) && !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("want the state's refusal, got %v", err)
		}
	}
	if after.Version != before.Version || after.Status != s {
		t.Errorf("a refused verb left a trace: version %d to %d", before.Version, after.Version)
	}
}

// restore puts a contract back to what it was, so that the next verb finds the same state.
func (h *house) restore(was *Contract) {
	h.t.Helper()
	_, err := h.contracts.Touch(authz.AsSystem(h.t.Context()), access.ContractTime, string(was.ID), func(c *Contract) error {
		m := c.Record
		*c = *was
		c.Record = m
		c.Version = was.Version
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestTheTableOfVerbsIsThePlans(t *testing.T) {
	for _, s := range Statuses() {
		for _, v := range Verbs() {
			if got := len(Targets(s, v)) > 0; got != stateHas(s, v) {
				t.Errorf("%s in %s: %v", v, s, got)
			}
		}
	}
	if got := Targets(Signed, VerbActivate); !slices.Equal(got, []Status{Active}) {
		t.Error(got)
	}
	if got := VerbsOf(Active); !slices.Equal(got, []Verb{VerbExpire}) {
		t.Error(got)
	}
}

func TestEveryVerbHasItsLineInTheTableOfWhoMayDoWhat(t *testing.T) {
	for _, v := range append(Verbs(), VerbActivate, VerbExpire) {
		if _, ok := access.Table().Rule(v.Action()); !ok {
			t.Errorf("%s: no rule for %q", v, v.Action())
		}
	}
}

func TestAnOutsiderFindsNothing(t *testing.T) {
	h := newHouse(t)
	c := h.signed(h.drafted(draft(), secretary))
	for _, a := range []authz.Actor{doctor, nobody} {
		ctx := h.as(a)
		if _, err := h.Contract(ctx, c.ID); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s: contract: %v", a.Name, err)
		}
		if got, err := h.Many(ctx, []id.Contract{c.ID}); err != nil || got[0] != nil {
			t.Errorf("%s: many: %v", a.Name, err)
		}
		if _, err := h.Commitment(ctx, c.Commitments[0].ID); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s: commitment: %v", a.Name, err)
		}
		if _, err := h.Versions(ctx, c.ID, first(1)); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s: versions: %v", a.Name, err)
		}
		l, err := h.Contracts(ctx, nil, nil, first(10))
		if err != nil || len(l.Edges) != 0 {
			t.Fatalf("%s: list: %v", a.Name, err)
		}
		if n, err := l.TotalCount(ctx); err != nil || *n != 0 {
			t.Errorf("%s: counts: %v", a.Name, err)
		}
	}
}
