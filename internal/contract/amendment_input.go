package contract

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// AmendedText is what an amendment changes of a text. What is absent stays as it is; a list replaces the whole list.
type AmendedText struct {
	Title        *string
	Purpose      *string
	Parties      []PartyInput
	Clauses      []ClauseInput
	Commitments  []CommitmentInput
	EndsOn       *scalar.Date
	NoticeDays   *int
	SigningOrder []id.Organisation
	AutoRenew    *bool
	Language     *string
	Terms        *scalar.JSON
	Sharing      []SharingInput
}

// over lays the changes over a text.
func (n AmendedText) over(in TextInput) TextInput {
	set(&in.Title, n.Title)
	set(&in.EndsOn, n.EndsOn)
	keep(&in.Purpose, n.Purpose)
	keep(&in.NoticeDays, n.NoticeDays)
	keep(&in.AutoRenew, n.AutoRenew)
	keep(&in.Language, n.Language)
	keep(&in.Terms, n.Terms)
	list(&in.Parties, n.Parties)
	list(&in.Clauses, n.Clauses)
	list(&in.Commitments, n.Commitments)
	list(&in.SigningOrder, n.SigningOrder)
	list(&in.Sharing, n.Sharing)
	return in
}

// DraftAmendmentInput begins an amendment of a contract in force. Party is the one that drafts, where its author acts
// for several.
type DraftAmendmentInput struct {
	command.Once
	Contract    id.Contract
	Party       *id.Organisation
	EffectiveOn *scalar.Date
	Summary     *string
	AmendedText
}

// ReviseAmendmentInput makes a new text of an amendment.
type ReviseAmendmentInput struct {
	command.Change
	ID          id.Amendment
	Party       *id.Organisation
	EffectiveOn *scalar.Date
	Summary     *string
	AmendedText
}

// AmendStepInput is what most verbs need: the amendment, the version that the caller has read, and for whom the caller
// acts.
type AmendStepInput struct {
	command.Change
	ID    id.Amendment
	Party *id.Organisation
}

// The inputs of the verbs of an amendment.
type (
	// ProposeAmendmentInput lays a draft before the parties.
	ProposeAmendmentInput struct{ AmendStepInput }
	// AgreeToAmendmentInput agrees to the text as it is in the expected version.
	AgreeToAmendmentInput struct{ AmendStepInput }
	// OpenAmendmentInput freezes the text for signing.
	OpenAmendmentInput struct{ AmendStepInput }
	// RequestAmendmentChangesInput asks for changes of the text.
	RequestAmendmentChangesInput struct {
		AmendStepInput
		Remarks []RemarkInput
	}
	// DeclineAmendmentInput ends an amendment that a party does not want.
	DeclineAmendmentInput struct {
		AmendStepInput
		Reason *string
	}
	// CancelAmendmentInput withdraws an amendment that is not signed yet.
	CancelAmendmentInput struct {
		AmendStepInput
		Reason *string
	}
	// ReopenAmendmentInput takes a text back from signing into negotiation.
	ReopenAmendmentInput struct {
		AmendStepInput
		Reason *string
	}
)

// SignAmendmentInput puts a party's signature under the amendment that has the hash, as SignInput does under a contract.
type SignAmendmentInput struct {
	command.Once
	ID        id.Amendment
	TextHash  string
	Party     *id.Organisation
	Signature *string
}
