package contract

import (
	"reflect"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// proposal is what a draft or a revision of an amendment says.
type proposal struct {
	text        Text
	effectiveOn *scalar.Date
	summary     string
}

// begin makes the amendment of a contract out of what its drafter wants.
func (a *Amendment) begin(by By, c *Contract, p proposal) error {
	a.Status, a.DraftedBy = AmendmentDraft, by.Party
	if sameText(&c.Text, &p.text) {
		return fault.New(fault.Refused, CodeAmendUnchanged)
	}
	a.adopt(by, c, p)
	return a.tell(AmendmentToldDrafted, by.Party)
}

// revise makes a new text of the amendment, written for the contract's text as it is now. In negotiation everybody
// else's agreement to the old one is void; the reviser's own is taken as given.
func (a *Amendment) revise(by By, c *Contract, p proposal) error {
	if err := a.ready(AmendRevise, by.Party, c, ""); err != nil {
		return err
	}
	same := sameText(&a.Text, &p.text) && reflect.DeepEqual(a.EffectiveOn, p.effectiveOn) && a.Summary == p.summary
	if sameText(&c.Text, &p.text) || same && a.BaseVersion == c.TextVersion {
		return fault.New(fault.Refused, CodeAmendUnchanged)
	}
	if err := a.move(AmendRevise, a.Status); err != nil {
		return err
	}
	a.adopt(by, c, p)
	a.Turn = ""
	if a.Status == AmendmentNegotiating {
		a.agreed(a.Party(by.Party))
	}
	return a.tell(AmendmentToldRevised, by.Party)
}

// adopt takes over a text, written for the contract's as it is now, with its parties.
func (a *Amendment) adopt(by By, c *Contract, p proposal) {
	a.Contract, a.BaseVersion, a.Number, a.BaseHash = c.ID, c.TextVersion, c.TextVersion+1, c.hashInForce()
	a.Text, a.EffectiveOn, a.Summary = p.text, p.effectiveOn, p.summary
	a.Made = Revision{
		Number: a.Made.Number + 1, At: by.At, Organisation: by.Party, Person: by.Person, Summary: p.summary,
	}
	was := a.Parties
	a.Parties = make([]*Party, 0, len(p.text.Named))
	for _, n := range p.text.Named {
		is := &Party{Named: n, Contract: c.ID, State: Invited}
		if old := find(was, n.Organisation); old != nil {
			is.AgreedTo = old.AgreedTo
		}
		a.Parties = append(a.Parties, is)
	}
	a.meets(c)
}

// propose lays the draft before the parties; whoever proposes agrees to it.
func (a *Amendment) propose(by By, c *Contract) error {
	if err := a.ready(AmendPropose, by.Party, c, ""); err != nil {
		return err
	}
	if err := a.move(AmendPropose, AmendmentNegotiating); err != nil {
		return err
	}
	a.agreed(a.Party(by.Party))
	return a.tell(AmendmentToldProposed, by.Party)
}

// requestChanges gives the text back to who drafted it, or to who wrote it last, with remarks.
func (a *Amendment) requestChanges(by By, c *Contract, remarks []Remark) error {
	if err := a.ready(AmendRequestChanges, by.Party, c, ""); err != nil {
		return err
	}
	if len(a.Remarks)+len(remarks) > MaxRemarks {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxRemarks).At("remarks")
	}
	if err := a.move(AmendRequestChanges, AmendmentNegotiating); err != nil {
		return err
	}
	for _, r := range remarks {
		a.remark(by, r)
	}
	a.disagreed(a.Party(by.Party))
	if a.Turn = a.drafter(); a.Turn == by.Party {
		a.Turn = a.Made.Organisation
	}
	return a.tell(AmendmentToldChangesRequested, by.Party)
}

// agree notes that a party agrees to the text as it is.
func (a *Amendment) agree(by By, c *Contract) error {
	if err := a.ready(AmendAgree, by.Party, c, ""); err != nil {
		return err
	}
	if err := a.move(AmendAgree, AmendmentNegotiating); err != nil {
		return err
	}
	a.agreed(a.Party(by.Party))
	if len(roll(a.Parties).silent(a.Made.Number)) == 0 {
		a.Turn = ""
	}
	return a.tell(AmendmentToldAgreed, by.Party)
}

// decline ends the amendment: without everybody's will the text stays as it is.
func (a *Amendment) decline(by By, c *Contract, reason string) error {
	if err := a.ready(AmendDecline, by.Party, c, ""); err != nil {
		return err
	}
	if err := a.move(AmendDecline, AmendmentDeclined); err != nil {
		return err
	}
	a.EndedAt, a.EndReason, a.Turn = &by.At, reason, ""
	return a.tell(AmendmentToldDeclined, by.Party)
}

