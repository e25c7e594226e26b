package person

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// GrantRoleInput is the input of grantRole.
type GrantRoleInput struct {
	command.Once
	Person          id.Person
	Role            authz.Role
	Organisation    *id.Organisation // absent for an ADMINISTRATOR
	Signing         *bool            // with the organisation's signing right; false where absent
	From            *time.Time       // at once where absent
	Until           *time.Time       // without end where absent
	ExpectedVersion *int             // of the person; not compared where absent
}

// GrantRole gives a role to a person whom the caller can see; others are invited. It holds from the caller's next
// request on.
func (s *Service) GrantRole(ctx context.Context, in GrantRoleInput) (*Person, error) {
	to, err := s.people.Get(ctx, string(in.Person))
	if err != nil {
		return nil, at(err, "person")
	}
	h, at, err := s.offer(ctx, in.Role, in.Organisation, in.Signing, in.From, in.Until)
	if err != nil {
		return nil, err
	}
	if err := s.mayGrant(ctx, at, in.Role, h.Signing, to.ID); err != nil {
		return nil, err
	}
	if h.ID, err = s.roleID(to.ID); err != nil {
		return nil, err
	}
	once := store.OnceFrom(ctx)
	if once != nil {
		h.Once = once.Key
	}
	to, err = s.people.Change(program(ctx), access.PersonEnrol, string(to.ID), func(p *Person) error {
		if err := expect(p, in.ExpectedVersion); err != nil {
			return err
		}
		return p.Grant(h, s.now())
	})
	if err != nil {
		return nil, err
	}
	if once != nil && once.Replayed {
		h = to.granted(once.Key)
	}
	if err := s.install(ctx, h); err != nil {
		return nil, err
	}
	return s.people.Get(ctx, string(to.ID))
}

// offer checks a role as it is asked for, all faults at once, and gives it as a holding.
func (s *Service) offer(
	ctx context.Context, role authz.Role, in *id.Organisation, signing *bool, from, until *time.Time,
) (RoleHolding, place, error) {
	t := term{role: role, from: from, until: until, signing: signing != nil && *signing}
	h := RoleHolding{Role: role, Signing: t.signing, GrantedBy: authz.From(ctx).Author(), GrantedAt: s.now()}
	switch {
	case in != nil:
		h.Organisation = *in
	case role != authz.Administrator:
		return h, t.at, fault.New(fault.Invalid, fault.CodeRequired).At("organisation")
	}
	var err error
	if t.at, err = s.place(ctx, h.Organisation); err != nil {
		return h, t.at, at(err, "organisation")
	}
	var f fault.List
	h.From, h.Until = t.check(&f, s.now())
	h.Above = t.at.facts.Above
	return h, t.at, f.Err()
}

// mayGrant says whether the caller may give a role to a person, whom an invitation does not know yet. Nobody gives
// themselves a role or a signing right, and no program decides who speaks for an organisation; only those who hold an organisation's signing right or supervise it pass it on. The secretary
// of a unit's host does neither: the two are the sides of the same contracts, and the host would sign for both.
func (s *Service) mayGrant(ctx context.Context, at place, role authz.Role, signing bool, to id.Person) error {
	if err := s.may(ctx, access.GrantOf(role), at); err != nil {
		return err
	}
	a := authz.From(ctx)
	switch {
	case a.IsSystem():
		return nil
	case a.Service != "":
		return fault.New(fault.Forbidden, authz.CodePersonNeeded)
	case to == a.Person && signing:
		return fault.New(fault.Refused, CodeSigningOwn).At("signing")
	case to == a.Person:
		return fault.New(fault.Refused, CodeRoleToOneself).At("person")
	case !signing:
		return s.first(ctx, a, role, at)
	}
	if !a.Holds(authz.Signer, at.facts.ID) && !s.table.Allows(a, access.GrantOf(role), fromAbove{at}) {
		return fault.New(fault.Refused, CodeSigningLent).At("signing")
	}
	return nil
}

