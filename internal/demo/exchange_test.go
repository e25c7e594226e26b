package demo_test

import (
	"context"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/resource"
)

// So many needs and resources were gathered; people who take of a playbook add to them.
const gatheredNeeds, gatheredResources = 61, 42

// hasNeedsAndResources looks for both lists in whole, in every state, in days up to today, and claimed from both sides.
func hasNeedsAndResources(t *testing.T, a *app.App, cast demo.Cast) {
	t.Helper()
	ctx, claims := authz.AsSystem(t.Context()), map[exchange.ClaimStatus]int{}
	needs, lacked, wishes := map[need.Status]int{}, 0, 0
	for _, s := range need.Statuses() {
		f := need.Filter{Status: &need.StatusChoice{Eq: &s}}
		listed := whole(t, func(p page.Args) (*need.Connection, error) { return a.Needs.Needs(ctx, &f, nil, p) })
		for _, n := range listed {
			if n.Kind == need.MicroWish {
				wishes++
			}
			gathered(t, &n.Listing, n.CreatedAt, s == need.Expired, claims)
		}
		if needs[s], lacked = len(listed), lacked+len(listed); needs[s] == 0 {
			t.Errorf("no need is %s", s)
		}
	}
	resources, offered := map[resource.Status]int{}, 0
	for _, s := range resource.Statuses() {
		f := resource.Filter{Status: &resource.StatusChoice{Eq: &s}}
		listed := whole(t, func(p page.Args) (*resource.Connection, error) { return a.Resources.Resources(ctx, &f, nil, p) })
		for _, r := range listed {
			gathered(t, &r.Listing, r.CreatedAt, s == resource.Expired, claims)
		}
		if resources[s], offered = len(listed), offered+len(listed); resources[s] == 0 {
			t.Errorf("no resource is %s", s)
		}
	}
	for _, s := range []exchange.ClaimStatus{exchange.ClaimPending, exchange.ClaimAccepted, exchange.ClaimFulfilled} {
		if claims[s] == 0 {
			t.Errorf("no claim is %s: %v", s, claims)
		}
	}
	t.Logf("needs %v, %d of them micro-wishes; resources %v; claims %v", needs, wishes, resources, claims)
	if lacked < gatheredNeeds || offered < gatheredResources || wishes == 0 {
		t.Errorf("%d needs, %d of them micro-wishes, and %d resources", lacked, wishes, offered)
	}
	seesBothLists(t, a, cast)
}

// gathered looks at what is listed: it was not written down later than today, ends behind it unless it is over, and never has more
// claimed than there is.
func gathered(t *testing.T, l *exchange.Listing, written time.Time, over bool, claims map[exchange.ClaimStatus]int) {
	t.Helper()
	today := scalar.DateOf(now(), exchange.Zone())
	if made := scalar.DateOf(written, exchange.Zone()); made > today || (l.ValidUntil < today) != over {
		t.Errorf("%s was written down on %s and ends on %s", l.Title, made, l.ValidUntil)
	}
	held := int64(0)
	for _, c := range l.Claims {
		claims[c.Status]++
		if c.Status.Live() {
			held += c.Quantity
		}
	}
	if held != l.Taken || held > l.Quantity {
		t.Errorf("of %s %d of %d are claimed, counted as %d", l.Title, held, l.Quantity, l.Taken)
	}
}

// seesBothLists looks at the lists as somebody who is not signed in does, and as the secretary, who is shown more of the needs.
func seesBothLists(t *testing.T, a *app.App, cast demo.Cast) {
	t.Helper()
	count := func(ctx context.Context) (int, int) {
		needs := whole(t, func(p page.Args) (*need.Connection, error) { return a.Needs.Needs(ctx, nil, nil, p) })
		resources := whole(t, func(p page.Args) (*resource.Connection, error) { return a.Resources.Resources(ctx, nil, nil, p) })
		return len(needs), len(resources)
	}
	needs, resources := count(t.Context())
	more, also := count(actor(t, a, cast.Secretary))
	if needs == 0 || resources == 0 || more <= needs || also < resources {
		t.Errorf("the public sees %d needs and %d resources, the secretary %d and %d", needs, resources, more, also)
	}
}

// whole is a list in all its pages.
func whole[T any](t *testing.T, list func(page.Args) (*page.Connection[T], error)) []T {
	t.Helper()
	var all []T
	for args := (page.Args{First: new(100)}); ; {
		c, err := list(args)
		must(t, err)
		all = append(all, c.Nodes()...)
		if !c.PageInfo.HasNextPage {
			return all
		}
		args.After = c.PageInfo.EndCursor
	}
}
