package contract

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// SharingDirection is the side from which an organisation looks at what contracts share.
type SharingDirection string

// The sides.
const (
	SharingGiven SharingDirection = "GIVEN" // what others read of it
	SharingTaken SharingDirection = "TAKEN" // what it reads of others
)

// SharingInForce is what one contract shares of an organisation, or with it, at this moment.
type SharingInForce struct {
	Contract id.Contract
	Shares   []*SharedPart
}

// SharedPart is one entry of the contract's text as it holds at this moment.
type SharedPart struct {
	Key     string
	Subject id.Organisation
	Fields  []SharedField
	With    []id.Organisation // those that read it
	Purpose string
	Until   scalar.Date // the last day
}

// Pages of what is shared.
type (
	// SharingConnection is a page, contract by contract.
	SharingConnection = page.Connection[*SharingInForce]
	// SharingEdge is what one contract shares, with its cursor.
	SharingEdge = page.Edge[*SharingInForce]
)

// place is an organisation whose sharing is looked at.
type place struct {
	own   id.Organisation
	above []id.Organisation
}

// Stand tells that it is its own, and who is above it.
func (p place) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{p.own}
	case authz.Above:
		return p.above
	}
	return nil
}

// SharedBy lists what contracts share of an organisation and with it, at this moment, for its people and the bodies above.
func (s *Service) SharedBy(ctx context.Context, of id.Organisation, way *SharingDirection, a page.Args) (*SharingConnection, error) {
	facts, err := s.Organisations(ctx, []id.Organisation{of})
	if err != nil {
		return nil, err
	}
	if who := authz.From(ctx); !s.table.Allows(who, access.SharingRead, place{of, facts[0].Above}) {
		return nil, s.table.Refusal(who, access.SharingRead)
	}
	where := store.Or(byGiven.Is(of), byTaken.Is(of))
	switch {
	case way == nil:
	case *way == SharingGiven:
		where = byGiven.Is(of)
	case *way == SharingTaken:
		where = byTaken.Is(of)
	}
	ctx = authz.AsSystem(ctx)
	found, err := page.List(ctx, s.contracts, s.Cursors, where, nil, a)
	if err != nil {
		return nil, err
	}
	out, err := page.Map(found, func(cs []*Contract) ([]*SharingInForce, error) { return s.inForceOf(ctx, cs, of, way) })
	if err != nil {
		return nil, err
	}
	out.Edges = slices.DeleteFunc(out.Edges, func(e *SharingEdge) bool { return e.Node == nil })
	return out, nil
}

// inForceOf says of each contract what it shares of an organisation, or with it; nil where its time has just passed.
func (s *Service) inForceOf(ctx context.Context, cs []*Contract, of id.Organisation, way *SharingDirection) ([]*SharingInForce, error) {
	if err := s.superseded(ctx, cs); err != nil {
		return nil, err
	}
	out, now := make([]*SharingInForce, len(cs)), s.now()
	for i, c := range cs {
		var parts []*SharedPart
		for _, x := range c.sharesAt(now) {
			given, taken := x.Subject == of, x.Reader == of
			if way != nil && (*way == SharingGiven) != given || !given && !taken {
				continue
			}
			parts = together(parts, x)
		}
		if len(parts) > 0 {
			out[i] = &SharingInForce{Contract: c.ID, Shares: parts}
		}
	}
	return out, nil
}

// together adds a share to the part that it is of.
func together(parts []*SharedPart, x Share) []*SharedPart {
	i := slices.IndexFunc(parts, func(p *SharedPart) bool { return p.Key == x.Key })
	if i >= 0 {
		parts[i].With = append(parts[i].With, x.Reader)
		return parts
	}
	return append(parts, &SharedPart{Key: x.Key, Subject: x.Subject, Fields: x.Fields, With: []id.Organisation{x.Reader}, Purpose: x.Purpose, Until: x.Until})
}
