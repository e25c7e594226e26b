package unit

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The events of this room.
const (
	EventRegistered = "unit.registered" // with Places
	EventUpdated    = "unit.updated"    // with Places
	EventMoved      = "unit.moved"      // with Places: a community it reports to lies elsewhere now
)

// Places are told with a unit's events: the communities it reports to from then on.
type Places struct {
	Communities []id.Organisation `bson:"communities"`
}

// Service registers, changes and finds resident units.
type Service struct {
	Now     func() time.Time
	Zone    *time.Location // whose day counts as today; nil is China's
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Facts tells of communities, in the order of the identifiers.
	Facts func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error)

	table authz.Table
	units *store.Collection[*ResidentUnit]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	if s.Zone == nil {
		s.Zone = time.FixedZone("Asia/Shanghai", 8*60*60)
	}
	s.table = access.Table()
	var err error
	s.units, err = store.Open(ctx, db, store.Options[*ResidentUnit]{
		Schema: schema(), Read: access.UnitRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*ResidentUnit](s.table, access.UnitRead, nil, nil, nil),
		Make:   func(bson.Raw) (*ResidentUnit, error) { return &ResidentUnit{}, nil },
	})
	if err != nil {
		return nil, fmt.Errorf("resident units: %w", err)
	}
	return &s, nil
}

func (s *Service) today() scalar.Date { return scalar.DateOf(s.Now(), s.Zone) }

// Register keeps a new resident unit with the communities it reports to.
func (s *Service) Register(ctx context.Context, in RegisterResidentUnitInput) (*ResidentUnit, error) {
	var f fault.List
	u := &ResidentUnit{Name: text.Line(&f, "name", in.Name, 1, organisation.MaxName)}
	applyKind(&f, in.Kind, u)
	in.apply(&f, u)
	u.Registrations = registered(&f, in.Registrations, nil, s.today())
	if err := s.locate(ctx, &f, u, nil); err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	u.ID = store.NewID[id.Organisation](ctx, id.KindUnit, s.Now(), s.Random)
	if err := u.Tell(EventRegistered, Places{u.Communities}); err != nil {
		return nil, err
	}
	kept, err := s.units.Add(ctx, access.UnitRegister, u)
	if err != nil {
		return nil, taken(err, u)
	}
	return s.settled(ctx, kept)
}

// Update changes what a unit tells of itself, and which communities it reports to where they are named.
func (s *Service) Update(ctx context.Context, in UpdateResidentUnitInput) (*ResidentUnit, error) {
	if !id.Is(string(in.ID), id.KindUnit) {
		return nil, fault.New(fault.Invalid, fault.CodeWrongID, "want", "ResidentUnit").At("id")
	}
	var now *ResidentUnit
	kept, err := s.units.Change(ctx, access.UnitUpdate, string(in.ID), func(u *ResidentUnit) error {
		now = u
		if err := in.Expect(u.Version); err != nil {
			return err
		}
		return s.change(ctx, u, in)
	})
	if err != nil {
		return nil, taken(err, now)
	}
	return s.settled(ctx, kept)
}

