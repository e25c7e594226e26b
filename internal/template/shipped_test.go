package template

import (
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
)

func TestWhatComesWithTheProgramServesEveryTypeOfCommunity(t *testing.T) {
	h := newHouse(t)
	all, err := h.Templates(t.Context(), nil, nil, nil, page.Args{First: new(100)})
	if err != nil || len(all.Edges) < 12 {
		t.Fatalf("%d templates, %v", len(all.Edges), err)
	}
	clauses, err := h.Clauses(t.Context(), nil, nil, nil, page.Args{First: new(100)})
	if err != nil || len(clauses.Edges) < 24 {
		t.Fatalf("%d clauses, %v", len(clauses.Edges), err)
	}
	for _, topic := range Topics() {
		if !slices.ContainsFunc(clauses.Nodes(), func(c *LibraryClause) bool { return c.Topic == topic }) {
			t.Errorf("no clause on %s", topic)
		}
	}
	for _, of := range CommunityTypes() {
		kinds := map[UnitKind]bool{}
		for _, m := range all.Nodes() {
			if slices.Contains(m.CommunityTypes, of) {
				for _, k := range m.UnitKinds {
					kinds[k] = true
				}
			}
		}
		if len(kinds) < 4 {
			t.Errorf("%s has templates for %v alone", of, kinds)
		}
	}
	three := slices.ContainsFunc(all.Nodes(), func(m *Template) bool {
		return len(m.Roles) == 2 && slices.Contains(m.CommunityTypes, "COMMERCIAL") && slices.Contains(m.Roles[0].UnitKinds, "PROPERTY_MANAGER")
	})
	if !three {
		t.Error("no template of three parties with a property manager")
	}
}

