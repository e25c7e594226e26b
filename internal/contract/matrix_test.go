package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lifetable"
)

// everybody is one person of each way in which people stand to the contract of witnessed.
func everybody() []authz.Actor {
	return []authz.Actor{secretary, teacher, banker, clerk, steward, supervisor, auditor, witness, doctor, operator, nobody}
}

// life is the table of a contract's life as people read it.
func life(t *testing.T) []lifetable.Row {
	t.Helper()
	rows, err := lifetable.Read("../../docs/contract-life.md", "Contract")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// whom says which people the table's words mean, in the contract of witnessed.
func whom(t *testing.T, words []string) []authz.Actor {
	t.Helper()
	mean := map[string][]authz.Actor{
		"drafting party": {secretary}, "host": {secretary}, "partner": {teacher, banker, clerk},
		"any party":                {secretary, teacher, banker, clerk, witness},
		"invited party":            {teacher, banker, clerk, witness},
		"host or partner":          {secretary, teacher, banker, clerk},
		"signing right of a party": {secretary, teacher, banker, witness},
		"supervising body":         {supervisor},
		"time":                     {},
	}
	var out []authz.Actor
	for _, w := range words {
		people, known := mean[w]
		if !known {
			t.Fatalf("the table names %q, and nobody knows who that is", w)
		}
		out = append(out, people...)
	}
	return out
}

func among(people []authz.Actor, a authz.Actor) bool {
	return slices.ContainsFunc(people, func(p authz.Actor) bool { return p.Name == a.Name })
}

// situations are fresh contracts in a state, one for each situation in which its verbs find it.
func situations(s Status) []func(*house) *Contract {
	fresh := func(h *house) *Contract { return h.inState(s) }
	then := func(v Verb, by ...authz.Actor) func(*house) *Contract {
		return func(h *house) *Contract { return h.must(h.inState(s), v, by...) }
	}
	left := func(h *house) *Contract { return h.left(h.inState(s)) }
	switch s {
	case Negotiating:
		return []func(*house) *Contract{fresh, then(VerbRevise, teacher), then(VerbAgree, teacher, banker)}
	case Active:
		return []func(*house) *Contract{
			fresh, then(VerbSuspend, secretary), then(VerbTerminate, teacher), then(VerbSuspend, banker),
			then(VerbTerminate, secretary, teacher), then(VerbComplete, secretary), then(VerbNotice, banker), left,
		}
	case Suspended:
		return []func(*house) *Contract{
			fresh, then(VerbResume, secretary), then(VerbTerminate, teacher), then(VerbResume, banker, teacher), then(VerbNotice, secretary), left,
		}
	}
	return []func(*house) *Contract{fresh}
}

// inState brings a fresh contract into a state, by its verbs alone.
func (h *house) inState(s Status) *Contract {
	h.t.Helper()
	before := func() *Contract { return h.drafted(witnessed(), secretary) }
	switch s {
	case Negotiating:
		return h.must(before(), VerbPropose, secretary)
	case Signing:
		return h.opened(before())
	case Signed:
		return h.signed(before())
	case Cancelled:
		return h.must(before(), VerbCancel, secretary)
	case Declined:
		return h.must(h.must(before(), VerbPropose, secretary), VerbDecline, teacher, banker)
	case Active:
		return h.inForce()
	case Suspended:
		return h.must(h.inForce(), VerbSuspend, secretary, teacher, banker)
	case Terminated:
		return h.must(h.inForce(), VerbTerminate, secretary, teacher, banker)
	case Completed:
		return h.later(h.must(h.inForce(), VerbComplete, secretary), ObjectFor)
	case Expired:
		return h.later(h.inForce(), 365*oneDay)
	}
	return before()
}

// reads says who reads a contract, as the plan has it: parties, those that have exited, and the bodies above.
func reads(c *Contract, a authz.Actor) bool {
	of := map[string]id.Organisation{"teacher": school, "banker": bank, "clerk": bank}
	if p := c.Party(of[a.Name]); p != nil && p.State == Left {
		return false
	}
	return !among([]authz.Actor{doctor, operator, nobody}, a)
}

// done notes which cases of the table went through.
type done map[string]bool

func TestEveryVerbInEveryStateByEverybody(t *testing.T) {
	rows, went := life(t), done{}
	for _, s := range Statuses() {
		for n, situation := range situations(s) {
			t.Run(fmt.Sprintf("%s %d", s, n), func(t *testing.T) {
				h := newHouse(t)
				c := situation(h)
				if c.Status != s {
					t.Fatalf("it is %s", c.Status)
				}
				for _, v := range Verbs() {
					for _, a := range everybody() {
						t.Run(fmt.Sprintf("%s by %s", v, a.Name), func(t *testing.T) { h.tries(t, c, rows, went, v, a) })
					}
				}
			})
		}
	}
	for _, r := range rows {
		for _, a := range whom(t, r.Who) {
			if !went[strings.Join([]string{r.State, r.Verb, a.Name}, " ")] {
				t.Errorf("the table lets %s do %s in %s, and in no situation could they", a.Name, r.Verb, r.State)
			}
		}
	}
}

// tries does one verb as one person and compares with the table.
func (h *house) tries(t *testing.T, c *Contract, rows []lifetable.Row, went done, v Verb, a authz.Actor) {
	t.Helper()
	before := h.read(c)
	row := lifetable.Find(rows, string(before.Status), string(v))
	listed := row != nil && among(whom(t, row.Who), a)
	allowed := slices.Contains(h.AllowedActions(h.as(a), before), v)
	made, err := h.does(c, v, a)
	after := h.read(c)
	if allowed != (err == nil) {
		t.Errorf("said to be allowed: %v, but %v", allowed, err)
	}
	if err == nil {
		if !listed || !slices.Contains(row.To, string(after.Status)) {
			t.Errorf("went through, from %s to %s", before.Status, after.Status)
		}
		if v == VerbRenew {
			h.annul(made)
		}
		went[strings.Join([]string{string(before.Status), string(v), a.Name}, " ")] = true
		h.restore(before)
		return
	}
	if after.Version != before.Version || after.Status != before.Status {
		t.Errorf("a refused verb left a trace: version %d to %d", before.Version, after.Version)
	}
	h.refusal(t, before, v, a, err)
}

// refusal checks that a refusal says neither too much nor too little.
func (h *house) refusal(t *testing.T, c *Contract, v Verb, a authz.Actor, err error) {
	t.Helper()
	f := fault.Of(err)
	switch byRole := access.Table().Allows(a, v.Action(), c); {
	case !reads(c, a):
		refuses(t, err, fault.CodeNotFound, "")
	case !byRole && v == VerbSign:
		if !fault.Is(err, CodeNoSigningRight) && !fault.Is(err, CodeNotAParty) {
			t.Errorf("want a reason of signing, got %v", err)
		}
	case !byRole:
		refuses(t, err, fault.CodeForbidden, "")
	case f.Kind != fault.Refused && f.Kind != fault.Forbidden:
		t.Errorf("want a refusal, got %v", err)
	case len(Targets(c.Status, v)) == 0 && !fault.Is(err, CodeWrongState) && !fault.Is(err, CodeAlreadySigned):
		t.Errorf("want the state's refusal, got %v", err)
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

func TestTheTableThatPeopleReadIsTheProgramsOwn(t *testing.T) {
	rows := life(t)
	for _, s := range Statuses() {
		for _, v := range append(Verbs(), TimeVerbs()...) {
			var want []Status
			if r := lifetable.Find(rows, string(s), string(v)); r != nil {
				for _, to := range r.To {
					want = append(want, Status(to))
				}
				if slices.Contains(TimeVerbs(), v) != slices.Equal(r.Who, []string{"time"}) {
					t.Errorf("%s in %s is done by %v", v, s, r.Who)
				}
			}
			if got := Targets(s, v); !slices.Equal(got, want) {
				t.Errorf("%s in %s leads to %v, and the table says %v", v, s, got, want)
			}
		}
	}
	for _, r := range rows {
		if !slices.Contains(VerbsOf(Status(r.State)), Verb(r.Verb)) {
			t.Errorf("the table has %s in %s, and the program has not", r.Verb, r.State)
		}
	}
}

func TestEveryVerbHasItsLineInTheTableOfWhoMayDoWhat(t *testing.T) {
	for _, v := range append(Verbs(), TimeVerbs()...) {
		if _, ok := access.Table().Rule(v.Action()); !ok {
			t.Errorf("%s: no rule for %q", v, v.Action())
		}
	}
}

func TestAnOutsiderFindsNothing(t *testing.T) {
	h := newHouse(t)
	c := h.signed(h.drafted(draft(), secretary))
	for _, a := range []authz.Actor{doctor, operator, nobody} {
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
