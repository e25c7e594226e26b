package need

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func (w *world) lists(ctx context.Context, f *Filter) []id.Need {
	w.t.Helper()
	got, err := w.Needs(ctx, f, nil, page.Args{First: new(100)})
	w.fine(err)
	total, err := got.TotalCount(ctx)
	w.fine(err)
	var ids []id.Need
	for _, n := range got.Nodes() {
		ids = append(ids, n.ID)
	}
	if total != nil && *total != len(ids) {
		w.t.Errorf("%d listed, %d counted", len(ids), *total)
	}
	return ids
}

// people are one of each kind of reader.
func (w *world) people() map[string]context.Context {
	return map[string]context.Context{
		"secretary": w.secretary(), "steward": w.steward(), "own member": w.as(authz.Member, w.home), "supervisor": w.supervisor(),
		"auditor of the district": w.as(authz.Auditor, w.district), "claimant": w.unit(0), "neighbour": w.unit(1),
		"neighbour's member": w.as(authz.Member, w.units[1]), "stranger": w.stranger(), "stranger's supervisor": w.as(authz.Supervisor, w.town),
		"administrator": authz.With(w.t.Context(), authz.Actor{Person: "per1_a", Holdings: []authz.Holding{{Role: authz.Administrator}}}),
		"nobody":        w.nobody(),
	}
}

func TestANeedIsShownToThoseItIsAddressedTo(t *testing.T) {
	w := open(t)
	inner := "auditor of the district secretary steward supervisor"
	street := "auditor of the district claimant neighbour neighbour's member own member secretary steward supervisor"
	for visibility, want := range map[exchange.Visibility]string{
		exchange.ToOrganisations: "auditor of the district claimant own member secretary steward supervisor",
		exchange.ToSubDistrict:   street,
		exchange.ToDistrict:      street + " stranger stranger's supervisor",
		exchange.ToAll:           street + " stranger stranger's supervisor administrator nobody",
	} {
		n := w.published(func(in *Input) {
			in.Visibility = &visibility
			if visibility == exchange.ToOrganisations {
				in.Organisations = w.units[:1]
			}
		})
		readers := func() string {
			var who []string
			for name, ctx := range w.people() {
				_, err := w.Need(ctx, n.ID)
				if err == nil {
					who = append(who, name)
				}
				if listed := slices.Contains(w.lists(ctx, nil), n.ID); listed != (err == nil) {
					t.Errorf("%s to %s: listed %v, read %v", visibility, name, listed, err)
				}
			}
			slices.Sort(who)
			return strings.Join(who, " ")
		}
		if got := readers(); !sameWords(got, want) {
			t.Errorf("%s is read by %s", visibility, got)
		}
		c := w.claimed(0, n, 2)
		if _, err := w.WithdrawClaim(w.unit(0), exchange.WithdrawInput{ID: c.ID}); err != nil {
			t.Fatal(err)
		}
		_, err := w.Withdraw(w.secretary(), WithdrawInput{ID: n.ID, Change: change(w.reread(n))})
		w.fine(err)
		if got := readers(); !sameWords(got, inner+" claimant") {
			t.Errorf("withdrawn, %s is read by %s", visibility, got)
		}
	}
}

// sameWords says whether two lists of names are of the same people; names have spaces, so letters are compared.
func sameWords(a, b string) bool {
	sorted := func(s string) string {
		r := strings.Fields(s)
		slices.Sort(r)
		return strings.Join(r, " ")
	}
	return sorted(a) == sorted(b)
}

func TestWhatWasSaidWithAClaimIsForTheSidesAlone(t *testing.T) {
	w := open(t)
	n := w.published(func(in *Input) { in.Visibility, in.Organisations = new(exchange.ToOrganisations), w.units[:2] })
	_, err := w.Claim(w.unit(0), ClaimInput{Need: n.ID, Quantity: 2, Remark: new("周六可送")})
	w.fine(err)
	for name, tt := range map[string]struct {
		who         context.Context
		says, named bool
	}{
		"secretary": {w.secretary(), true, true}, "supervisor": {w.supervisor(), true, true}, "claimant": {w.unit(0), true, false}, "neighbour": {w.unit(1), false, false},
	} {
		got := w.seen(tt.who, n)
		c := got.Claims[0]
		if says := c.Remark != nil && c.By != ""; says != tt.says || (len(got.Named) > 0) != tt.named || (got.CollectedBy != "") != tt.named || c.Quantity != 2 {
			t.Errorf("%s sees %+v, named %v, collected by %q", name, c, got.Named, got.CollectedBy)
		}
	}
}

