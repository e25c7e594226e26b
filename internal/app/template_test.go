package app_test

import (
	"testing"

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

			again := open(t, s.node())
			after, err := again.Templates.Templates(t.Context(), &w.community, school, nil, page.Args{First: new(100)})
			must(t, err)
			equal(t, "templates after another start", len(after.Edges), len(list.Edges))
		})
	}
}
