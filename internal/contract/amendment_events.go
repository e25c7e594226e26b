package contract

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The events that an amendment tells. Each carries an AmendmentTold.
const (
	AmendmentToldDrafted          = "amendment.drafted"
	AmendmentToldRevised          = "amendment.revised"
	AmendmentToldProposed         = "amendment.proposed"
	AmendmentToldChangesRequested = "amendment.changesRequested"
	AmendmentToldAgreed           = "amendment.agreed"
	AmendmentToldDeclined         = "amendment.declined"
	AmendmentToldOpened           = "amendment.opened"
	AmendmentToldReopened         = "amendment.reopened"
	AmendmentToldSigned           = "amendment.signed" // by one party
	AmendmentToldSealed           = "amendment.sealed" // by all that had to
	AmendmentToldApplied          = "amendment.applied"
	AmendmentToldCancelled        = "amendment.cancelled" // by who drafted it; by the contract's end where it has lapsed
)

// AmendmentTold is what an event says of an amendment after what happened. It names no person.
type AmendmentTold struct {
	Contract    id.Contract       `bson:"contract"`
	Status      AmendmentStatus   `bson:"status"`
	Title       string            `bson:"title"`           // of the text
	Party       id.Organisation   `bson:"party,omitempty"` // that acted; empty where time or the contract's end did
	Number      int               `bson:"number"`
	BaseVersion int               `bson:"baseVersion"`
	TextHash    string            `bson:"textHash,omitempty"` // from SIGNING on
	EffectiveOn *scalar.Date      `bson:"effectiveOn,omitempty"`
	AppliesOn   *scalar.Date      `bson:"appliesOn,omitempty"` // from SIGNED on
	Parties     []id.Organisation `bson:"parties"`             // those that have not left
}

// tell notes an event with the amendment as it is now.
func (a *Amendment) tell(what string, party id.Organisation) error {
	told := AmendmentTold{
		Contract: a.Contract, Status: a.Status, Title: a.Text.Title, Party: party, Number: a.Number, BaseVersion: a.BaseVersion,
		EffectiveOn: a.EffectiveOn, AppliesOn: a.AppliesOn, Parties: a.Current,
	}
	if a.Frozen != nil {
		told.TextHash = a.Frozen.Hash
	}
	return a.Tell(what, told)
}
