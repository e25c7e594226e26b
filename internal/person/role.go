package person

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// RoleHolding is one role of a person in an organisation, from a moment to a moment. It is never altered but to end
// it; its history stays.
type RoleHolding struct {
	ID           id.Role         `bson:"id"`
	Role         authz.Role      `bson:"role"`
	Organisation id.Organisation `bson:"organisation,omitempty"` // empty for an ADMINISTRATOR
	Signing      bool            `bson:"signing,omitempty"`      // with the organisation's signing right
	From         time.Time       `bson:"from"`                   // UTC; in force from here on
	Until        *time.Time      `bson:"until,omitempty"`        // UTC; in force up to, not including; nil for no end
	GrantedBy    id.Person       `bson:"grantedBy,omitempty"`    // empty for the program itself
	GrantedAt    time.Time       `bson:"grantedAt"`
	RevokedAt    *time.Time      `bson:"revokedAt,omitempty"` // UTC; ended at this moment, whatever Until says
	RevokedBy    id.Person       `bson:"revokedBy,omitempty"`
	Once         string          `bson:"once,omitempty"` // the client's own name of the mutation that granted it, hashed

	Above []id.Organisation `bson:"above,omitempty"` // the bodies above the organisation, kept up by Resettle
}

// InForce says whether the role holds at a moment.
func (h RoleHolding) InForce(at time.Time) bool { return !h.Over(at) && !at.Before(h.From) }

// Over says whether the role has ended by a moment. One that is still to begin is not over.
func (h RoleHolding) Over(at time.Time) bool {
	return h.RevokedAt != nil || h.Until != nil && !at.Before(*h.Until)
}

// covers says whether h already gives what other would, for some of the same time.
func (h RoleHolding) covers(other RoleHolding) bool {
	if h.RevokedAt != nil || h.Role != other.Role || h.Organisation != other.Organisation {
		return false
	}
	if other.Signing && !h.Signing {
		return false
	}
	return (h.Until == nil || other.From.Before(*h.Until)) && (other.Until == nil || h.From.Before(*other.Until))
}

// Stand lets the table decide about one role of a person, apart from their others.
func (h RoleHolding) Stand(r authz.Relation) []id.Organisation {
	switch {
	case r == authz.Own && h.Organisation != "":
		return []id.Organisation{h.Organisation}
	case r == authz.Above:
		return h.Above
	}
	return nil
}

// roleTold is what events say of a role.
type roleTold struct {
	Holding      id.Role         `bson:"holding"`
	Role         authz.Role      `bson:"role"`
	Organisation id.Organisation `bson:"organisation,omitempty"`
	Signing      bool            `bson:"signing"`
	From         time.Time       `bson:"from"`
	Until        *time.Time      `bson:"until,omitempty"`
}

func (h RoleHolding) told() roleTold {
	return roleTold{h.ID, h.Role, h.Organisation, h.Signing, h.From, h.Until}
}

// fit says whether a role belongs to organisations of a kind; the zero kind stands for no organisation.
func fit(r authz.Role, k organisation.Kind) bool {
	switch r {
	case authz.Secretary, authz.GridSteward:
		return k == organisation.KindCommunity
	case authz.Liaison:
		return k == organisation.KindResidentUnit
	case authz.Supervisor, authz.Auditor:
		return k == organisation.KindSubDistrict || k == organisation.KindDistrict
	case authz.Member:
		return k != ""
	case authz.Administrator:
		return k == ""
	}
	return false
}

// canSign says whether the signing right of an organisation can go with a role.
func canSign(r authz.Role) bool {
	return slices.Contains([]authz.Role{authz.Secretary, authz.Liaison, authz.Supervisor}, r)
}

// term is a role as somebody asks for it to be given.
type term struct {
	role    authz.Role
	at      place
	signing bool
	from    *time.Time
	until   *time.Time
}

// check adds what is wrong with a term to faults, and gives the moments between which it is to hold.
func (t term) check(f *fault.List, now time.Time) (from time.Time, until *time.Time) {
	kind := t.at.facts.Kind
	if !fit(t.role, kind) {
		f.Add(fault.New(fault.Refused, CodeRoleUnfit, "role", t.role, "kind", kind), "role")
	}
	if t.signing && !canSign(t.role) {
		f.Add(fault.New(fault.Refused, CodeSigningUnfit, "role", t.role), "signing")
	}
	from = now
	if t.from != nil {
		from = t.from.UTC().Truncate(time.Millisecond)
	}
	if t.until != nil {
		u := t.until.UTC().Truncate(time.Millisecond)
		until = &u
		if !u.After(from) || !u.After(now) {
			f.Add(fault.New(fault.Refused, CodeValidity), "until")
		}
	}
	return from, until
}

// place is an organisation as the object of an action: its people are changed.
type place struct{ facts organisation.Facts }

// Stand says which organisations stand to the place in a relation.
func (p place) Stand(r authz.Relation) []id.Organisation {
	switch {
	case r == authz.Own && p.facts.ID != "":
		return []id.Organisation{p.facts.ID}
	case r == authz.Above:
		return p.facts.Above
	case r == authz.Hosting:
		return p.facts.Communities
	}
	return nil
}
