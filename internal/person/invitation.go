package person

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// InvitationLife is how long an invitation waits to be accepted.
const InvitationLife = 14 * 24 * time.Hour

// maxAttempts is how often a wrong code may be tried at one invitation before it is void.
const maxAttempts = 10

// InvitationStatus is how far an invitation has come.
type InvitationStatus string

// The states of an invitation. One that is SENT and past its time is swept away.
const (
	InvitationSent     InvitationStatus = "SENT"
	InvitationAccepted InvitationStatus = "ACCEPTED"
	InvitationRevoked  InvitationStatus = "REVOKED" // by whoever may, or by too many wrong codes
)

// Invitation offers somebody a role. Whoever has its one-time code can take it up, once.
type Invitation struct {
	store.Meta[id.Invitation] `bson:",inline"`

	Organisation id.Organisation  `bson:"organisation,omitempty"` // empty for an ADMINISTRATOR
	Role         authz.Role       `bson:"role"`
	Signing      bool             `bson:"signing,omitempty"`
	From         time.Time        `bson:"from"`
	Until        *time.Time       `bson:"until,omitempty"`
	Name         *personal.Text   `bson:"name,omitempty"` // whom it is meant for; proposed as their name
	Status       InvitationStatus `bson:"status"`
	ExpiresAt    time.Time        `bson:"expiresAt"` // UTC; swept away from here on
	SentBy       id.Person        `bson:"sentBy,omitempty"`
	AcceptedBy   id.Person        `bson:"acceptedBy,omitempty"`
	AcceptedAt   *time.Time       `bson:"acceptedAt,omitempty"`

	Selector string            `bson:"selector"` // the code's first part, by which it is found; unique
	Secret   []byte            `bson:"secret"`   // SHA-256 of the rest, which holds 70 random bits
	Attempts int               `bson:"attempts,omitempty"`
	Above    []id.Organisation `bson:"above,omitempty"`
	Hosts    []id.Organisation `bson:"hosts,omitempty"`
}

// IsNode marks what can be found by its identifier alone.
func (*Invitation) IsNode() {}

// Stand says which organisations stand to the invitation in a relation.
func (v *Invitation) Stand(r authz.Relation) []id.Organisation {
	switch {
	case r == authz.Own && v.Organisation != "":
		return []id.Organisation{v.Organisation}
	case r == authz.Above:
		return v.Above
	case r == authz.Hosting:
		return v.Hosts
	}
	return nil
}

// Audience is recorded on its events.
func (v *Invitation) Audience() []string {
	var all []string
	if v.Organisation != "" {
		all = append(all, string(v.Organisation))
	}
	for _, o := range v.Above {
		all = append(all, string(o))
	}
	return all
}

// open says why an invitation cannot be taken up, if it cannot.
func (v *Invitation) open(now time.Time) error {
	switch {
	case v.Status == InvitationRevoked:
		return fault.New(fault.Refused, CodeInvitationRevoked)
	case v.Status == InvitationAccepted:
		return fault.New(fault.Refused, CodeInvitationUsed)
	case !now.Before(v.ExpiresAt):
		return fault.New(fault.Refused, CodeInvitationOver)
	}
	return nil
}

// accept gives the invitation to a person. The same person may accept again, to finish what was cut short.
func (v *Invitation) accept(by id.Person, now time.Time) error {
	if v.Status == InvitationAccepted && v.AcceptedBy == by {
		return nil
	}
	if err := v.open(now); err != nil {
		return err
	}
	v.Status, v.AcceptedBy, v.AcceptedAt = InvitationAccepted, by, &now
	return v.Tell(EventAccepted, struct {
		Person id.Person `bson:"person"`
	}{by})
}

// revoke takes the offer back.
func (v *Invitation) revoke(now time.Time) error {
	if err := v.open(now); err != nil {
		return err
	}
	v.Status = InvitationRevoked
	return v.Tell(EventRecalled, nil)
}

// tried counts a wrong code; too many void the invitation.
func (v *Invitation) tried() error {
	v.Attempts++
	if v.Attempts < maxAttempts || v.Status != InvitationSent {
		return nil
	}
	v.Status = InvitationRevoked
	return v.Tell(EventRecalled, nil)
}

// matches compares the secret part of a code in constant time.
func (v *Invitation) matches(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(sum[:], v.Secret) == 1
}

// holding is the role that the invitation gives. Its identifier is of the person and the invitation, so that it is
// given once.
func (v *Invitation) holding(to id.Person, now time.Time, above []id.Organisation) RoleHolding {
	_, tail, _ := strings.Cut(string(v.ID), "_")
	return RoleHolding{
		ID:   id.Within[id.Role](id.KindRole, string(to), tail),
		Role: v.Role, Organisation: v.Organisation, Signing: v.Signing, From: v.From, Until: v.Until,
		GrantedBy: v.SentBy, GrantedAt: now, Above: above,
	}
}

// The letters of a code are Crockford's: none is taken for another when read aloud or copied by hand.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// The parts of a code, in letters of five bits.
const (
	selectorLength = 6
	codeLength     = 20
)

// newCode draws a one-time code, as its two parts.
func newCode(random io.Reader) (selector, secret string, err error) {
	raw := make([]byte, codeLength)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", fmt.Errorf("invitation: no randomness: %w", err)
	}
	for i := range raw {
		raw[i] = letters[raw[i]&31]
	}
	return string(raw[:selectorLength]), string(raw[selectorLength:]), nil
}

// shown is a code for people: four groups of five.
func shown(selector, secret string) string {
	c := selector + secret
	return c[:5] + "-" + c[5:10] + "-" + c[10:15] + "-" + c[15:]
}

// readCode takes a code as people type it: in any case, with spaces and dashes or without, O for 0, I and L for 1.
func readCode(s string) (selector, secret string, ok bool) {
	if len(s) > 4*codeLength {
		return "", "", false
	}
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(folded(s)))
	if len(s) != codeLength || strings.Trim(s, letters) != "" {
		return "", "", false
	}
	return s[:selectorLength], s[selectorLength:], true
}
