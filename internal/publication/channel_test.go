package publication_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/publication"
)

func TestEveryStateAndVerbLeadsWhereTheTableSays(t *testing.T) {
	want := map[publication.Status]string{
		"": "PROPOSE:[PROPOSED PUBLISHED]", publication.Proposed: "PROPOSE:[PROPOSED PUBLISHED] AGREE:[PROPOSED PUBLISHED] WITHDRAW:[WITHDRAWN]",
		publication.Published: "PROPOSE:[PUBLISHED PROPOSED] AGREE:[PUBLISHED] WITHDRAW:[WITHDRAWN]", publication.Withdrawn: "PROPOSE:[PROPOSED PUBLISHED]",
	}
	for _, s := range append(publication.Statuses(), "") {
		got := ""
		for _, v := range publication.Verbs() {
			if to := publication.Targets(s, v); len(to) > 0 {
				if got != "" {
					got += " "
				}
				got += fmt.Sprintf("%s:%v", v, to)
			}
		}
		equal(t, string(s), got, want[s])
	}
}

// questions are filters of one fact each, with the field by which the fact is public.
func questions() map[string]struct {
	field publication.PublicField
	ask   *publication.Filter
} {
	type q = struct {
		field publication.PublicField
		ask   *publication.Filter
	}
	choice := func(o id.Organisation) *organisation.Choice { return &organisation.Choice{Eq: &o} }
	return map[string]q{
		"party":         {publication.Parties, &publication.Filter{Party: choice(school)}},
		"community":     {publication.Parties, &publication.Filter{Community: choice(host)}},
		"sub-district":  {publication.Parties, &publication.Filter{SubDistrict: choice(street)}},
		"district":      {publication.Parties, &publication.Filter{District: choice(district)}},
		"type":          {publication.Parties, &publication.Filter{CommunityType: &publication.CommunityTypeChoice{Eq: new(publication.CommunityType("COMMERCIAL"))}}},
		"state":         {publication.ContractState, &publication.Filter{Status: &publication.ContractStatusChoice{In: []publication.ContractStatus{"ACTIVE"}}}},
		"last day":      {publication.Period, &publication.Filter{EndsOn: &publication.DateRange{Lte: day("2027-03-01")}}},
		"first day":     {publication.Period, &publication.Filter{EffectiveOn: &publication.DateRange{Gte: day("2026-03-02")}}},
		"party, nested": {publication.Parties, &publication.Filter{Or: []*publication.Filter{{Party: choice(bank)}}}},
	}
}

func TestAFilterFindsNothingByWhatIsNotPublic(t *testing.T) {
	for _, field := range everything {
		w := open(t)
		c := w.sign("A")
		w.publish(t, c, field)
		for name, q := range questions() {
			found := len(w.listed(t, q.ask, nil)) == 1
			equal(t, fmt.Sprintf("%s where %s is public", name, field), found, field == q.field)
			// Asked the other way round it is no better: what is not public is as if it were not there.
			found = len(w.listed(t, &publication.Filter{Not: q.ask}, nil)) == 1
			equal(t, fmt.Sprintf("not %s where %s is public", name, field), found, field != q.field)
		}
	}
}

func TestAFilterOnTheWitnessOrOnWhoHasNotAgreedFindsNothing(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, everything...)
	for _, o := range []id.Organisation{witness, newcomer, unrelated} {
		equal(t, "by "+string(o), len(w.listed(t, &publication.Filter{Party: &organisation.Choice{Eq: &o}}, nil)), 0)
	}
}

func TestTheOrderTellsNothingOfAHiddenPeriod(t *testing.T) {
	w := open(t)
	ends := map[string]publication.PublicField{"2030-01-01": publication.Period, "2026-12-31": publication.Title, "2029-01-01": publication.Title, "2028-01-01": publication.Period}
	for e, field := range ends {
		c := w.sign(e)
		w.change(t, c, false, func(f *publication.Facts) { f.EndsOn = *day(e) })
		w.publish(t, c, field)
	}
	up := w.listed(t, nil, &publication.Order{Field: publication.OrderByEndsOn, Direction: page.Ascending})
	var got []string
	for _, p := range up {
		got = append(got, told(p.EndsOn))
	}
	equal(t, "order", strings.Join(got, " "), "- - 2028-01-01 2030-01-01")
	if !slices.IsSortedFunc(up[:2], func(a, b *publication.PublishedContract) int { return compare(a.ID, b.ID) }) {
		t.Error("hidden periods sort by something else than the identifier")
	}
}

func compare(a, b id.Published) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestListsFollowTheContract(t *testing.T) {
	w := open(t)
	c := w.sign("A")
	w.publish(t, c, publication.ContractState, publication.Parties)
	w.change(t, c, true, func(f *publication.Facts) { f.Status, f.SubDistrict = "EXPIRED", district })
	expired := &publication.ContractStatusChoice{Eq: new(publication.ContractStatus("EXPIRED"))}
	equal(t, "by its new state and place", len(w.listed(t, &publication.Filter{Status: expired, SubDistrict: &organisation.Choice{Eq: &district}}, nil)), 1)
	equal(t, "by its old one", len(w.listed(t, questions()["state"].ask, nil)), 0)
}

