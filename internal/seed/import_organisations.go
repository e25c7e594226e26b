package seed

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/unit"
)

// bodies makes the jobs of one section of organisations: those that are there already are told by find, all at once.
func bodies[T any](ctx context.Context, all []T, find organisation.Finder, one func(*T) (id.Organisation, job)) ([]job, error) {
	jobs, ids := make([]job, len(all)), make([]id.Organisation, len(all))
	for i := range all {
		ids[i], jobs[i] = one(&all[i])
	}
	found, err := find(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, o := range found {
		jobs[i].had = o != nil
	}
	return jobs, nil
}

func (im *importer) districts(ctx context.Context) ([]job, error) {
	return bodies(ctx, im.file.Districts, im.services.Districts.Organisations, func(d *District) (id.Organisation, job) {
		return im.id(d.Key), job{key: d.Key, line: d.Line, do: func(ctx context.Context) (bool, error) {
			_, err := im.services.Districts.RegisterDistrict(im.named(ctx, InDistricts, d.Key), district.RegisterDistrictInput{
				Name: d.Name, NameEn: given(d.NameEn), Code: given(d.Code),
			})
			return true, err
		}}
	})
}

func (im *importer) subDistricts(ctx context.Context) ([]job, error) {
	return bodies(ctx, im.file.SubDistricts, im.services.Districts.Organisations, func(s *SubDistrict) (id.Organisation, job) {
		return im.id(s.Key), job{key: s.Key, line: s.Line, needs: []string{s.District}, do: func(ctx context.Context) (bool, error) {
			_, err := im.services.Districts.RegisterSubDistrict(im.named(ctx, InSubDistricts, s.Key), district.RegisterSubDistrictInput{
				District: im.id(s.District), Kind: district.SubDistrictKind(s.Kind),
				Name: s.Name, NameEn: given(s.NameEn), Code: given(s.Code),
			})
			return true, err
		}}
	})
}

func (im *importer) communities(ctx context.Context) ([]job, error) {
	return bodies(ctx, im.file.Communities, im.services.Communities.Organisations, func(c *Community) (id.Organisation, job) {
		return im.id(c.Key), job{key: c.Key, line: c.Line, needs: []string{c.SubDistrict}, do: func(ctx context.Context) (bool, error) {
			in := community.RegisterCommunityInput{Type: community.Kind(c.Type), Name: c.Name, SubDistrict: im.id(c.SubDistrict)}
			in.NameEn = optional(c.NameEn)
			_, err := im.services.Communities.Register(im.named(ctx, InCommunities, c.Key), in)
			return true, err
		}}
	})
}

func (im *importer) residentUnits(ctx context.Context) ([]job, error) {
	return bodies(ctx, im.file.ResidentUnits, im.services.Units.Organisations, func(u *ResidentUnit) (id.Organisation, job) {
		return im.id(u.Key), job{key: u.Key, line: u.Line, needs: u.Communities, do: func(ctx context.Context) (bool, error) {
			in := unit.RegisterResidentUnitInput{Kind: unit.Kind(u.Kind), Name: u.Name}
			in.NameEn, in.CreditCode = optional(u.NameEn), optional(u.CreditCode)
			for _, c := range u.Communities {
				in.Registrations = append(in.Registrations, unit.DualRegistrationInput{Community: im.id(c)})
			}
			_, err := im.services.Units.Register(im.named(ctx, InResidentUnits, u.Key), in)
			return true, err
		}}
	})
}

// people enrols the people, and has a key held for each organisation that somebody signs for.
func (im *importer) people(context.Context) ([]job, error) {
	jobs := make([]job, len(im.file.People))
	for i := range im.file.People {
		p := &im.file.People[i]
		jobs[i] = job{key: p.Key, line: p.Line, do: func(ctx context.Context) (bool, error) { return im.enrol(ctx, p) }}
		if p.Organisation != "" {
			jobs[i].needs = []string{p.Organisation}
		}
	}
	return jobs, nil
}

func (im *importer) enrol(ctx context.Context, p *Person) (made bool, err error) {
	who, err := im.services.People.Enrol(ctx, person.Enrolment{
		LoginName: im.file.Login(*p), Name: p.Name,
		Roles: []person.Standing{{Role: p.Role, Organisation: im.id(p.Organisation), Signing: p.SigningRight}},
	})
	if err != nil {
		return false, err
	}
	im.mu.Lock()
	im.result.People[p.Key] = who.ID
	im.mu.Unlock()
	if im.acting[p.Organisation] != p {
		return who.Version == 1, nil
	}
	return im.hold(authz.With(ctx, p.Actor(who.ID, im.id(p.Organisation))), p.Organisation)
}

// hold has a key held for an organisation, once: a key that was revoked since is not put back.
func (im *importer) hold(ctx context.Context, organisation string) (made bool, err error) {
	ctx = im.named(ctx, inKeys, organisation)
	key := store.NewID[id.SigningKey](ctx, id.KindSigningKey, im.services.Keys.Now(), nil)
	_, err = im.services.Keys.SigningKey(ctx, key)
	if !fault.Is(err, fault.CodeNotFound) {
		return false, err
	}
	_, err = im.services.Keys.Register(ctx, signingkey.RegisterInput{Organisation: im.id(organisation)})
	if fault.Is(err, signingkey.CodeHeldAlready) { // the organisation has one by another way
		return false, nil
	}
	return true, err
}

// inKeys names the keys that are held for organisations; a file has no such section.
const inKeys Section = "keys"

func optional(s string) graphql.Omittable[*string] {
	if s == "" {
		return graphql.Omittable[*string]{}
	}
	return graphql.OmittableOf(&s)
}
