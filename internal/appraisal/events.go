package appraisal

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
)

// The events of this room. Those of appraisals carry a Happened.
const (
	ToldInvited   = "appraisal.invited"
	ToldSubmitted = "appraisal.submitted" // or submitted anew
	ToldOpened    = "appraisal.opened"
	ToldMissed    = "appraisal.missed"
	ToldAnswered  = "appraisal.answered"
	ToldCriteria  = "appraisal.criteriaSet"
)

// Happened is what an event says of an appraisal after what happened. It names no person, and of what lies under the
// seal nothing but the hash, even after it is opened.
type Happened struct {
	Contract  id.Contract     `bson:"contract"`
	Occasion  Occasion        `bson:"occasion"`
	Appraiser id.Organisation `bson:"appraiser"`
	Appraised id.Organisation `bson:"appraised"`
	Status    Status          `bson:"status"`
	Hash      string          `bson:"hash,omitempty"`
	ClosesAt  time.Time       `bson:"closesAt"`
}

// tell notes an event with the appraisal as it is now.
func (a *Appraisal) tell(what string) error {
	h := Happened{
		Contract: a.Contract, Occasion: a.Occasion, Appraiser: a.Appraiser, Appraised: a.Appraised,
		Status: a.Status, ClosesAt: a.ClosesAt,
	}
	if a.Hash != nil {
		h.Hash = *a.Hash
	}
	return a.Tell(what, h)
}
