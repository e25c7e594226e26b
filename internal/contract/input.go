package contract

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// TextInput is a whole text as a draft brings it.
type TextInput struct {
	Title        string
	Purpose      *string
	Parties      []PartyInput
	Clauses      []ClauseInput
	Commitments  []CommitmentInput
	EffectiveOn  scalar.Date
	EndsOn       scalar.Date
	TimeZone     *string // DefaultZone where absent
	NoticeDays   *int    // 30 where absent
	SigningOrder []id.Organisation
	Language     *string // zh-CN where absent
	Terms        *scalar.JSON
	AutoRenew    *bool
	Sharing      []SharingInput
}

// PartyInput names a party; its name and credit code are taken from what is registered.
type PartyInput struct {
	Organisation    id.Organisation
	Part            Part
	ResponsibleHead *string
	Liaison         *string
}

// ClauseInput is one article; a key is assigned where there is none.
type ClauseInput struct {
	Key     *string
	Heading string
	Body    string
}

// CommitmentInput is one promise; a key is assigned where there is none.
type CommitmentInput struct {
	Key              *string
	Provider         id.Organisation
	Receivers        []id.Organisation
	Action           string
	Quantity         *scalar.Decimal
	Unit             *string
	Recurrence       *string
	StartsOn         *scalar.Date
	DueOn            *scalar.Date
	Standing         *bool
	EvidenceRequired []EvidenceKind
	EvidenceNote     *string
	Weight           *int // 1 where absent
}

// DraftInput begins a contract. Party is the organisation that drafts, where its author acts for several.
type DraftInput struct {
	command.Once
	Party *id.Organisation
	TextInput

	Origin *Origin // the template that filled the text; not for clients to say

	Sources []Source // of the commitments, in their order; not for clients to say
}

// ReviseInput makes a new version of the text. What is absent stays as it is; a list replaces the whole list.
type ReviseInput struct {
	command.Change
	ID           id.Contract
	Party        *id.Organisation
	Summary      *string
	Title        *string
	Purpose      *string
	Parties      []PartyInput
	Clauses      []ClauseInput
	Commitments  []CommitmentInput
	EffectiveOn  *scalar.Date
	EndsOn       *scalar.Date
	TimeZone     *string
	NoticeDays   *int
	SigningOrder []id.Organisation
	Language     *string
	Terms        *scalar.JSON
	AutoRenew    *bool
	Sharing      []SharingInput
}

// StepInput is what most verbs need: the contract, the version that the caller has read, and for whom the caller acts.
type StepInput struct {
	command.Change
	ID    id.Contract
	Party *id.Organisation
}

// The inputs of the verbs that take nothing else.
type (
	// ProposeInput lays a draft before the parties.
	ProposeInput struct{ StepInput }
	// AgreeInput agrees to the text as it is in the expected version.
	AgreeInput struct{ StepInput }
	// OpenInput freezes the text for signing.
	OpenInput struct{ StepInput }
)

// The inputs of the verbs for which people give a reason.
type (
	// DeclineInput leaves a contract that is being negotiated.
	DeclineInput struct {
		StepInput
		Reason *string
	}
	// CancelInput withdraws a contract that is not signed yet.
	CancelInput struct {
		StepInput
		Reason *string
	}
	// ReopenInput takes a text back from signing into negotiation.
	ReopenInput struct {
		StepInput
		Reason *string
	}
)

// RequestChangesInput asks for changes of the text.
type RequestChangesInput struct {
	StepInput
	Remarks []RemarkInput
}

// RemarkInput is what is to be changed: of one clause, of one commitment, or of the whole.
type RemarkInput struct {
	ClauseKey     *string
	CommitmentKey *string
	Body          string
}

// SignInput puts a party's signature under the text that has the hash. Where Signature is absent, the key held for
// the organisation signs; else it is a detached JWS over the contract's statement for that party.
type SignInput struct {
	command.Once
	ID        id.Contract
	TextHash  string
	Party     *id.Organisation
	Signature *string
}

// input gives a text as the input that would bring it.
func (t *Text) input() TextInput {
	in := TextInput{
		Title: t.Title, Purpose: &t.Purpose, EffectiveOn: t.EffectiveOn, EndsOn: t.EndsOn, TimeZone: &t.TimeZone,
		NoticeDays: &t.NoticeDays, SigningOrder: t.SigningOrder, Language: &t.Language, Terms: &t.Terms,
		AutoRenew: &t.AutoRenew,
	}
	for _, n := range t.Named {
		in.Parties = append(in.Parties, PartyInput{n.Organisation, n.Part, &n.ResponsibleHead, &n.Liaison})
	}
	for _, c := range t.Clauses {
		in.Clauses = append(in.Clauses, ClauseInput{&c.Key, c.Heading, c.Body})
	}
	for _, m := range t.Commitments {
		in.Commitments = append(in.Commitments, CommitmentInput{
			Key: &m.Key, Provider: m.Provider, Receivers: m.Receivers, Action: m.Action, Quantity: m.Quantity,
			Unit: &m.Unit, Recurrence: m.Recurrence, StartsOn: m.StartsOn, DueOn: m.DueOn, Standing: &m.Standing,
			EvidenceRequired: m.EvidenceRequired, EvidenceNote: &m.EvidenceNote, Weight: &m.Weight,
		})
	}
	for _, s := range t.Sharing {
		in.Sharing = append(in.Sharing, s.input())
	}
	return in
}

// over lays a revision over a text.
func (r ReviseInput) over(t *Text) TextInput {
	in := t.input()
	set(&in.Title, r.Title)
	set(&in.EffectiveOn, r.EffectiveOn)
	set(&in.EndsOn, r.EndsOn)
	keep(&in.Purpose, r.Purpose)
	keep(&in.TimeZone, r.TimeZone)
	keep(&in.NoticeDays, r.NoticeDays)
	keep(&in.Language, r.Language)
	keep(&in.Terms, r.Terms)
	keep(&in.AutoRenew, r.AutoRenew)
	list(&in.Parties, r.Parties)
	list(&in.Clauses, r.Clauses)
	list(&in.Commitments, r.Commitments)
	list(&in.SigningOrder, r.SigningOrder)
	list(&in.Sharing, r.Sharing)
	return in
}

func set[V any](to *V, v *V) {
	if v != nil {
		*to = *v
	}
}

func keep[V any](to **V, v *V) {
	if v != nil {
		*to = v
	}
}

func list[V any](to *[]V, vs []V) {
	if vs != nil {
		*to = vs
	}
}

// or is the value, or what stands for it where it is absent.
func or[V any](v *V, absent V) V {
	if v == nil {
		return absent
	}
	return *v
}