func TestListsAreFilteredAndSorted(t *testing.T) {
	w := open(t)
	meals := w.published(func(in *Input) { in.ValidUntil = "2027-01-31" })
	w.wait(time.Second)
	deeper := w.published(func(in *Input) {
		in.Category, in.Audiences, in.Visibility = "ELDERS_BELOW", []exchange.Audience{exchange.Elders, exchange.Families}, new(exchange.ToAll)
	})
	w.wait(time.Second)
	unit, err := w.Publish(w.unit(3), PublishInput{Need: new(input(func(in *Input) { in.Category = "HEALTH" }))})
	w.fine(err)
	w.claimed(5, unit, 10)
	for name, tt := range map[string]struct {
		f    Filter
		want []id.Need
	}{
		"all, the latest first": {Filter{}, []id.Need{unit.ID, deeper.ID, meals.ID}},
		"a category and below":  {Filter{FilterFields: exchange.FilterFields{Category: &exchange.CategoryChoice{Eq: new("ELDERS")}}}, []id.Need{deeper.ID}},
		"one of some":           {Filter{FilterFields: exchange.FilterFields{Category: &exchange.CategoryChoice{In: []string{"HEALTH", "ELDERS_MEALS"}}}}, []id.Need{unit.ID, meals.ID}},
		"a state":               {Filter{Status: &StatusChoice{Eq: new(Claimed)}}, []id.Need{unit.ID}},
		"a publisher":           {Filter{FilterFields: exchange.FilterFields{Publisher: &page.Choice[id.Organisation]{Eq: &w.home}}}, []id.Need{deeper.ID, meals.ID}},
		"an audience":           {Filter{FilterFields: exchange.FilterFields{Audience: &exchange.AudienceChoice{Eq: new(exchange.Families)}}}, []id.Need{deeper.ID}},
		"a visibility":          {Filter{FilterFields: exchange.FilterFields{Visibility: &exchange.VisibilityChoice{Eq: new(exchange.ToAll)}}}, []id.Need{deeper.ID}},
		"a claimant":            {Filter{FilterFields: exchange.FilterFields{Claimant: &page.Choice[id.Organisation]{Eq: &w.units[5]}}}, []id.Need{unit.ID}},
		"a sub-district":        {Filter{FilterFields: exchange.FilterFields{SubDistrict: &page.Choice[id.Organisation]{Eq: &w.street}}}, []id.Need{unit.ID, deeper.ID, meals.ID}},
		"not a kind":            {Filter{Not: &Filter{Kind: &KindChoice{Eq: new(Ordinary)}}}, nil},
		"either":                {Filter{Or: []*Filter{{Status: &StatusChoice{Eq: new(Claimed)}}, {FilterFields: exchange.FilterFields{Category: &exchange.CategoryChoice{Eq: new("ELDERS_MEALS")}}}}}, []id.Need{unit.ID, meals.ID}},
	} {
		if got := w.lists(w.secretary(), &tt.f); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	got, err := w.Needs(w.secretary(), nil, &exchange.Order{Field: exchange.OrderByValidUntil, Direction: page.Descending}, page.Args{First: new(1)})
	w.fine(err)
	if got.Edges[0].Node.ID != meals.ID || !got.PageInfo.HasNextPage {
		t.Error("the last day is not what it is sorted by")
	}
	if _, err := w.NeedsOf(w.secretary(), w.home, nil, nil, page.Args{}); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("a list within lists without a size: %v", err)
	}
	_, err = w.Needs(w.secretary(), &Filter{FilterFields: exchange.FilterFields{Category: &exchange.CategoryChoice{Eq: new("NONE")}}}, nil, page.Args{})
	refused(t, err, exchange.CodeCategoryUnknown, "filter.category")
	_, err = w.Needs(w.secretary(), &Filter{FilterFields: exchange.FilterFields{Category: &exchange.CategoryChoice{In: make([]string, 21)}}}, nil, page.Args{})
	refused(t, err, fault.CodeTooMany, "filter.category.in")
}

// What a list shows is what can be read one by one, whoever asks.
func TestWhatIsListedIsWhatMayBeRead(t *testing.T) {
	w := open(t)
	var all []*Need
	for i, v := range exchange.Visibilities() {
		for _, s := range []Status{Collected, Published} {
			in := input(func(in *Input) {
				in.Visibility = &v
				if v == exchange.ToOrganisations {
					in.Organisations = []id.Organisation{w.units[i], w.town}
				}
			})
			var n *Need
			var err error
			if s == Collected {
				n, err = w.Collect(w.stranger(), CollectInput{Need: in})
			} else {
				n, err = w.Publish(w.stranger(), PublishInput{Need: &in})
			}
			w.fine(err)
			all = append(all, n)
		}
	}
	organisations := []id.Organisation{w.home, w.away, w.street, w.town, w.district, w.units[0], w.units[1]}
	rapid.Check(t, func(rt *rapid.T) {
		a := authz.Actor{Person: "per1_x"}
		for range rapid.IntRange(0, 2).Draw(rt, "roles") {
			o := rapid.SampledFrom(organisations).Draw(rt, "in")
			r := rapid.SampledFrom([]authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor}).Draw(rt, "role")
			a.Holdings = append(a.Holdings, authz.Holding{Role: r, Organisation: o, Within: w.facts[o].Above})
		}
		ctx := authz.With(t.Context(), a)
		listed := w.lists(ctx, nil)
		for _, n := range all {
			_, err := w.Need(ctx, n.ID)
			if (err == nil) != slices.Contains(listed, n.ID) {
				rt.Fatalf("%+v reads %s (%s, %s): %v", a.Holdings, n.ID, n.Visibility, n.Status, err)
			}
		}
	})
}

func TestANeedGoesWhereItsPublisherGoes(t *testing.T) {
	w := open(t)
	n := w.published()
	f := w.facts[w.home]
	f.Above = []id.Organisation{w.town, w.district}
	w.facts[w.home] = f
	w.fine(w.Moved(t.Context(), w.home))
	w.fine(w.Moved(t.Context(), w.home)) // told twice
	w.fine(w.Written(t.Context(), n.ID))
	if _, err := w.Need(w.supervisor(), n.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("the body it has left reads it: %v", err)
	}
	if _, err := w.Need(w.unit(0), n.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("a unit there reads it: %v", err)
	}
	if got := w.seen(w.stranger(), n); got.SubDistricts[0] != w.town || got.Version != n.Version {
		t.Errorf("it lies in %v", got.SubDistricts)
	}
	w.tells(n, ToldPublished, ToldMoved)
}
