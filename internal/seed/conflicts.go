package seed

import (
	"context"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/unit"
)

// conflicts refuses records whose name or code another organisation of the installation has already, before anything
// is imported. Of records that were imported before nothing is asked.
func (im *importer) conflicts(ctx context.Context) error {
	for _, in := range []func(context.Context) error{
		asked(im.file.Districts, im.services.Districts.Organisations, im.idOf, im.districtTaken),
		asked(im.file.SubDistricts, im.services.Districts.Organisations, im.idOf, im.subDistrictTaken),
		asked(im.file.Communities, im.services.Communities.Organisations, im.idOf, im.communityTaken),
		asked(im.file.ResidentUnits, im.services.Units.Organisations, im.idOf, im.unitTaken),
	} {
		if err := in(ctx); err != nil {
			return err
		}
	}
	return nil
}

// asked asks of each record that is not there yet.
func asked[T any, P interface {
	*T
	placed
}](all []T, find organisation.Finder, of func(placed) id.Organisation, ask func(context.Context, P) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ids := make([]id.Organisation, len(all))
		for i := range all {
			ids[i] = of(P(&all[i]))
		}
		found, err := find(ctx, ids)
		if err != nil {
			return err
		}
		for i, o := range found {
			if o != nil {
				continue
			}
			if err := ask(ctx, P(&all[i])); err != nil {
				return err
			}
		}
		return nil
	}
}

func (im *importer) idOf(p placed) id.Organisation { return im.id(p.name()) }

// taken refuses a record where what has its value is another object than its own.
func (im *importer) taken(in Section, key string, line int, has id.Organisation, field, value string) {
	if has == "" || has == im.id(key) {
		return
	}
	im.refuse(in, key, line, fault.New(fault.Refused, fault.CodeTaken, "value", value).At(field))
}

func (im *importer) districtTaken(ctx context.Context, d *District) error {
	for _, by := range []struct {
		field, value string
		where        district.Filter
	}{
		{"name", d.Name, district.Filter{Name: &organisation.NameChoice{Eq: &d.Name}}},
		{"code", d.Code, district.Filter{Code: &organisation.NameChoice{Eq: &d.Code}}},
	} {
		if by.value == "" {
			continue
		}
		found, err := im.services.Districts.ListDistricts(ctx, &by.where, nil, firstOnly())
		if err != nil {
			return err
		}
		for _, e := range found.Edges {
			im.taken(InDistricts, d.Key, d.Line, e.Node.ID, by.field, by.value)
		}
	}
	return nil
}

func (im *importer) unitTaken(ctx context.Context, u *ResidentUnit) error {
	if u.CreditCode == "" {
		return nil
	}
	where := &unit.ResidentUnitFilter{CreditCode: &unit.CreditCodeChoice{Eq: &u.CreditCode}}
	found, err := im.services.Units.List(ctx, where, nil, firstOnly())
	if err != nil {
		return err
	}
	for _, e := range found.Edges {
		im.taken(InResidentUnits, u.Key, u.Line, e.Node.ID, "creditCode", u.CreditCode)
	}
	return nil
}

// subDistrictTaken looks within the district, where that is there already; in a new one all names are free.
func (im *importer) subDistrictTaken(ctx context.Context, s *SubDistrict) error {
	where := &district.SubDistrictFilter{Name: &organisation.NameChoice{Eq: &s.Name}}
	found, err := im.services.Districts.ListSubDistricts(ctx, im.id(s.District), where, nil, firstOnly())
	if err != nil {
		return err
	}
	for _, e := range found.Edges {
		im.taken(InSubDistricts, s.Key, s.Line, e.Node.ID, "name", s.Name)
	}
	return nil
}

// communityTaken looks within the sub-district.
func (im *importer) communityTaken(ctx context.Context, c *Community) error {
	where := &community.Filter{Name: &organisation.NameChoice{Eq: &c.Name}}
	found, err := im.services.Communities.ListIn(ctx, im.id(c.SubDistrict), where, nil, firstOnly())
	if err != nil {
		return err
	}
	for _, e := range found.Edges {
		im.taken(InCommunities, c.Key, c.Line, e.Node.Common().ID, "name", c.Name)
	}
	return nil
}

func firstOnly() page.Args {
	one := 1
	return page.Args{First: &one}
}
