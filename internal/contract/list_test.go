package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func first(n int) page.Args { return page.Args{First: &n} }

// several drafts contracts of which each ends a month later than the one before.
func (h *house) several(n int) []*Contract {
	h.t.Helper()
	var out []*Contract
	for i := range n {
		now := h.clock.Load().Add(time.Minute)
		h.clock.Store(&now)
		in := draft()
		in.Title = fmt.Sprintf("契约 %d", i)
		in.EndsOn = scalar.DateOf(time.Date(2027, time.Month(1+i), 15, 0, 0, 0, 0, time.UTC), time.UTC)
		out = append(out, h.drafted(in, secretary))
	}
	return out
}

func TestListsComeInTheOrderAskedFor(t *testing.T) {
	h := newHouse(t)
	cs := h.several(5)
	now := h.clock.Load().Add(time.Minute)
	h.clock.Store(&now)
	h.must(cs[2], VerbPropose, secretary)
	for _, c := range []struct {
		by   *Order
		want []int
	}{
		{nil, []int{2, 4, 3, 1, 0}},
		{&Order{OrderByUpdated, page.Ascending}, []int{0, 1, 3, 4, 2}},
		{&Order{OrderByCreated, page.Descending}, []int{4, 3, 2, 1, 0}},
		{&Order{OrderByEndsOn, page.Ascending}, []int{0, 1, 2, 3, 4}},
		{&Order{OrderByEndsOn, page.Descending}, []int{4, 3, 2, 1, 0}},
	} {
		for _, a := range []authz.Actor{secretary, teacher, supervisor, auditor, steward} {
			l, err := h.Contracts(h.as(a), nil, c.by, first(10))
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, n := range l.Nodes() {
				got = append(got, slices.IndexFunc(cs, func(c *Contract) bool { return c.ID == n.ID }))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s by %+v: %v, want %v", a.Name, c.by, got, c.want)
			}
		}
	}
}

func TestFiltersChoose(t *testing.T) {
	h := newHouse(t)
	cs := h.several(4)
	h.must(cs[1], VerbPropose, secretary)
	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"state":        {Filter{Status: &StatusChoice{Eq: new(Negotiating)}}, 1},
		"states":       {Filter{Status: &StatusChoice{In: []Status{Draft, Negotiating}}}, 4},
		"party":        {Filter{Party: &organisation.Choice{Eq: new(bank)}}, 4},
		"no party":     {Filter{Party: &organisation.Choice{Eq: new(hospital)}}, 0},
		"host":         {Filter{Host: &organisation.Choice{Eq: new(host)}}, 4},
		"sub-district": {Filter{SubDistrict: &organisation.Choice{Eq: new(south)}}, 0},
		"district":     {Filter{District: &organisation.Choice{Eq: new(xi)}}, 4},
		"ends before":  {Filter{EndsOn: &DateRange{Lt: date("2027-03-01")}}, 2},
		"in force on":  {Filter{EffectiveOn: &DateRange{Lte: date("2026-04-01")}, EndsOn: &DateRange{Gte: date("2027-04-15")}}, 1},
		"changed":      {Filter{UpdatedAt: &TimeRange{Gt: h.clock.Load()}}, 0},
		"or":           {Filter{Or: []*Filter{{Status: &StatusChoice{Eq: new(Negotiating)}}, {EndsOn: &DateRange{Eq: date("2027-01-15")}}}}, 2},
		"not":          {Filter{Not: &Filter{Status: &StatusChoice{Eq: new(Draft)}}}, 1},
		"and":          {Filter{And: []*Filter{{Status: &StatusChoice{Eq: new(Draft)}}, {EndsOn: &DateRange{Gt: date("2027-01-15")}}}}, 2},
	} {
		for _, a := range []authz.Actor{secretary, banker, supervisor} {
			l, err := h.Contracts(h.as(a), &c.f, &Order{OrderByEndsOn, page.Descending}, first(10))
			if err != nil || len(l.Edges) != c.want {
				t.Errorf("%s, %s: %v, %d of %d", name, a.Name, err, len(l.Edges), c.want)
			}
		}
	}
	deep := &Filter{Not: &Filter{Not: &Filter{Not: &Filter{}}}}
	if _, err := h.Contracts(h.as(secretary), deep, nil, first(1)); !fault.Is(err, fault.CodeTooDeep) {
		t.Errorf("three deep: %v", err)
	}
}

