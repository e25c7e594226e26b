package delegation

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState fault.Code = "DELEGATION_WRONG_STATE" // status, verb
	CodeOver       fault.Code = "DELEGATION_OVER"        // endsAt
	CodeOneself    fault.Code = "DELEGATION_TO_ONESELF"  //
	CodeUnfit      fault.Code = "DELEGATION_UNFIT"       // kind: neither a community nor a resident unit
	CodeRole       fault.Code = "DELEGATION_ROLE"        // role, kind: that organisations of the kind do not lend
	CodeOpen       fault.Code = "DELEGATION_OPEN"        // role: one between the two has not ended
	CodeOwnOffer   fault.Code = "DELEGATION_OWN_OFFER"   // who offered it does not accept it for the other side
	CodePeriod     fault.Code = "DELEGATION_PERIOD"      // latest: it ends after it begins and after now, and within a year
)

// The events of this room. Each carries a Happened.
const (
	ToldOffered  = "delegation.offered"
	ToldAccepted = "delegation.accepted"
	ToldEnded    = "delegation.ended"
)

// Happened is what events say of a delegation.
type Happened struct {
	From     id.Organisation `bson:"from"`
	To       id.Organisation `bson:"to"`
	Role     authz.Role      `bson:"role"`
	StartsAt time.Time       `bson:"startsAt"`
	EndsAt   time.Time       `bson:"endsAt"`
	Status   Status          `bson:"status"`
	EndedBy  id.Organisation `bson:"endedBy,omitempty"`
}
