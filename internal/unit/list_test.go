package unit_test

import (
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/unit"
)

func names(c *unit.ResidentUnitConnection) string {
	var all []string
	for _, n := range c.Nodes() {
		all = append(all, n.Name)
	}
	return strings.Join(all, " ")
}

// three are b in garden and mill, c in mill, a in pier, registered in this order.
func (w *world) three(t *testing.T) {
	t.Helper()
	for i, u := range []struct {
		name string
		kind unit.Kind
		to   []id.Organisation
	}{{"b", unit.School, []id.Organisation{w.garden, w.mill}}, {"c", unit.Bank, []id.Organisation{w.mill}}, {"a", unit.School, []id.Organisation{w.pier}}} {
		in := school(i, u.to...)
		in.Name, in.Kind = u.name, u.kind
		w.made(t, in)
	}
}

func TestEveryFilterAndOrderIsServed(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	by := func(f unit.OrderField, d page.Direction) *unit.ResidentUnitOrder {
		return &unit.ResidentUnitOrder{Field: f, Direction: d}
	}
	schools := &unit.ResidentUnitFilter{Kind: &unit.Choice{Eq: new(unit.School)}}
	in := func(c *organisation.Choice) *unit.ResidentUnitFilter { return &unit.ResidentUnitFilter{Community: c} }
	for _, tt := range []struct {
		name string
		f    *unit.ResidentUnitFilter
		o    *unit.ResidentUnitOrder
		want string
	}{
		{"all by name", nil, nil, "a b c"},
		{"all as registered", nil, by(unit.OrderByCreated, page.Ascending), "b c a"},
		{"the last changed first", nil, by(unit.OrderByUpdated, page.Descending), "a c b"},
		{"of a kind", schools, by(unit.OrderByName, page.Descending), "b a"},
		{"of a community", in(&organisation.Choice{Eq: &w.mill}), nil, "b c"},
		{"of two communities, each once", in(&organisation.Choice{In: []id.Organisation{w.garden, w.mill}}), by(unit.OrderByCreated, page.Descending), "c b"},
		{"of a community and a kind", &unit.ResidentUnitFilter{Community: &organisation.Choice{Eq: &w.mill}, Kind: schools.Kind}, nil, "b"},
		{"of a sub-district", &unit.ResidentUnitFilter{SubDistrict: &organisation.Choice{Eq: &w.street}}, nil, "b"},
		{"of a district", &unit.ResidentUnitFilter{District: &organisation.Choice{Eq: &w.north}}, by(unit.OrderByUpdated, page.Ascending), "b c"},
		{"by credit code in small letters", &unit.ResidentUnitFilter{CreditCode: &unit.CreditCodeChoice{Eq: new(strings.ToLower(unit.ExampleCode(1)))}}, nil, "c"},
		{"by several credit codes", &unit.ResidentUnitFilter{CreditCode: &unit.CreditCodeChoice{In: []string{unit.ExampleCode(2), unit.ExampleCode(1), unit.ExampleCode(9)}}}, nil, "a c"},
		{"by the beginning of a name", &unit.ResidentUnitFilter{Name: &organisation.NameChoice{StartsWith: new("b")}}, nil, "b"},
		{"not of a community", &unit.ResidentUnitFilter{Not: in(&organisation.Choice{Eq: &w.mill})}, nil, "a"},
		{"either of two", &unit.ResidentUnitFilter{Or: []*unit.ResidentUnitFilter{schools, in(&organisation.Choice{Eq: &w.garden})}}, nil, "a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := w.List(t.Context(), tt.f, tt.o, page.Args{})
			if err != nil || names(got) != tt.want {
				t.Fatalf("got %q, %v; want %q", names(got), err, tt.want)
			}
			n, err := got.TotalCount(t.Context())
			if want := len(strings.Fields(tt.want)); err != nil || n == nil || *n != want {
				t.Errorf("counted %v, %v; want %d", n, err, want)
			}
		})
	}
}

func TestTheUnitsOfACommunityNeedABound(t *testing.T) {
	w := newWorld(t)
	w.three(t)
	_, err := w.ListOf(t.Context(), w.mill, nil, nil, page.Args{})
	wants(t, err, fault.CodeBadPage, "first")
	got, err := w.ListOf(t.Context(), w.mill, nil, nil, page.Args{First: new(1)})
	if err != nil || names(got) != "b" || !got.PageInfo.HasNextPage {
		t.Errorf("got %q, %v", names(got), err)
	}
}