func TestPagesGoThroughTheWholeListAndCursorsBelongToIt(t *testing.T) {
	h := newHouse(t)
	h.several(7)
	var after *string
	seen := map[string]bool{}
	for {
		l, err := h.Contracts(h.as(supervisor), nil, nil, page.Args{First: new(3), After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range l.Nodes() {
			seen[n.Key()] = true
		}
		if !l.PageInfo.HasNextPage {
			break
		}
		after = l.PageInfo.EndCursor
	}
	if len(seen) != 7 {
		t.Fatalf("saw %d", len(seen))
	}
	_, err := h.Contracts(h.as(supervisor), nil, &Order{OrderByEndsOn, page.Ascending}, page.Args{First: new(3), After: after})
	if !fault.Is(err, fault.CodeBadCursor) {
		t.Fatalf("a cursor of another order: %v", err)
	}
}

func TestWhoMayReadOneContractFindsItInTheList(t *testing.T) {
	h := newHouse(t)
	var cs []*Contract
	for _, parties := range [][]id.Organisation{{school}, {bank}, {school, bank}, {hospital}, {school, hospital, bank}} {
		in := draft()
		in.Commitments, in.Parties = nil, in.Parties[:1]
		for _, o := range parties {
			in.Parties = append(in.Parties, PartyInput{Organisation: o, Part: Partner})
		}
		if len(cs)%2 == 0 {
			in.Parties = append(in.Parties, PartyInput{Organisation: south, Part: Witness})
		}
		cs = append(cs, h.drafted(in, secretary))
	}
	cs[4] = h.must(cs[4], VerbPropose, secretary)
	cs[4] = h.must(cs[4], VerbDecline, doctor)
	table := access.Table()
	roles := []authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor, authz.Administrator}
	rapid.Check(t, func(r *rapid.T) {
		a := authz.Actor{Person: "per1_x", Name: "x"}
		for range rapid.IntRange(0, 3).Draw(r, "holdings") {
			a.Holdings = append(a.Holdings, authz.Holding{
				Role:         rapid.SampledFrom(roles).Draw(r, "role"),
				Organisation: rapid.SampledFrom([]id.Organisation{xi, north, south, host, school, bank, hospital}).Draw(r, "in"),
				Signing:      rapid.Bool().Draw(r, "signing"),
			})
		}
		by := rapid.SampledFrom([]*Order{nil, {OrderByEndsOn, page.Ascending}, {OrderByCreated, page.Descending}, {OrderByEffectiveOn, page.Ascending}}).Draw(r, "order")
		l, err := h.Contracts(h.as(a), nil, by, first(100))
		if err != nil {
			r.Fatal(err)
		}
		var got, want []string
		for _, n := range l.Nodes() {
			got = append(got, n.Key())
		}
		for _, c := range cs {
			one, err := h.Contract(h.as(a), c.ID)
			if may := table.Allows(a, access.ContractRead, h.read(c)); may != (err == nil && one != nil) {
				r.Fatalf("may %v, but %v", may, err)
			}
			if err == nil {
				want = append(want, c.Key())
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			r.Fatalf("%+v: list %v, one by one %v", a.Holdings, got, want)
		}
		if n, err := l.TotalCount(h.as(a)); err != nil || *n != len(want) {
			r.Fatalf("counts %v, %v", n, err)
		}
	})
}

func TestVersionsTellWhatEachChanged(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.drafted(draft(), secretary), VerbPropose, secretary)
	c, err := h.Revise(h.as(teacher), ReviseInput{
		Change: step(c).Change, ID: c.ID, Summary: new("加一条"),
		Clauses: []ClauseInput{{Heading: "新增", Body: "新条款"}, {Key: new("c1"), Heading: "总则", Body: "三方共建。"}},
		Commitments: []CommitmentInput{
			{Key: new("m1"), Provider: school, Receivers: []id.Organisation{host}, Action: "开放操场", Recurrence: new("FREQ=MONTHLY;BYMONTHDAY=1"), Weight: new(5)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Clauses[0].Key != "c2" || c.Clauses[1].Key != "c1" {
		t.Fatalf("keys: %s %s", c.Clauses[0].Key, c.Clauses[1].Key)
	}
	l, err := h.Versions(h.as(supervisor), c.ID, first(10))
	if err != nil || len(l.Edges) != 2 {
		t.Fatalf("%v, %d versions", err, len(l.Edges))
	}
	old, now := l.Nodes()[0], l.Nodes()[1]
	if len(old.Differences) != 0 || old.Number != 1 || old.Organisation != host || old.Text.Clauses[0].Body != "双方共建。" {
		t.Fatalf("%+v", old)
	}
	if now.Organisation != school || now.Summary != "加一条" {
		t.Fatalf("%+v", now)
	}
	var got []string
	for _, d := range now.Differences {
		got = append(got, string(d.Kind)+" "+strings.Join(d.Path, "."))
	}
	want := []string{
		"CHANGED clauses.c1.body", "ADDED clauses.c2", "CHANGED commitments.m1.weight", "REMOVED commitments.m2",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if d := now.Differences[0]; *d.Before != "双方共建。" || *d.After != "三方共建。" {
		t.Fatalf("%v %v", *d.Before, *d.After)
	}
	last, err := h.Versions(h.as(banker), c.ID, page.Args{Last: new(1)})
	if err != nil || len(last.Edges) != 1 || last.Nodes()[0].Number != 2 || len(last.Nodes()[0].Differences) == 0 {
		t.Fatalf("%v %+v", err, last)
	}
}

func TestAVersionThatWasNotKeptInTimeIsKeptByWhoAsks(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	sys := authz.AsSystem(t.Context())
	if err := h.texts.Remove(sys, access.ContractRevise, string(pastKey(c.ID, 1))); err != nil {
		t.Fatal(err)
	}
	if l, err := h.Versions(h.as(secretary), c.ID, first(5)); err != nil || len(l.Edges) != 1 {
		t.Fatalf("%v", err)
	}
}
