package person

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// office is the one document that lists who operates the platform for good: the administrators whose role has no end.
// A role is revoked in the person's document, and no change spans two; so a name is struck from here first, and the
// last one cannot be. What stands here is therefore never more than there is, and never nothing.
type office struct {
	store.Meta[id.Role] `bson:",inline"`

	Holders []id.Role `bson:"holders"`
}

func officeOptions(s *Service) store.Options[*office] {
	action := access.RevokeOf(authz.Administrator)
	return store.Options[*office]{
		Schema: store.Schema{Name: "offices"}, Read: action, Now: s.Now,
		Policy: authz.PolicyOf[*office](s.table, action, nil, nil, nil),
	}
}

// lasting says whether a role belongs in the office.
func (h RoleHolding) lasting() bool { return h.Role == authz.Administrator && h.Until == nil }

// install notes an administrator; noting one again changes nothing.
func (s *Service) install(ctx context.Context, h RoleHolding) error {
	if !h.lasting() || !h.InForce(s.now()) {
		return nil
	}
	ctx = authz.AsSystem(ctx)
	action := access.RevokeOf(authz.Administrator)
	o := &office{Holders: []id.Role{h.ID}}
	o.ID = officeID()
	_, err := s.offices.Add(ctx, action, o)
	if !fault.Is(err, fault.CodeTaken) {
		return err
	}
	_, err = s.offices.Change(ctx, action, string(officeID()), func(o *office) error {
		if !slices.Contains(o.Holders, h.ID) {
			o.Holders = append(o.Holders, h.ID)
		}
		return nil
	})
	return err
}

// dismiss strikes an administrator from the office, unless it is the last one.
func (s *Service) dismiss(ctx context.Context, h RoleHolding) error {
	if !h.lasting() {
		return nil
	}
	_, err := s.offices.Change(authz.AsSystem(ctx), access.RevokeOf(authz.Administrator), string(officeID()), func(o *office) error {
		rest := slices.DeleteFunc(slices.Clone(o.Holders), func(r id.Role) bool { return r == h.ID })
		if len(rest) == 0 {
			return fault.New(fault.Refused, CodeLastAdministrator)
		}
		o.Holders = rest
		return nil
	})
	if fault.Is(err, fault.CodeNotFound) { // nobody was ever noted
		return fault.New(fault.Refused, CodeLastAdministrator)
	}
	return err
}

func officeID() id.Role { return id.Derived[id.Role](id.KindRole, "administrators") }
