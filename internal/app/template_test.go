package app_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/template"
)

func TestACommunityDraftsFromATemplateThatItIsShownOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			school := &template.Filter{UnitKind: &template.KindChoice{Eq: new(template.UnitKind("SCHOOL"))}}
			list, err := h.Templates.Templates(t.Context(), &w.community, school, nil, page.Args{First: new(100)})
			must(t, err)
			var m *template.Template
			for _, n := range list.Nodes() {
				if len(n.Roles) == 1 {
					m = n
				}
			}
			if m == nil {
				t.Fatalf("no template for a school among %d", len(list.Edges))
			}
			c, err := h.DraftFrom(h.as(w.secretary), template.DraftInput{
				Template: m.ID, Host: template.ActorInput{Organisation: w.community},
				Partners: []template.PlayerInput{{Organisation: w.units[0]}}, EffectiveOn: "2026-04-01",
			})
			must(t, err)
			equal(t, "origin", c.Origin.Template, m.ID)
			equal(t, "commitments", len(c.Commitments), len(m.Promises))

			again := h.another(s.node())
			after, err := again.Templates.Templates(t.Context(), &w.community, school, nil, page.Args{First: new(100)})
			must(t, err)
			equal(t, "templates after another start", len(after.Edges), len(list.Edges))
		})
	}
}

func TestATemplateThatRenewsItselfMakesContractsThatDo(t *testing.T) {
	h := open(t, embedded(t).node())
	w := h.town(1)
	words := func(zh, en string) template.Words { return template.Words{Zh: zh, En: en} }
	m, err := h.Templates.Create(h.system(), template.CreateInput{Text: template.BodyInput{
		Title: words("护学契约", "Safe way to school"), Purpose: words("护学", "A safe way to school"),
		CommunityTypes: []template.CommunityType{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"},
		Partners:       []template.RoleInput{{Key: "teacher", Label: words("学校", "School"), UnitKinds: []template.UnitKind{"SCHOOL"}}},
		Clauses:        []template.ArticleInput{{Heading: new(words("总则", "General")), Body: new(words("双方共建。", "Both build together."))}},
		Commitments: []template.PromiseInput{
			{Provider: "teacher", Receivers: []string{"host"}, Action: words("值守路口", "Watch the crossing"), Recurrence: new("FREQ=WEEKLY;BYDAY=MO")},
		},
		Months: new(3), AutoRenew: new(true),
	}})
	must(t, err)
	drafted, err := h.DraftFrom(h.as(w.secretary), template.DraftInput{
		Template: m.ID, Host: template.ActorInput{Organisation: w.community},
		Partners: []template.PlayerInput{{Organisation: w.units[0]}}, EffectiveOn: "2026-03-02",
	})
	must(t, err)
	equal(t, "said by the draft", drafted.AutoRenew, true)
	h.signedByAll(w, h.laidOpen(w, drafted))
	h.settle()
	c := h.contract(drafted.ID)
	equal(t, "state", c.Status, contract.Active)
	equal(t, "still said when in force", c.AutoRenew, true)
	h.at("2026-04-10T12:00:00+08:00")
	next, err := h.Contracts.Successors(h.as(w.secretary), []id.Contract{c.ID})
	must(t, err)
	if next[0] == nil || next[0].Status != contract.Draft || next[0].EffectiveOn != c.EndsOn.AddDays(1) {
		t.Errorf("its renewal is %+v", next[0])
	}
}
