package fulfilment

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The events of this room. Each carries a Happened.
const (
	ToldPlanned  = "fulfilment.planned"
	ToldReported = "fulfilment.reported"
	ToldAccepted = "fulfilment.accepted" // by one receiver, or by silence
	ToldDisputed = "fulfilment.disputed"
	ToldProposed = "fulfilment.proposed" // an outcome, by one side of a dispute
	ToldResolved = "fulfilment.resolved"
	ToldOverdue  = "fulfilment.overdue"
	ToldCounted  = "fulfilment.counted" // its day is over; it was reported before
	ToldClosed   = "fulfilment.closed"

	ToldWaiverAgreed = "fulfilment.waiverAgreed" // by one receiver of several
	ToldWaived       = "fulfilment.waived"       // by the last one
	ToldSuspended    = "fulfilment.suspended"
	ToldResumed      = "fulfilment.resumed"
	ToldReplanned    = "fulfilment.replanned"    // an amended text has other terms for it, or has it again
	ToldDueSoon      = "fulfilment.dueSoon"      // its day is near
	ToldReceiverLeft = "fulfilment.receiverLeft" // one of several has left the contract before its day
)

// Happened is what an event says of a fulfilment after what happened. It names no person.
type Happened struct {
	Contract   id.Contract       `bson:"contract"`
	Commitment id.Commitment     `bson:"commitment"`
	Provider   id.Organisation   `bson:"provider"`
	Receivers  []id.Organisation `bson:"receivers"`
	Party      id.Organisation   `bson:"party,omitempty"` // that acted; empty where time did
	DueOn      scalar.Date       `bson:"dueOn"`
	Status     Status            `bson:"status"`
	Late       bool              `bson:"late"`
	Was        Share             `bson:"was"` // what it counted before
	Is         Share             `bson:"is"`  // and now

	Account `bson:",inline"`

	DaysLeft *int `bson:"daysLeft,omitempty"` // to its day, where that is what is told
}

// tell notes an event with the fulfilment as it is now. was is what it counted before.
func (f *Fulfilment) tell(what string, party id.Organisation, was Share) error {
	return f.Tell(what, f.happened(party, was))
}

// happened is the fulfilment as its events tell it.
func (f *Fulfilment) happened(party id.Organisation, was Share) Happened {
	return Happened{
		Contract: f.Contract, Commitment: f.Commitment, Provider: f.Provider, Receivers: f.Receivers, Party: party,
		DueOn: f.DueOn, Status: f.Status, Late: f.Late, Was: was, Is: f.share(), Account: f.account(),
	}
}