func (s *Service) change(ctx context.Context, u *ResidentUnit, in UpdateResidentUnitInput) error {
	var f fault.List
	if in.Name != nil {
		u.Name = text.Line(&f, "name", *in.Name, 1, organisation.MaxName)
	}
	if in.Kind != nil {
		applyKind(&f, *in.Kind, u)
	}
	in.apply(&f, u)
	if in.Registrations != nil {
		was := u.Communities
		u.Registrations = registered(&f, in.Registrations, u.Registrations, s.today())
		if err := s.locate(ctx, &f, u, was); err != nil {
			return err
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	return u.Tell(EventUpdated, Places{u.Communities})
}

// locate copies where a unit's communities lie, and asks whether the caller may register the unit with those that are new
// and take it from those that are no more. What is wrong with the input goes to f; the error is of the store.
func (s *Service) locate(ctx context.Context, f *fault.List, u *ResidentUnit, was []id.Organisation) error {
	if len(*f) > 0 || len(u.Registrations) == 0 {
		return nil
	}
	places, err := s.places(ctx, u)
	if err != nil {
		return err
	}
	for i, p := range places {
		if !p.Exists() {
			f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", u.Registrations[i].Community), "registrations", strconv.Itoa(i), "community")
			continue
		}
		if !slices.Contains(was, p.ID) && !s.mayRegister(ctx, u, p) {
			f.Add(fault.New(fault.Forbidden, fault.CodeForbidden, "action", access.UnitRegister), "registrations", strconv.Itoa(i), "community")
		}
	}
	gone := slices.DeleteFunc(slices.Clone(was), func(o id.Organisation) bool {
		return slices.ContainsFunc(u.Registrations, func(r DualRegistration) bool { return r.Community == o })
	})
	left, err := s.Facts(ctx, gone)
	if err != nil {
		return err
	}
	for _, p := range left {
		if !s.mayRegister(ctx, u, p) {
			f.Add(fault.New(fault.Forbidden, fault.CodeForbidden, "action", access.UnitRegister), "registrations")
		}
	}
	u.settle(places)
	return nil
}

// mayRegister says whether the caller may bring a unit to a community or take it from there: the unit by itself, and
// whoever may register units in that very community. No community brings a unit to another one.
func (s *Service) mayRegister(ctx context.Context, u *ResidentUnit, at organisation.Facts) bool {
	a := authz.From(ctx)
	if !a.Known() { // nobody is refused as a whole
		return true
	}
	there := &ResidentUnit{Communities: []id.Organisation{at.ID}, SubDistricts: []id.Organisation{at.SubDistrict}, Districts: []id.Organisation{at.District}}
	return u.ID != "" && a.Holds(authz.Liaison, u.ID) || s.table.Allows(a, access.UnitRegister, there)
}

func (s *Service) places(ctx context.Context, u *ResidentUnit) ([]organisation.Facts, error) {
	ids := make([]id.Organisation, len(u.Registrations))
	for i, r := range u.Registrations {
		ids[i] = r.Community
	}
	return s.Facts(ctx, ids)
}

// settled looks once more where the communities of a unit just saved lie: one that moved in that very moment did not
// find the unit among those it had to tell.
func (s *Service) settled(ctx context.Context, u *ResidentUnit) (*ResidentUnit, error) {
	places, err := s.places(ctx, u)
	if err != nil {
		return nil, err
	}
	if now := *u; !now.settle(places) {
		return u, nil
	}
	return s.resettle(ctx, u.ID)
}

// resettle copies anew where a unit's communities lie.
func (s *Service) resettle(ctx context.Context, o id.Organisation) (*ResidentUnit, error) {
	return s.units.Touch(authz.AsSystem(ctx), access.UnitUpdate, string(o), func(u *ResidentUnit) error {
		places, err := s.places(ctx, u)
		if err != nil {
			return err
		}
		if !u.settle(places) {
			return nil
		}
		return u.Tell(EventMoved, Places{u.Communities})
	})
}

// CommunityMoved copies anew where units lie that report to a community, after it moved into another sub-district. It
// follows the event community.moved; following it twice does no harm.
func (s *Service) CommunityMoved(ctx context.Context, community id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	for u, err := range s.units.Walk(ctx, byCommunity.Is(community), byCreated.Asc()) {
		if err != nil {
			return err
		}
		if _, err := s.settled(ctx, u); err != nil {
			return fmt.Errorf("%s: %w", u.ID, err)
		}
	}
	return nil
}

// taken says at the credit code that another unit has it.
func taken(err error, u *ResidentUnit) error {
	return organisation.Taken(err, func(string) (string, string) { return "creditCode", organisation.Told(u.CreditCode) })
}

// Unit finds a resident unit.
func (s *Service) Unit(ctx context.Context, o id.Organisation) (*ResidentUnit, error) {
	return s.units.Get(ctx, string(o))
}

// Units finds resident units in the order of ids; nil where there is none.
func (s *Service) Units(ctx context.Context, ids []id.Organisation) ([]*ResidentUnit, error) {
	return s.units.GetMany(ctx, organisation.Keys(ids))
}

// Organisations is Units for the directory.
func (s *Service) Organisations(ctx context.Context, ids []id.Organisation) ([]organisation.Organisation, error) {
	found, err := s.Units(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]organisation.Organisation, len(ids))
	for i, u := range found {
		if u != nil {
			out[i] = u
		}
	}
	return out, nil
}

// Outboxes are where this room's events wait for the relay.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.units} }

// All are the resident units, for who goes through all of them.
func (s *Service) All() store.All[*ResidentUnit] { return s.units.All() }