// Every rhythm falls due within the duration, and every place is filled, in both languages.
func TestWhatComesWithTheProgramCanBeFilledWholly(t *testing.T) {
	h := newHouse(t)
	all, err := h.Templates(t.Context(), nil, nil, nil, page.Args{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all.Nodes() {
		for _, l := range []lang{chinese, english} {
			w := &filler{in: DraftInput{EffectiveOn: "2026-05-01"}, lang: l, body: &m.Body, host: organisation.Facts{ID: estate, Name: "H"}}
			w.parts = map[string]organisation.Facts{}
			for _, r := range m.Roles {
				w.parts[r.Key] = organisation.Facts{ID: school, Name: "P"}
			}
			w.fill()
			for _, s := range texts(&w.filled) {
				if s == "" || placeholder.MatchString(s) {
					t.Errorf("%s: %q", m.Title.Zh, s)
				}
			}
			for _, c := range w.filled.Commitments {
				if c.Recurrence == nil {
					continue
				}
				rule, err := recurrence.Parse(*c.Recurrence)
				if err != nil {
					t.Fatal(err)
				}
				if days, err := recurrence.Dates(rule, w.filled.EffectiveOn, w.filled.EndsOn); err != nil || len(days) == 0 {
					t.Errorf("%s: %q is never due: %v", m.Title.Zh, c.Action, err)
				}
			}
		}
	}
}

func texts(f *Filled) []string {
	all := []string{f.Title, f.Purpose}
	for _, c := range f.Clauses {
		all = append(all, c.Heading, c.Body)
	}
	for _, c := range f.Commitments {
		all = append(all, c.Action)
	}
	return all
}

func TestStartingAgainBringsNothingTwiceAndKeepsWhatPeopleHaveChanged(t *testing.T) {
	h := newHouse(t)
	key := shippedTemplate("commercial-school")
	was, err := h.Template(t.Context(), key)
	if err != nil || !was.BuiltIn {
		t.Fatalf("got %+v, %v", was, err)
	}
	mine, err := h.Revise(h.admin(), ReviseInput{Change: change(was.Version), ID: key, Text: sound()})
	if err != nil {
		t.Fatal(err)
	}
	clause, err := h.Clause(t.Context(), shippedClause("costs"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.RetireClause(h.admin(), RetireClauseInput{change(clause.Version), clause.ID}); err != nil {
		t.Fatal(err)
	}
	before, err := h.Templates(t.Context(), nil, nil, nil, page.Args{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	h.time = h.time.Add(time.Hour)
	h.reopen()
	after, err := h.Templates(t.Context(), nil, nil, nil, page.Args{First: new(100)})
	if err != nil || len(after.Edges) != len(before.Edges) {
		t.Fatalf("%d, then %d: %v", len(before.Edges), len(after.Edges), err)
	}
	if got, _ := h.Template(t.Context(), key); got.Version != mine.Version || got.Title.Zh != "{host}三方契约" {
		t.Errorf("got %+v", got)
	}
	if got, _ := h.Clause(t.Context(), clause.ID); got.Status != Retired {
		t.Errorf("a retired clause is %s", got.Status)
	}
}

func TestANewerEditionComesAsAVersionUnlessPeopleHaveRevised(t *testing.T) {
	h := newHouse(t)
	all, err := readShipped[ClauseBodyInput]("shipped/clauses.json")
	if err != nil {
		t.Fatal(err)
	}
	text := all[1].Text
	text.Body = both("自定", "Ours")
	mine, err := h.Clause(t.Context(), shippedClause(all[1].Key))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ReviseClause(h.admin(), ReviseClauseInput{Change: change(mine.Version), ID: mine.ID, Text: text}); err != nil {
		t.Fatal(err)
	}
	for i := range all[:2] {
		all[i].Edition, all[i].Text.Body = 2, both("新版", "Newer")
	}
	for range 2 {
		if err := h.shipClauses(authz.AsSystem(t.Context()), all); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"新版", "自定"} {
		got, err := h.Clause(t.Context(), shippedClause(all[i].Key))
		if err != nil || got.Text.Zh != want || got.TextVersion != 2 {
			t.Errorf("%s: version %d, %q, %v", all[i].Key, got.TextVersion, got.Text.Zh, err)
		}
	}
	templates, err := readShipped[BodyInput]("shipped/templates.json")
	if err != nil {
		t.Fatal(err)
	}
	templates[0].Edition, templates[0].Text.Title = 2, both("新版", "Newer")
	if err := h.shipTemplates(authz.AsSystem(t.Context()), templates); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Template(t.Context(), shippedTemplate(templates[0].Key)); err != nil || got.Title.Zh != "新版" || got.TextVersion != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestACommunityIsShownWhatItCanUse(t *testing.T) {
	h := newHouse(t)
	ours := h.made(h.officer(street), CreateInput{Text: sound()})
	theirs := h.made(h.officer(town), CreateInput{Text: sound()})
	gone := h.made(h.officer(street), CreateInput{Text: sound()})
	if _, err := h.Retire(h.officer(street), RetireInput{change(gone.Version), gone.ID}); err != nil {
		t.Fatal(err)
	}
	list := func(of id.Organisation, f *Filter) []id.Template {
		got, err := h.Templates(t.Context(), &of, f, &Order{OrderByRevised, page.Descending}, page.Args{First: new(100)})
		if err != nil {
			t.Fatal(err)
		}
		var ids []id.Template
		for _, m := range got.Nodes() {
			if !slices.Contains(m.CommunityTypes, "COMMERCIAL") && of == estate {
				t.Errorf("%s is not for it", m.Title.Zh)
			}
			ids = append(ids, m.ID)
		}
		return ids
	}
	got := list(estate, &Filter{Owner: &organisation.Choice{In: []id.Organisation{street, town}}})
	if !slices.Equal(got, []id.Template{ours.ID}) {
		t.Errorf("got %v, want just %s and neither %s nor %s", got, ours.ID, theirs.ID, gone.ID)
	}
	if got := list(estate, &Filter{UnitKind: &KindChoice{Eq: new(UnitKind("PROPERTY_MANAGER"))}}); len(got) != 3 {
		t.Errorf("%d templates with a property manager", len(got))
	}
	if got := list(nobody, nil); len(got) != 0 {
		t.Errorf("nobody can use %v", got)
	}
	_, err := h.Templates(t.Context(), new(school), nil, nil, page.Args{})
	refuses(t, err, CodeNotCommunity, "usableBy")
	clauses, err := h.Clauses(t.Context(), new(village), &ClauseFilter{Topic: &TopicChoice{Eq: new(AboutCosts)}}, nil, page.Args{})
	if err != nil || len(clauses.Edges) != 3 {
		t.Errorf("a village has %d clauses on costs, %v", len(clauses.Edges), err)
	}
}
