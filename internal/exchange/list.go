package exchange

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name.
const (
	BySeers       = store.Each[string]("seers")
	ByCategory    = store.Field[string]("category")
	ByPublisher   = store.Field[id.Organisation]("publisher")
	ByType        = store.Field[CommunityType]("communityType")
	ByKind        = store.Field[UnitKind]("unitKind")
	BySubDistrict = store.Each[id.Organisation]("subDistricts")
	ByDistrict    = store.Each[id.Organisation]("districts")
	ByAudience    = store.Each[Audience]("audiences")
	ByVisibility  = store.Field[Visibility]("visibility")
	ByClaimant    = store.Each[id.Organisation]("claimants")
	ByValidUntil  = store.Field[scalar.Date]("validUntil")
	ByCreated     = store.Field[time.Time]("createdAt")
	ByDue         = store.Field[time.Time]("dueAt")
)

// Indexes serve who may read, in both orders: all there is for them, and what is of a category, a state, a publisher, a
// type of community. The rest that filters name is looked for among the best of these.
func Indexes(byStatus store.Order) (indexes []store.Index, narrow []store.Order) {
	indexes = []store.Index{store.Sparse(ByDue.Asc()), store.Lookup(ByPublisher.Asc(), ByCreated.Asc()), store.Lookup(byStatus, ByCreated.Asc())}
	for _, by := range []store.Order{ByCreated.Asc(), ByValidUntil.Asc()} {
		indexes = append(indexes, store.Lookup(BySeers.Asc(), by))
		for _, of := range []store.Order{ByCategory.Asc(), byStatus, ByPublisher.Asc(), ByType.Asc()} {
			indexes = append(indexes, store.Lookup(BySeers.Asc(), of, by))
		}
	}
	return indexes, []store.Order{
		ByKind.Asc(), BySubDistrict.Asc(), ByDistrict.Asc(), ByAudience.Asc(), ByVisibility.Asc(), ByClaimant.Asc(),
	}
}

// Columns say where the lists' index keeps who stands in which relation.
func Columns() authz.Columns {
	seen := func(word string) func(...id.Organisation) store.Filter {
		return func(as ...id.Organisation) store.Filter {
			keys := make([]string, len(as))
			for i, o := range as {
				keys[i] = word + string(o)
			}
			return BySeers.In(keys...)
		}
	}
	return authz.Columns{
		authz.Own: seen(seesAsOwn), authz.Above: seen(seesAsAbove), authz.Claiming: seen(seesAsClaimant), authz.Addressed: seen(seesAsAddressed),
	}
}

// These are the names under which the API binds filters.
type (
	// AudienceChoice chooses by for whom it is.
	AudienceChoice = page.Choice[Audience]
	// VisibilityChoice chooses by whom it is shown to.
	VisibilityChoice = page.Choice[Visibility]
	// CommunityTypeChoice chooses by the type of the community that publishes.
	CommunityTypeChoice = page.Choice[CommunityType]
	// UnitKindChoice chooses by what the unit that publishes is.
	UnitKindChoice = page.Choice[UnitKind]
)

// CategoryChoice chooses what is filed under categories, or under any below them.
type CategoryChoice struct {
	Eq *string
	In []string
}

// mostCategories bounds the codes that one filter names.
const mostCategories = 20

// atOnce is how many codes stand in one condition; the categories below a few can be more than a condition holds.
const atOnce = 100

func (d *Desk) filed(ctx context.Context, c *CategoryChoice) (store.Filter, error) {
	if c == nil {
		return store.Filter{}, nil
	}
	if len(c.In) > mostCategories {
		return store.Filter{}, fault.New(fault.Invalid, fault.CodeTooMany, "max", mostCategories).At("category", "in")
	}
	var all []store.Filter
	for _, codes := range [][]string{one(c.Eq), c.In} {
		if codes == nil {
			continue
		}
		below, err := d.Below(ctx, codes)
		if err != nil {
			return store.Filter{}, fault.Of(err).At("category")
		}
		var any []store.Filter
		for some := range slices.Chunk(below, atOnce) {
			any = append(any, ByCategory.In(some...))
		}
		all = append(all, store.Or(any...))
	}
	return store.And(all...), nil
}

func one(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}

// FilterFields are what filters of needs and of resources have in common.
type FilterFields struct {
	Category      *CategoryChoice
	Publisher     *organisation.Choice
	SubDistrict   *organisation.Choice
	District      *organisation.Choice
	CommunityType *CommunityTypeChoice
	UnitKind      *UnitKindChoice
	Audience      *AudienceChoice
	Visibility    *VisibilityChoice
	Claimant      *organisation.Choice
	ValidUntil    *page.Range[scalar.Date]
	CreatedAt     *page.Range[time.Time]
}

// Where are the conditions that a filter makes.
func (d *Desk) Where(ctx context.Context, f FilterFields) ([]store.Filter, error) {
	filed, err := d.filed(ctx, f.Category)
	if err != nil {
		return nil, err
	}
	return []store.Filter{
		filed, f.Publisher.Filter(ByPublisher), f.SubDistrict.Filter(BySubDistrict), f.District.Filter(ByDistrict),
		f.CommunityType.Filter(ByType), f.UnitKind.Filter(ByKind), f.Audience.Filter(ByAudience), f.Visibility.Filter(ByVisibility),
		f.Claimant.Filter(ByClaimant), f.ValidUntil.Filter(ByValidUntil), f.CreatedAt.Filter(ByCreated),
	}, nil
}

// OrderField is what lists are sorted by.
type OrderField string

// The fields of orders.
const (
	OrderByCreated    OrderField = "CREATED_AT"
	OrderByValidUntil OrderField = "VALID_UNTIL"
)

// Order sorts a list.
type Order struct {
	Field     OrderField
	Direction page.Direction
}

// Sort is by the time of writing down, the latest first, where nothing is asked for.
func (o *Order) Sort() []store.Order {
	switch {
	case o == nil:
		return page.Descending.Sort(ByCreated.Asc())
	case o.Field == OrderByValidUntil:
		return o.Direction.Sort(ByValidUntil.Asc())
	}
	return o.Direction.Sort(ByCreated.Asc())
}

// Happened is what an event says of a need or a resource after what happened. It names no person and quotes nothing.
type Happened struct {
	Publisher id.Organisation `bson:"publisher"`
	Category  string          `bson:"category"`
	Status    string          `bson:"status"`
	Quantity  int64           `bson:"quantity"`
	Taken     int64           `bson:"claimed"`
	Claim     id.Claim        `bson:"claim,omitempty"`    // that it was about
	Claimant  id.Organisation `bson:"claimant,omitempty"` // whose claim it was
	Amount    int64           `bson:"amount,omitempty"`   // that was claimed

	Claimants []id.Organisation `bson:"claimants,omitempty"` // with a live claim, of what is about no single one
}

// Happening makes it; c is the claim that it was about, or nil.
func (l *Listing) Happening(status string, c *Claim) Happened {
	h := Happened{Publisher: l.Publisher, Category: l.Category, Status: status, Quantity: l.Quantity, Taken: l.Taken}
	if c != nil {
		h.Claim, h.Claimant, h.Amount = c.ID, c.Claimant, c.Quantity
		return h
	}
	for _, c := range l.Claims {
		if c.Status.Live() {
			h.Claimants = append(h.Claimants, c.Claimant)
		}
	}
	return h
}
