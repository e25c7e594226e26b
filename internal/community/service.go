package community

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The events of this room.
const (
	EventRegistered = "community.registered"
	EventUpdated    = "community.updated"
	EventMoved      = "community.moved" // with Moved
)

// Moved is told when a community changes to another sub-district.
type Moved struct {
	From         id.Organisation `bson:"from"` // sub-district
	To           id.Organisation `bson:"to"`   // sub-district
	District     id.Organisation `bson:"district"`
	FromDistrict id.Organisation `bson:"fromDistrict"`
}

// Service registers, changes and finds communities.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Facts tells of sub-districts and of property managers, in the order of the identifiers.
	Facts func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error)

	table       authz.Table
	communities *store.Collection[Community]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	var err error
	s.communities, err = store.Open(ctx, db, store.Options[Community]{
		Schema: schema(), Read: access.CommunityRead, Now: s.Now, Told: s.Told, Make: decodable,
		Policy: authz.PolicyOf[Community](s.table, access.CommunityRead, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("communities: %w", err)
	}
	return &s, nil
}

// Register keeps a new community of one of the four types.
func (s *Service) Register(ctx context.Context, in RegisterCommunityInput) (Community, error) {
	c := blank(in.Type)
	if c == nil {
		return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", "CommunityType").At("type")
	}
	var f fault.List
	b := c.Common()
	b.Type, b.Name = in.Type, text.Line(&f, "name", in.Name, 1, organisation.MaxName)
	if err := s.place(ctx, &f, b, in.SubDistrict); err != nil {
		return nil, err
	}
	if err := s.take(ctx, &f, c, in.Details, in.Own); err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	b.ID = store.NewID[id.Organisation](ctx, id.KindCommunity, s.Now(), s.Random)
	if err := b.Tell(EventRegistered, nil); err != nil {
		return nil, err
	}
	kept, err := s.communities.Add(ctx, access.CommunityRegister, c)
	if err != nil {
		return nil, taken(err, b)
	}
	return kept, nil
}

// Update changes what a community tells of itself, and moves it where another sub-district is named.
func (s *Service) Update(ctx context.Context, in UpdateCommunityInput) (Community, error) {
	if !id.Is(string(in.ID), id.KindCommunity) {
		return nil, fault.New(fault.Invalid, fault.CodeWrongID, "want", "Community").At("id")
	}
	var now *Base
	kept, err := s.communities.Change(ctx, access.CommunityUpdate, string(in.ID), func(c Community) error {
		now = c.Common()
		if err := in.Expect(now.Version); err != nil {
			return err
		}
		return s.change(ctx, c, in)
	})
	if err != nil {
		return nil, taken(err, now)
	}
	return kept, nil
}

func (s *Service) change(ctx context.Context, c Community, in UpdateCommunityInput) error {
	var f fault.List
	b := c.Common()
	if in.Name != nil {
		b.Name = text.Line(&f, "name", *in.Name, 1, organisation.MaxName)
	}
	if in.SubDistrict != nil && *in.SubDistrict != b.SubDistrict {
		if err := s.move(ctx, &f, c, *in.SubDistrict); err != nil {
			return err
		}
	}
	if err := s.take(ctx, &f, c, in.Details, in.Own); err != nil {
		return err
	}
	if err := f.Err(); err != nil {
		return err
	}
	return b.Tell(EventUpdated, nil)
}

// move brings a community into another sub-district: allowed to who may move it away from where it is and to where it
// comes.
func (s *Service) move(ctx context.Context, f *fault.List, c Community, to id.Organisation) error {
	b := c.Common()
	was := Moved{From: b.SubDistrict, FromDistrict: b.District, To: to}
	if err := s.mayMove(ctx, c); err != nil {
		return err
	}
	before := len(*f)
	if err := s.place(ctx, f, b, to); err != nil || len(*f) > before {
		return err
	}
	if err := s.mayMove(ctx, c); err != nil {
		return err
	}
	was.District = b.District
	return b.Tell(EventMoved, was)
}

func (s *Service) mayMove(ctx context.Context, c Community) error {
	if s.table.Allows(authz.From(ctx), access.CommunityMove, c) {
		return nil
	}
	return fault.New(fault.Forbidden, fault.CodeForbidden, "action", access.CommunityMove).At("subDistrict")
}

// place puts a community into a sub-district and that one's district. What is wrong with the input goes to f; the
// error is of the store.
func (s *Service) place(ctx context.Context, f *fault.List, b *Base, in id.Organisation) error {
	if !id.Is(string(in), id.KindSubDistrict) {
		f.Add(fault.New(fault.Invalid, fault.CodeWrongID, "want", "SubDistrict"), "subDistrict")
		return nil
	}
	found, err := s.Facts(ctx, []id.Organisation{in})
	if err != nil {
		return err
	}
	if !found[0].Exists() {
		f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", in), "subDistrict")
		return nil
	}
	b.SubDistrict, b.District = in, found[0].District
	return nil
}

// take takes up what the community tells, by its type.
func (s *Service) take(ctx context.Context, f *fault.List, c Community, d Details, own Own) error {
	year := s.Now().Year()
	d.apply(f, c.Common(), year)
	own.apply(f, c, year)
	if c, ok := c.(*CommercialCommunity); ok && own.Commercial != nil && own.Commercial.PropertyManager.IsSet() {
		return s.managed(ctx, f, c.PropertyManager)
	}
	return nil
}

// managed refuses a property manager that is no such unit.
func (s *Service) managed(ctx context.Context, f *fault.List, by *id.Organisation) error {
	if by == nil {
		return nil
	}
	const field = "propertyManager"
	if !id.Is(string(*by), id.KindUnit) {
		f.Add(fault.New(fault.Invalid, fault.CodeWrongID, "want", "ResidentUnit"), Commercial.field(), field)
		return nil
	}
	found, err := s.Facts(ctx, []id.Organisation{*by})
	if err != nil {
		return err
	}
	switch {
	case !found[0].Exists():
		f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", *by), Commercial.field(), field)
	case found[0].UnitKind != "PROPERTY_MANAGER":
		f.Add(fault.New(fault.Refused, CodeNotPropertyManager, "kind", found[0].UnitKind), Commercial.field(), field)
	}
	return nil
}

// taken says at the name that the sub-district has another community of that name.
func taken(err error, b *Base) error {
	return organisation.Taken(err, func(string) (string, string) { return "name", b.Name })
}

// Community finds a community.
func (s *Service) Community(ctx context.Context, o id.Organisation) (Community, error) {
	return s.communities.Get(ctx, string(o))
}

// Communities finds communities in the order of ids; nil where there is none.
func (s *Service) Communities(ctx context.Context, ids []id.Organisation) ([]Community, error) {
	return s.communities.GetMany(ctx, organisation.Keys(ids))
}

// Organisations is Communities for the directory.
func (s *Service) Organisations(ctx context.Context, ids []id.Organisation) ([]organisation.Organisation, error) {
	found, err := s.Communities(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]organisation.Organisation, len(ids))
	for i, c := range found {
		if c != nil {
			out[i] = c
		}
	}
	return out, nil
}

// Outboxes are where this room's events wait for the relay.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.communities} }

// All are the communities, for who goes through all of them.
func (s *Service) All() store.All[Community] { return s.communities.All() }
