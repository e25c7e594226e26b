// Package serviceaccount keeps the programs that act for organisations: their accounts, and what they prove with that
// they are who they say they are.
//
// An account belongs to one organisation and acts in one role there, as far as the scopes go that it was given. It comes
// with an API key, or with an access token that it gets for a client secret or for a signed assertion. It outlives whoever
// made it, never signs, and never says who else may act. What it brings is looked up at every request, so that whatever
// is taken from it is gone at once.
package serviceaccount

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of an account.
const (
	MaxName    = 60  // characters
	MaxPurpose = 500 // characters
	MaxReason  = 500 // characters

	LiveKeys    = 2  // API keys that are good at the same time: one in use, and its successor
	LiveSecrets = 2  // client secrets, likewise
	MaxKeys     = 5  // public keys for assertions
	keptKeys    = 20 // API keys that are listed, the ended ones included

	// KeyLife is how long an API key is good where nothing else is said.
	KeyLife = 90 * 24 * time.Hour
	// Overlap is how long a client secret goes on being good after its successor was made.
	Overlap = 24 * time.Hour
)

// ServiceAccount is a program that acts for an organisation.
type ServiceAccount struct {
	store.Meta[id.ServiceAccount] `bson:",inline"`

	Organisation id.Organisation `bson:"organisation"`
	Name         string          `bson:"name"`
	Purpose      string          `bson:"purpose"` // what it is there for, for those who find it a year later
	Role         authz.Role      `bson:"role"`    // in which it acts; never another one
	Scopes       []authz.Scope   `bson:"scopes,omitempty"`
	Status       Status          `bson:"status"`
	ExpiresAt    time.Time       `bson:"expiresAt"`           // UTC; good until here
	CreatedBy    *id.Person      `bson:"createdBy,omitempty"` // nil for the program itself
	Reason       *string         `bson:"reason,omitempty"`    // why it was disabled or ended
	LastUsedAt   *time.Time      `bson:"lastUsedAt,omitempty"`

	APIKeys       []*APIKey       `bson:"apiKeys,omitempty"`
	ClientKeys    []*ClientKey    `bson:"clientKeys,omitempty"`
	ClientSecrets []*ClientSecret `bson:"clientSecrets,omitempty"`

	Generation int            `bson:"generation"`          // access tokens of an earlier one are worth nothing
	Revoked    []revokedToken `bson:"revoked,omitempty"`   // access tokens taken back before their end
	RevokedAt  *time.Time     `bson:"revokedAt,omitempty"` // when that was last done

	Above []id.Organisation `bson:"above,omitempty"` // the bodies above the organisation, kept up by Resettle
}

// Status is whether an account can be used.
type Status string

// The states.
const (
	Active   Status = "ACTIVE"
	Disabled Status = "DISABLED" // for a while
	Ended    Status = "ENDED"    // for good
)

// Verb is what is done to an account as a whole.
type Verb string

// The verbs.
const (
	VerbDisable Verb = "DISABLE"
	VerbEnable  Verb = "ENABLE"
	VerbEnd     Verb = "END"
	VerbUse     Verb = "USE" // to be given or altered what it is used by
)

// next is the state that a verb leads to; ok is false where the verb has no place.
func next(from Status, v Verb) (to Status, ok bool) {
	switch {
	case v == VerbUse && from == Active, v == VerbEnable && from == Disabled:
		return Active, true
	case v == VerbDisable && from == Active:
		return Disabled, true
	case v == VerbEnd && from != Ended:
		return Ended, true
	}
	return from, false
}

// move takes the account on by a verb. Whatever access tokens there are end where it is stopped.
func (a *ServiceAccount) move(v Verb) error {
	to, ok := next(a.Status, v)
	if !ok {
		return fault.New(fault.Refused, CodeState, "status", a.Status)
	}
	if to != Active {
		a.Generation++
		a.Revoked = nil
	}
	a.Status = to
	return nil
}

// usable says whether the account can act at a moment.
func (a *ServiceAccount) usable(at time.Time) bool {
	return a.Status == Active && at.Before(a.ExpiresAt)
}

// Expired says whether the account's time has run out; renewing it brings it back.
func (a *ServiceAccount) Expired(at time.Time) bool { return !at.Before(a.ExpiresAt) }

// IsNode marks what can be found by its identifier alone.
func (*ServiceAccount) IsNode() {}

// Stand says which organisations stand to the account in a relation: its own, and the bodies above that.
func (a *ServiceAccount) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{a.Organisation}
	case authz.Above:
		return a.Above
	}
	return nil
}

// Audience is the organisation.
func (a *ServiceAccount) Audience() []string { return []string{string(a.Organisation)} }

// granted is what of some scopes the account has now.
func (a *ServiceAccount) granted(asked []authz.Scope) []authz.Scope {
	return slices.DeleteFunc(slices.Clone(asked), func(s authz.Scope) bool { return !slices.Contains(a.Scopes, s) })
}

// Roles are those in which accounts act: those that speak for an organisation or read for it. An ADMINISTRATOR belongs to
// no organisation, a GRID_STEWARD and a MEMBER are people.
func Roles() []authz.Role {
	return []authz.Role{authz.Secretary, authz.Liaison, authz.Supervisor, authz.Auditor}
}

// fits says whether an account of an organisation of some kind can act in a role.
func fits(r authz.Role, k organisation.Kind) bool {
	switch r {
	case authz.Secretary:
		return k == organisation.KindCommunity
	case authz.Liaison:
		return k == organisation.KindResidentUnit
	case authz.Supervisor, authz.Auditor:
		return k == organisation.KindSubDistrict || k == organisation.KindDistrict
	}
	return false
}

// The events of this room. They name no person and no secret.
const (
	ToldCreated       = "serviceAccount.created"
	ToldUpdated       = "serviceAccount.updated"
	ToldDisabled      = "serviceAccount.disabled"
	ToldEnabled       = "serviceAccount.enabled"
	ToldEnded         = "serviceAccount.ended"
	ToldKeyCreated    = "serviceAccount.apiKeyCreated"
	ToldKeyRevoked    = "serviceAccount.apiKeyRevoked"
	ToldClientKey     = "serviceAccount.clientKeyAdded"
	ToldClientKeyGone = "serviceAccount.clientKeyRemoved"
	ToldSecret        = "serviceAccount.secretRotated"
)

// told is what events say of an account.
type told struct {
	Organisation id.Organisation `bson:"organisation"`
	Role         authz.Role      `bson:"role"`
	Scopes       []authz.Scope   `bson:"scopes,omitempty"`
	Status       Status          `bson:"status"`
	Part         string          `bson:"part,omitempty"` // the key or secret it is about
}

func (a *ServiceAccount) tell(what, part string) error {
	return a.Tell(what, told{a.Organisation, a.Role, a.Scopes, a.Status, part})
}

// view takes what secrets are recognised by out of what leaves the room.
func view(by authz.Actor, a *ServiceAccount) {
	if by.IsSystem() {
		return
	}
	for _, k := range a.APIKeys {
		k.Print = print{}
	}
	for _, s := range a.ClientSecrets {
		s.Print = print{}
	}
	a.Revoked = nil
}
