package district

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The events of this room.
const (
	DistrictRegistered    = "district.registered"
	SubDistrictRegistered = "subDistrict.registered"
)

// Service registers and finds districts and sub-districts.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil

	districts    *store.Collection[*District]
	subDistricts *store.Collection[*SubDistrict]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	var err error
	if s.districts, err = store.Open(ctx, db, store.Options[*District]{
		Schema: districtSchema(), Read: access.DistrictRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*District](access.Table(), access.DistrictRead, nil, nil, nil),
		Make:   func(bson.Raw) (*District, error) { return &District{}, nil },
	}); err != nil {
		return nil, fmt.Errorf("districts: %w", err)
	}
	if s.subDistricts, err = store.Open(ctx, db, store.Options[*SubDistrict]{
		Schema: subDistrictSchema(), Read: access.DistrictRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*SubDistrict](access.Table(), access.DistrictRead, nil, nil, nil),
		Make:   func(bson.Raw) (*SubDistrict, error) { return &SubDistrict{}, nil },
	}); err != nil {
		return nil, fmt.Errorf("sub-districts: %w", err)
	}
	return &s, nil
}

// RegisterDistrictInput is the input of registerDistrict.
type RegisterDistrictInput struct {
	command.Once
	Name   string
	NameEn *string
	Code   *string
}

// RegisterDistrict keeps a new district.
func (s *Service) RegisterDistrict(ctx context.Context, in RegisterDistrictInput) (*District, error) {
	var f fault.List
	d := &District{
		Name:   text.Line(&f, "name", in.Name, 1, organisation.MaxName),
		NameEn: text.Optional(&f, "nameEn", in.NameEn, organisation.MaxName),
		Code:   text.Optional(&f, "code", in.Code, organisation.MaxName),
	}
	if d.Code != nil {
		f.Add(CheckCode(*d.Code), "code")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	d.ID = store.NewID[id.Organisation](ctx, id.KindDistrict, s.Now(), s.Random)
	if err := d.Tell(DistrictRegistered, nil); err != nil {
		return nil, err
	}
	kept, err := s.districts.Add(ctx, access.DistrictRegister, d)
	return kept, taken(err, d.Name, d.Code)
}

// RegisterSubDistrictInput is the input of registerSubDistrict.
type RegisterSubDistrictInput struct {
	command.Once
	District id.Organisation
	Kind     SubDistrictKind
	Name     string
	NameEn   *string
	Code     *string
}

// RegisterSubDistrict keeps a new sub-district, town or zone of a district.
func (s *Service) RegisterSubDistrict(ctx context.Context, in RegisterSubDistrictInput) (*SubDistrict, error) {
	var f fault.List
	n := &SubDistrict{
		Kind: in.Kind, District: in.District,
		Name:   text.Line(&f, "name", in.Name, 1, organisation.MaxName),
		NameEn: text.Optional(&f, "nameEn", in.NameEn, organisation.MaxName),
		Code:   text.Optional(&f, "code", in.Code, organisation.MaxName),
	}
	if !n.Kind.Valid() {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "STREET, TOWN, ZONE"), "kind")
	}
	of, err := s.above(ctx, in.District)
	if err != nil && fault.Of(err).Kind >= fault.Unavailable {
		return nil, err
	}
	f.Add(err, "district")
	if n.Code != nil {
		f.Add(CheckSubCode(*n.Code, of), "code")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	n.ID = store.NewID[id.Organisation](ctx, id.KindSubDistrict, s.Now(), s.Random)
	if err := n.Tell(SubDistrictRegistered, nil); err != nil {
		return nil, err
	}
	kept, err := s.subDistricts.Add(ctx, access.SubDistrictRegister, n)
	return kept, taken(err, n.Name, n.Code)
}

// above finds the code of the district that a sub-district is to belong to; empty where it has none.
func (s *Service) above(ctx context.Context, of id.Organisation) (string, error) {
	if !id.Is(string(of), id.KindDistrict) {
		return "", fault.New(fault.Invalid, fault.CodeWrongID, "want", "District")
	}
	d, err := s.districts.Get(ctx, string(of))
	if err != nil {
		return "", err
	}
	return organisation.Told(d.Code), nil
}

// taken says which field holds a value that another one has.
func taken(err error, name string, code *string) error {
	return organisation.Taken(err, func(index string) (string, string) {
		if index == uniqueCode().Name() {
			return "code", organisation.Told(code)
		}
		return "name", name
	})
}

// District finds a district.
func (s *Service) District(ctx context.Context, o id.Organisation) (*District, error) {
	return s.districts.Get(ctx, string(o))
}

// SubDistrict finds a sub-district.
func (s *Service) SubDistrict(ctx context.Context, o id.Organisation) (*SubDistrict, error) {
	return s.subDistricts.Get(ctx, string(o))
}

// Districts finds districts in the order of ids; nil where there is none.
func (s *Service) Districts(ctx context.Context, ids []id.Organisation) ([]*District, error) {
	return s.districts.GetMany(ctx, organisation.Keys(ids))
}

// SubDistricts finds sub-districts in the order of ids; nil where there is none.
func (s *Service) SubDistricts(ctx context.Context, ids []id.Organisation) ([]*SubDistrict, error) {
	return s.subDistricts.GetMany(ctx, organisation.Keys(ids))
}

// Organisations finds districts and sub-districts in the order of ids; nil where there is none.
func (s *Service) Organisations(ctx context.Context, ids []id.Organisation) ([]organisation.Organisation, error) {
	ds, err := s.Districts(ctx, ids)
	if err != nil {
		return nil, err
	}
	ss, err := s.SubDistricts(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]organisation.Organisation, len(ids))
	for i := range ids {
		switch {
		case ds[i] != nil:
			out[i] = ds[i]
		case ss[i] != nil:
			out[i] = ss[i]
		}
	}
	return out, nil
}

// Outboxes are where this room's events wait for the relay.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.districts, s.subDistricts} }

// AllDistricts are the districts, for who goes through all of them.
func (s *Service) AllDistricts() store.All[*District] { return s.districts.All() }

// AllSubDistricts are the sub-districts, for who goes through all of them.
func (s *Service) AllSubDistricts() store.All[*SubDistrict] { return s.subDistricts.All() }