// first refuses a host's secretary another liaison in a unit that has one: the host helps a newcomer in, and from then on
// the unit's own people and the bodies above say who speaks for it.
func (s *Service) first(ctx context.Context, a authz.Actor, role authz.Role, at place) error {
	if role != authz.Liaison || a.Holds(authz.Liaison, at.facts.ID) || s.table.Allows(a, access.GrantOf(role), fromAbove{at}) {
		return nil
	}
	for p, err := range s.people.Walk(authz.AsSystem(ctx), byOrganisation.Is(at.facts.ID), byCreated.Asc()) {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(p.Roles, func(h RoleHolding) bool {
			return h.Role == authz.Liaison && h.Organisation == at.facts.ID && !h.Over(s.now())
		}) {
			return fault.New(fault.Refused, CodeHasLiaison).At("organisation")
		}
	}
	return nil
}

// fromAbove is a place as those see it who are neither in it nor its host.
type fromAbove struct{ place }

// Stand says which organisations supervise the place.
func (f fromAbove) Stand(r authz.Relation) []id.Organisation {
	var none []id.Organisation
	if r != authz.Above {
		return none
	}
	return f.place.Stand(r)
}

// RevokeRoleInput is the input of revokeRole.
type RevokeRoleInput struct {
	command.Once
	Role            id.Role
	ExpectedVersion *int // of the person; not compared where absent
}

// RevokeRole ends a role at once: the person's next request is answered without it. Anyone may lay down a role of
// their own. The last administrator stays.
func (s *Service) RevokeRole(ctx context.Context, in RevokeRoleInput) (*Person, error) {
	who, _, ok := id.Whole[id.Person](string(in.Role), id.KindPerson)
	if !ok {
		return nil, fault.New(fault.Invalid, fault.CodeWrongID, "want", "role").At("role")
	}
	p, err := s.people.Get(authz.AsSystem(ctx), string(who))
	if err != nil {
		return nil, at(err, "role")
	}
	h, ok := p.Role(in.Role)
	if !ok {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", in.Role).At("role")
	}
	if err := s.mayRevoke(ctx, h, who); err != nil {
		return nil, err
	}
	if p, err = s.revoke(ctx, p, h, in.ExpectedVersion); err != nil {
		return nil, err
	}
	s.view(authz.From(ctx), p)
	return p, nil
}

// revoke ends a role, an administrator's by way of the office. Whoever is struck from there and then not revoked, because
// the store failed or somebody was faster, is an administrator who does not count as the last one: revoking again
// finishes it.
func (s *Service) revoke(ctx context.Context, p *Person, h RoleHolding, version *int) (*Person, error) {
	if !h.Over(s.now()) {
		if err := expect(p, version); err != nil {
			return nil, err
		}
		if err := s.dismiss(ctx, h); err != nil {
			return nil, err
		}
	}
	defer s.Altered(p.ID)
	return s.people.Change(program(ctx), access.PersonEnrol, string(p.ID), func(p *Person) error {
		if err := expect(p, version); err != nil {
			return err
		}
		return at(p.Revoke(h.ID, authz.From(ctx).Person, s.now()), "role")
	})
}

// mayRevoke says whether the caller may end a role of a person. A role that the caller may not know of is not found.
func (s *Service) mayRevoke(ctx context.Context, h RoleHolding, of id.Person) error {
	where, err := s.place(ctx, h.Organisation)
	if err != nil {
		return err
	}
	on := held{where, of}
	if s.may(ctx, access.PersonReadRoles, on) != nil && authz.From(ctx).Known() {
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", h.ID).At("role")
	}
	return s.may(ctx, access.RevokeOf(h.Role), on)
}

// held is a role of a person as the object of an action: it has a place, and belongs to somebody.
type held struct {
	place
	of id.Person
}

// BelongsTo says whose role it is.
func (h held) BelongsTo() id.Person { return h.of }

// roleID names a new role of a person.
func (s *Service) roleID(who id.Person) (id.Role, error) {
	raw := make([]byte, 10)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", fmt.Errorf("role: no randomness: %w", err)
	}
	key := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
	return id.Within[id.Role](id.KindRole, string(who), key), nil
}

// expect compares the person's version where the client named one.
func expect(p *Person, version *int) error {
	if version == nil {
		return nil
	}
	return command.Expect(p.Version, *version)
}

// at says which input field an error is about; nil stays nil.
func at(err error, path ...string) error {
	if err == nil {
		return nil
	}
	var f fault.List
	f.Add(err, path...)
	if len(f) == 1 && fault.Of(err).Code == fault.CodeInternal { // no fault of the input
		return err
	}
	return f
}