// cancel withdraws an amendment that is not signed yet.
func (a *Amendment) cancel(by By, c *Contract, reason string) error {
	if err := a.ready(AmendCancel, by.Party, c, ""); err != nil {
		return err
	}
	if err := a.move(AmendCancel, AmendmentCancelled); err != nil {
		return err
	}
	a.EndedAt, a.EndReason, a.Turn = &by.At, reason, ""
	return a.tell(AmendmentToldCancelled, by.Party)
}

// open freezes the text for signing: its canonical bytes are what is shown, signed and exported from now on.
func (a *Amendment) open(by By, c *Contract) error {
	if err := a.ready(AmendOpen, by.Party, c, c.today(by.At)); err != nil {
		return err
	}
	frozen, err := a.canonical()
	if err != nil {
		return err
	}
	if err := a.move(AmendOpen, AmendmentSigning); err != nil {
		return err
	}
	a.Frozen = &Frozen{Bytes: frozen, Hash: signing.Hash(frozen), At: by.At}
	a.Openings++
	a.Turn = ""
	return a.tell(AmendmentToldOpened, by.Party)
}

// reopen takes the text back into negotiation. Signatures under it are void and kept in the history.
func (a *Amendment) reopen(by By, c *Contract, reason string) error {
	if err := a.ready(AmendReopen, by.Party, c, ""); err != nil {
		return err
	}
	if err := a.move(AmendReopen, AmendmentNegotiating); err != nil {
		return err
	}
	a.Void = append(a.Void, roll(a.Parties).void(a.Made.Number, by.At)...)
	a.disagreed(a.Party(by.Party))
	if reason != "" && len(a.Remarks) < MaxRemarks {
		a.remark(by, Remark{Body: reason})
	}
	a.Frozen = nil
	a.meets(c) // who has left since is gone, whatever became of its signature
	return a.tell(AmendmentToldReopened, by.Party)
}

// sign puts a party's signature under the frozen text. The last required one makes it SIGNED.
func (a *Amendment) sign(by By, c *Contract, key, jws string) error {
	if err := a.ready(AmendSign, by.Party, c, c.today(by.At)); err != nil {
		return err
	}
	if other := roll(a.Parties).signedBy(by.Person); other != nil {
		return fault.New(fault.Refused, CodeTwoParties, "names", other.Name)
	}
	p := a.Party(by.Party)
	p.State = HasSigned
	p.Signature = &Signature{
		Organisation: by.Party, Key: key, JWS: jws, TextHash: a.Frozen.Hash, SignedAt: by.At, Person: by.Person,
	}
	if roll(a.Parties).waits() {
		if err := a.move(AmendSign, AmendmentSigning); err != nil {
			return err
		}
		return a.tell(AmendmentToldSigned, by.Party)
	}
	if err := a.move(AmendSign, AmendmentSigned); err != nil {
		return err
	}
	a.dated(by.At, c)
	if err := a.tell(AmendmentToldSigned, by.Party); err != nil {
		return err
	}
	return a.tell(AmendmentToldSealed, by.Party)
}

func (a *Amendment) agreed(p *Party) { p.State, p.AgreedTo = Agreed, a.Made.Number }

func (a *Amendment) disagreed(p *Party) { p.State, p.AgreedTo = Invited, 0 }

func (a *Amendment) remark(by By, r Remark) {
	r.Organisation, r.Person, r.At, r.TextVersion = by.Party, by.Person, by.At, a.Made.Number
	a.Remarks = append(a.Remarks, r)
}

// keepsParties refuses a text that leaves out a party that has not left, gives one another part, or takes in a host or
// a partner: who leaves gives notice, and who joins signs a renewal. A witness may join.
func (c *Contract) keepsParties(t *Text) error {
	var wrong []id.Organisation
	for _, p := range c.Parties {
		if !p.gone() && !t.has(p.Organisation, p.Part) {
			wrong = append(wrong, p.Organisation)
		}
	}
	names := c.namesOf(wrong)
	for _, n := range t.Named {
		is := c.Party(n.Organisation)
		joins := is == nil && n.Part != Witness
		returns := is != nil && is.gone() && !slices.ContainsFunc(c.Named, func(m Named) bool { return m.Organisation == n.Organisation })
		if joins || returns {
			wrong, names = append(wrong, n.Organisation), joined(names, n.Name)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, CodeAmendParties, "organisations", wrong, "names", names).At("parties")
}

func joined(names, name string) string {
	if names == "" {
		return name
	}
	return names + ", " + name
}
