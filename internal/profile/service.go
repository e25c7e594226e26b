package profile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	Now  func() time.Time
	Told func() // wakes the relay; may be nil
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
	// Shared tells what contracts let readers read of subjects at this moment.
	Shared func(ctx context.Context, subjects, readers []id.Organisation) ([]Share, error)
}

// Service is the room's commands and queries.
type Service struct {
	Config
	table    authz.Table
	profiles *store.Collection[*Profile]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, table: access.Table()}
	var err error
	s.profiles, err = store.Open(ctx, db, store.Options[*Profile]{
		Schema: store.Schema{Name: "cooperation_profiles"}, Read: access.ProfileRead, Now: c.Now, Told: c.Told, Policy: s.policy(),
	})
	if err != nil {
		return nil, fmt.Errorf("cooperation profiles: %w", err)
	}
	return s, nil
}

// policy lets through whoever reads all of a profile, or something of it by a contract, and shows them that. What contracts
// share is asked for beforehand, for all profiles of a request at once; where it was not asked for, nothing is shared.
// Profiles are not listed: what is hidden could be found out by a filter or an order.
func (s *Service) policy() store.Policy[*Profile] {
	return store.Policy[*Profile]{
		May: func(ctx context.Context, action string, p *Profile) error {
			a := authz.From(ctx)
			p.shared = sharesFrom(ctx).of(p.Organisation)
			if s.table.Allows(a, action, p) || action == access.ProfileRead && s.table.Allows(a, access.ProfileReadShared, p) {
				return nil
			}
			return s.table.Refusal(a, action)
		},
		View: func(ctx context.Context, p *Profile) {
			a := authz.From(ctx)
			if s.table.Allows(a, access.ProfileRead, p) {
				p.show(Facts())
				return
			}
			p.show(s.granted(a, p))
		},
	}
}

// granted are the fields of a profile that contracts share with an organisation for which the caller reads.
func (s *Service) granted(a authz.Actor, p *Profile) []Fact {
	mine := s.readers(a)
	var out []Fact
	for _, x := range p.shared {
		if !slices.Contains(mine, x.Reader) {
			continue
		}
		for _, f := range x.Fields {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// readers are the organisations for which somebody reads what contracts share: by an office of their own, or a lent one.
func (s *Service) readers(a authz.Actor) []id.Organisation {
	rule, _ := s.table.Rule(access.ProfileReadShared)
	a = a.Under(rule, nil)
	var out []id.Organisation
	for _, h := range a.Holdings {
		reads := slices.ContainsFunc(rule.Who, func(g authz.Grant) bool { return g.As == authz.Reading && a.Acts(g.Role, h.Organisation) })
		if reads && h.Organisation != "" && !slices.Contains(out, h.Organisation) {
			out = append(out, h.Organisation)
		}
	}
	return out
}

type sharesKey struct{}

// asked is what contracts share of some organisations with the caller's.
type asked []Share

func (a asked) of(o id.Organisation) []Share {
	return slices.DeleteFunc(slices.Clone(a), func(s Share) bool { return s.Subject != o })
}

func sharesFrom(ctx context.Context) asked { a, _ := ctx.Value(sharesKey{}).(asked); return a }

// sharing asks what contracts share of organisations with those for which the caller reads: one question for all.
func (s *Service) sharing(ctx context.Context, of []id.Organisation) (context.Context, error) {
	a := authz.From(ctx)
	mine := s.readers(a)
	if a.IsSystem() || len(mine) == 0 || len(of) == 0 {
		return ctx, nil
	}
	found, err := s.Shared(ctx, of, mine)
	if err != nil {
		return nil, err
	}
	return context.WithValue(ctx, sharesKey{}, asked(found)), nil
}

// Outboxes are the collections whose events the relay moves.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.profiles} }

// OfOrganisations finds the profiles of organisations in their order, as the caller may see them; nil where there is none,
// or nothing of it is for the caller.
func (s *Service) OfOrganisations(ctx context.Context, of []id.Organisation) ([]*Profile, error) {
	ctx, err := s.sharing(ctx, of)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(of))
	for i, o := range of {
		keys[i] = string(IDOf(o))
	}
	return s.profiles.GetMany(ctx, keys)
}

// Of finds the profile of an organisation; NOT_FOUND where there is none, or nothing of it is for the caller.
func (s *Service) Of(ctx context.Context, o id.Organisation) (*Profile, error) {
	found, err := s.OfOrganisations(ctx, []id.Organisation{o})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
	}
	return found[0], nil
}

// Many finds profiles in the order of ids, as the caller may see them; nil where there is none, or nothing of it is for
// the caller.
func (s *Service) Many(ctx context.Context, ids []id.Profile) ([]*Profile, error) {
	keys := make([]string, len(ids))
	for i, p := range ids {
		keys[i] = string(p)
	}
	there, err := s.profiles.GetMany(authz.AsSystem(ctx), keys)
	if err != nil {
		return nil, err
	}
	of := make([]id.Organisation, len(ids))
	for i, p := range there {
		if p != nil {
			of[i] = p.Organisation
		}
	}
	return s.OfOrganisations(ctx, of)
}

// Moved copies the bodies above an organisation anew: for a follower, when a community has moved or a unit reports
// elsewhere. Doing it twice is harmless.
func (s *Service) Moved(ctx context.Context, o id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	facts, err := s.Organisations(ctx, []id.Organisation{o})
	if err != nil {
		return err
	}
	_, err = s.profiles.Touch(ctx, access.ProfileTime, string(IDOf(o)), func(p *Profile) error {
		p.Above = facts[0].Above
		return nil
	})
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}