// model is the rule in its own words.
type model struct {
	deciding []id.Organisation
	proposed []publication.PublicField
	consents map[id.Organisation][]publication.PublicField
	public   []publication.PublicField
	alive    bool
}

func both(a, b []publication.PublicField) (out []publication.PublicField) {
	for _, f := range a {
		if slices.Contains(b, f) {
			out = append(out, f)
		}
	}
	return out
}

func (m *model) settle(spoken bool) {
	m.public = both(m.public, m.proposed)
	all := true
	for _, o := range m.deciding {
		m.public = both(m.public, m.consents[o])
		all = all && len(m.consents[o]) == len(m.proposed)
	}
	if spoken && all {
		m.public = m.proposed
	}
}

func TestNobodySeesWhatSomebodyHasNotAgreedToWhateverHappens(t *testing.T) {
	w := open(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		c := w.sign(fmt.Sprint("run", run))
		m := &model{deciding: []id.Organisation{host, school, bank}, consents: map[id.Organisation][]publication.PublicField{}}
		anyone := rapid.SampledFrom([]id.Organisation{host, school, bank, newcomer})
		t.Repeat(map[string]func(*rapid.T){
			"propose": func(t *rapid.T) { m.propose(t, w, c, anyone.Draw(t, "who")) },
			"agree": func(t *rapid.T) {
				o := anyone.Draw(t, "who")
				if m.alive && w.agree(t, o, c) == nil {
					m.consents[o] = m.proposed
					m.settle(true)
				}
			},
			"withdraw": func(t *rapid.T) {
				if m.alive && w.withdraw(t, anyone.Draw(t, "who"), c) == nil {
					*m = model{deciding: m.deciding, consents: map[id.Organisation][]publication.PublicField{}}
				}
			},
			"leave": func(t *rapid.T) {
				o := rapid.SampledFrom([]id.Organisation{school, bank, newcomer}).Draw(t, "who")
				w.change(t, c, rapid.Bool().Draw(t, "heard"), leaves(o))
				m.deciding = slices.DeleteFunc(m.deciding, func(x id.Organisation) bool { return x == o })
			},
			"join": func(t *rapid.T) {
				o := rapid.SampledFrom([]id.Organisation{school, bank, newcomer}).Draw(t, "who")
				if !slices.Contains(m.deciding, o) {
					m.deciding = append(m.deciding, o)
				}
				w.change(t, c, true, joins(o))
				m.settle(false)
			},
			"": func(t *rapid.T) { m.holds(t, w, c) },
		})
		if p := w.of(t, c); p != nil && p.Status != publication.Withdrawn { // the next run begins with an empty list
			must(t, w.withdraw(t, host, c))
		}
	})
}

func (m *model) propose(t *rapid.T, w *world, c id.Contract, o id.Organisation) {
	var fields []publication.PublicField
	for _, f := range everything {
		if rapid.Bool().Draw(t, string(f)) {
			fields = append(fields, f)
		}
	}
	if w.propose(t, o, c, fields...) != nil {
		return
	}
	if !slices.Contains(m.deciding, o) || len(fields) == 0 {
		t.Fatalf("%s proposed %v", o, fields)
	}
	m.alive, m.proposed = true, fields
	for x, was := range m.consents {
		m.consents[x] = both(was, fields)
	}
	m.consents[o] = fields
	m.settle(true)
}

// holds checks on every path that just what the rule allows is to be seen.
func (m *model) holds(t *rapid.T, w *world, c id.Contract) {
	p := w.seen(t, c)
	if p == nil {
		equal(t, "hidden though agreed", len(m.public), 0)
	} else {
		equal(t, "public", fmt.Sprint(p.PublicFields), fmt.Sprint(m.public))
		for field, there := range map[publication.PublicField]bool{
			publication.Title: p.Title != nil, publication.Purpose: p.Purpose != nil, publication.Parties: p.Parties != nil || p.Community != "" || p.SubDistrict != "" || p.District != "",
			publication.Period: p.EffectiveOn != nil || p.EndsOn != nil || p.TimeZone != nil, publication.ContractState: p.Status != nil,
			publication.Clauses: p.Clauses != nil, publication.Commitments: p.Commitments != nil, publication.Signatures: p.Signatures != nil,
		} {
			equal(t, string(field), there, slices.Contains(m.public, field))
		}
		for _, x := range p.Parties {
			if !slices.Contains(m.consents[x.Organisation], publication.Parties) {
				t.Fatalf("%s is named and has not agreed", x.Organisation)
			}
		}
	}
	for name, q := range questions() {
		if slices.Contains(m.public, q.field) {
			continue
		}
		if len(w.listed(t, q.ask, nil)) > 0 {
			t.Fatalf("found by its %s", name)
		}
	}
}
