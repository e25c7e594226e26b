// Package person keeps the people who sign in: their accounts, the roles they hold in organisations and for how long,
// the sessions they have open, and the invitations by which new ones come in.
//
// A person's document holds all their roles, so that granting and revoking are one write, and the rights of a request
// are read with the person. Nobody reads another person's account; those with the right see the names and roles of an
// organisation's people.
package person

import (
	"log/slog"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Language is the one in which a person wants to be spoken to.
type Language string

// The languages.
const (
	Chinese Language = "ZH_CN"
	English Language = "EN"
)

// Valid says whether l is one of the languages.
func (l Language) Valid() bool { return l == Chinese || l == English }

// Person is somebody who signs in, with the roles they hold and have held.
type Person struct {
	store.Meta[id.Person] `bson:",inline"`

	Name         personal.Text  `bson:"name,omitempty"`      // as colleagues know them; empty once erased
	LoginName    *personal.Text `bson:"loginName,omitempty"` // unique, lower case; only for the person themself
	Email        *personal.Text `bson:"email,omitempty"`     // unique, lower case; only for the person themself
	Language     *Language      `bson:"language,omitempty"`  // only for the person themself
	PasswordHash hash           `bson:"passwordHash,omitempty"`
	Generation   int            `bson:"generation"`           // sessions of an earlier one have ended
	ExpelledAt   *time.Time     `bson:"expelledAt,omitempty"` // when that last moved on
	Roles        []RoleHolding  `bson:"roles,omitempty"`
	ErasedAt     *time.Time     `bson:"erasedAt,omitempty"` // UTC; since when nothing is kept of them but that they acted

	// What follows is made from Roles by arrange, for lists: the organisations of the roles that have not ended, and
	// the bodies above those.
	Organisations []id.Organisation `bson:"organisations,omitempty"`
	Under         []id.Organisation `bson:"under,omitempty"`
	Posts         []string          `bson:"posts,omitempty"`  // each with its role, as SECRETARY@com1_…
	WakeAt        *time.Time        `bson:"wakeAt,omitempty"` // when the next of those roles ends
}

// hash is a password's hash; it stays out of logs.
type hash string

// String hides the hash.
func (hash) String() string { return "(hidden)" }

// LogValue hides the hash.
func (hash) LogValue() slog.Value { return slog.StringValue("(hidden)") }

// IsNode marks what can be found by its identifier alone.
func (*Person) IsNode() {}

// BelongsTo says that an account belongs to the person.
func (p *Person) BelongsTo() id.Person { return p.ID }

// Stand says which organisations stand to the person in a relation: those of their roles, and the bodies above them.
func (p *Person) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return p.Organisations
	case authz.Above:
		return p.Under
	}
	return nil
}

// Places are the organisations that the person is known through, by their roles: where they hold them, and the bodies
// above.
func (p *Person) Places() []id.Organisation {
	var all []id.Organisation
	for _, h := range p.Roles {
		if h.Organisation != "" {
			all = with(all, h.Organisation)
		}
	}
	for _, h := range p.Roles {
		for _, o := range h.Above {
			all = with(all, o)
		}
	}
	return all
}

// Audience is recorded on the person's events.
func (p *Person) Audience() []string {
	var all []string
	for _, o := range slices.Concat(p.Organisations, p.Under) {
		all = append(all, string(o))
	}
	return all
}

// Holdings are the rights in force at a moment.
func (p *Person) Holdings(at time.Time) []authz.Holding {
	var hs []authz.Holding
	for _, r := range p.Roles {
		if r.InForce(at) {
			hs = append(hs, authz.Holding{Role: r.Role, Organisation: r.Organisation, Signing: r.Signing, Within: r.Above})
		}
	}
	return hs
}

// Role finds one of the person's roles.
func (p *Person) Role(role id.Role) (RoleHolding, bool) {
	i := slices.IndexFunc(p.Roles, func(h RoleHolding) bool { return h.ID == role })
	if i < 0 {
		return RoleHolding{}, false
	}
	return p.Roles[i], true
}

// MaxRoles is how many roles a person can hold or have held.
const MaxRoles = 200

// Grant gives the person a role. One that they already hold for some of that time is refused, unless the new one adds
// the signing right.
func (p *Person) Grant(h RoleHolding, now time.Time) error {
	if err := p.room(h); err != nil {
		return err
	}
	p.Roles = append(p.Roles, h)
	p.arrange(now)
	return p.Tell(EventGranted, h.told())
}

// granted is the role that a mutation gave last which the client named so; none where there is none.
func (p *Person) granted(once string) RoleHolding {
	for _, h := range slices.Backward(p.Roles) {
		if h.Once == once {
			return h
		}
	}
	return RoleHolding{}
}

// room says whether the person can be given a role, and why not.
func (p *Person) room(h RoleHolding) error {
	if p.ErasedAt != nil {
		return fault.New(fault.Refused, CodeErased)
	}
	if len(p.Roles) >= MaxRoles {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxRoles)
	}
	if slices.ContainsFunc(p.Roles, func(had RoleHolding) bool { return had.covers(h) }) {
		return fault.New(fault.Refused, CodeRoleHeld, "role", h.Role)
	}
	return nil
}

// Revoke ends a role at once.
func (p *Person) Revoke(role id.Role, by id.Person, now time.Time) error {
	i := slices.IndexFunc(p.Roles, func(h RoleHolding) bool { return h.ID == role })
	if i < 0 {
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", role)
	}
	h := &p.Roles[i]
	if h.Over(now) {
		return fault.New(fault.Refused, CodeRoleEnded, "role", h.Role)
	}
	h.RevokedAt, h.RevokedBy = &now, by
	p.arrange(now)
	return p.Tell(EventRevoked, h.told())
}

// arrange brings what lists go by up to a moment.
func (p *Person) arrange(now time.Time) {
	p.Organisations, p.Under, p.Posts, p.WakeAt = nil, nil, nil, nil
	for _, h := range p.Roles {
		if h.Over(now) {
			continue
		}
		if h.Organisation != "" {
			p.Organisations = with(p.Organisations, h.Organisation)
			p.Posts = with(p.Posts, post(h.Role, h.Organisation))
		}
		for _, o := range h.Above {
			p.Under = with(p.Under, o)
		}
		if h.Until != nil && (p.WakeAt == nil || h.Until.Before(*p.WakeAt)) {
			p.WakeAt = h.Until
		}
	}
}

func with[V comparable](all []V, one V) []V {
	if slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// post is a role in an organisation as one word, to be found by.
func post(r authz.Role, in id.Organisation) string { return string(r) + "@" + string(in) }
