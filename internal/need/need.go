// Package need is the room of needs (需求): what communities and resident units lack, from the day somebody collects one
// to the day its publisher confirms that it is met.
//
// A micro-wish (微心愿) is a need of a resident that a community publishes without saying whose it is. How to reach the
// resident is kept apart, encrypted, and shown to who has taken it on only while the resident agrees.
package need

import (
	"time"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Kind is whose need it is.
type Kind string

// The kinds.
const (
	Ordinary  Kind = "ORDINARY"   // of the community or the unit
	MicroWish Kind = "MICRO_WISH" // of a resident, who is not named (微心愿)
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Ordinary, MicroWish} }

// Need is something that a community or a unit lacks.
type Need struct {
	store.Meta[id.Need] `bson:",inline"`
	exchange.Listing    `bson:",inline"`
	Kind                Kind          `bson:"kind"`
	Status              Status        `bson:"status"`
	Closed              bool          `bson:"closed,omitempty"` // no more claims are taken, though something is left
	CollectedBy         id.Person     `bson:"collectedBy,omitempty"`
	VerifiedAt          *time.Time    `bson:"verifiedAt,omitempty"`
	VerifiedBy          id.Person     `bson:"verifiedBy,omitempty"`
	PublishedAt         *time.Time    `bson:"publishedAt,omitempty"`
	FulfilledAt         *time.Time    `bson:"fulfilledAt,omitempty"` // when the last claim was reported as done
	ConfirmedAt         *time.Time    `bson:"confirmedAt,omitempty"`
	EndedAt             *time.Time    `bson:"endedAt,omitempty"` // when it was confirmed or withdrawn, or expired
	Reason              *string       `bson:"reason,omitempty"`  // why it was withdrawn
	Reach               personal.Text `bson:"contact,omitempty"` // how to reach the resident of a micro-wish
	Resident            id.Person     `bson:"resident,omitempty"`
	ConsentAt           *time.Time    `bson:"consentAt,omitempty"` // since when the resident agrees to be reached
	ConsentBy           id.Person     `bson:"consentBy,omitempty"` // who recorded that
	ReachUntil          *time.Time    `bson:"contactUntil,omitempty"`
}

// IsNode marks what can be found by its identifier alone.
func (*Need) IsNode() {}
