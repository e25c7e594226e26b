package community_test

import (
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func names(c *community.Connection) string {
	var all []string
	for _, n := range c.Nodes() {
		all = append(all, n.Common().Name)
	}
	return strings.Join(all, " ")
}

func (w *world) four(t *testing.T) {
	t.Helper()
	for _, c := range []struct {
		kind community.Kind
		name string
		in   id.Organisation
	}{
		{community.Resettlement, "d", w.street}, {community.Rural, "b", w.town}, {community.OldEstate, "c", w.street}, {community.Rural, "a", w.far},
	} {
		if _, err := w.Register(w.administrator(), community.RegisterCommunityInput{Type: c.kind, Name: c.name, SubDistrict: c.in}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryFilterAndOrderIsServed(t *testing.T) {
	w := newWorld(t)
	w.four(t)
	rural := &community.Filter{Type: &community.Choice{Eq: new(community.Rural)}}
	created := &community.Order{Field: community.OrderByCreated, Direction: page.Ascending}
	for _, tt := range []struct {
		name string
		f    *community.Filter
		o    *community.Order
		want string
	}{
		{"all by name", nil, nil, "a b c d"},
		{"all by name downwards", nil, &community.Order{Field: community.OrderByName, Direction: page.Descending}, "d c b a"},
		{"all as registered", nil, created, "d b c a"},
		{"the last changed first", nil, &community.Order{Field: community.OrderByUpdated, Direction: page.Descending}, "a c b d"},
		{"of a type", rural, created, "b a"},
		{"of some types", &community.Filter{Type: &community.Choice{In: []community.Kind{community.Rural, community.OldEstate}}}, created, "b c a"},
		{"of no type", &community.Filter{Type: &community.Choice{In: []community.Kind{}}}, nil, ""},
		{"of a strategy", &community.Filter{Strategy: &community.StrategyChoice{Eq: new(community.Governance)}}, nil, "c"},
		{"of some strategies", &community.Filter{Strategy: &community.StrategyChoice{In: []community.Strategy{community.Advancement, community.Development}}}, nil, "a b d"},
		{"of a type with another strategy", &community.Filter{Type: rural.Type, Strategy: &community.StrategyChoice{Eq: new(community.Governance)}}, nil, ""},
		{"of a sub-district", &community.Filter{SubDistrict: &organisation.Choice{Eq: &w.street}}, created, "d c"},
		{"of a district", &community.Filter{District: &organisation.Choice{Eq: &w.north}}, nil, "b c d"},
		{"of a district and a type", &community.Filter{District: &organisation.Choice{Eq: &w.north}, Type: rural.Type}, nil, "b"},
		{"by name", &community.Filter{Name: &organisation.NameChoice{Eq: new("c")}}, nil, "c"},
		{"by the beginning of a name, otherwise sorted", &community.Filter{Name: &organisation.NameChoice{StartsWith: new("b")}}, created, "b"},
		{"either of two", &community.Filter{Or: []*community.Filter{rural, {Name: &organisation.NameChoice{In: []string{"c", "b"}}}}}, nil, "a b c"},
		{"not one", &community.Filter{Not: rural}, created, "d c"},
		{"both of two", &community.Filter{And: []*community.Filter{rural, {District: &organisation.Choice{Eq: &w.south}}}}, nil, "a"},
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

func TestPagesFollowEachOtherAndCursorsHoldForTheirListAlone(t *testing.T) {
	w := newWorld(t)
	w.four(t)
	first, err := w.List(t.Context(), nil, nil, page.Args{First: new(3)})
	if err != nil || names(first) != "a b c" || !first.PageInfo.HasNextPage {
		t.Fatalf("got %q, %v", names(first), err)
	}
	next, err := w.List(t.Context(), nil, nil, page.Args{First: new(3), After: first.PageInfo.EndCursor})
	if err != nil || names(next) != "d" || next.PageInfo.HasNextPage {
		t.Fatalf("got %q, %v", names(next), err)
	}
	_, err = w.List(t.Context(), &community.Filter{Type: &community.Choice{Eq: new(community.Rural)}}, nil, page.Args{After: first.PageInfo.EndCursor})
	wants(t, err, fault.CodeBadCursor, "after")
	_, err = w.List(t.Context(), nil, nil, page.Args{First: new(101)})
	wants(t, err, fault.CodeBadPage, "first")
	in, err := w.ListIn(t.Context(), w.street, nil, nil, page.Args{Last: new(1)})
	if err != nil || names(in) != "d" {
		t.Errorf("got %q, %v", names(in), err)
	}
	_, err = w.ListIn(t.Context(), w.street, nil, nil, page.Args{})
	wants(t, err, fault.CodeBadPage, "first")
}

func TestAFilterThatReachesTooDeepIsRefused(t *testing.T) {
	w := newWorld(t)
	f := &community.Filter{}
	for range 3 {
		f = &community.Filter{Not: f}
	}
	_, err := w.List(t.Context(), f, nil, page.Args{})
	wants(t, err, fault.CodeTooDeep, "filter.not.not")
}
