package publication

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// By is who acts: a person for a party.
type By struct {
	Party  id.Organisation
	Person id.Person
	At     time.Time
}

// hear takes over who the contract's parties are and were and who supervises it.
func (p *Publication) hear(f *Facts) {
	p.Deciding, p.Parties, p.Former, p.Above = f.deciding(), f.present(), f.Former, f.Above
}

// propose says anew which fields are to be public. What somebody has agreed to and is proposed still, stays agreed to;
// so to show less needs nobody else and takes effect at once, and to show more needs everybody, while what is public
// already goes on being so.
func (p *Publication) propose(by By, fields []PublicField) error {
	if err := p.can(VerbPropose); err != nil {
		return err
	}
	if p.Status == Withdrawn {
		p.Consents, p.WithdrawnBy, p.WithdrawnAt, p.Reason = nil, "", nil, ""
	} else if slices.Equal(p.ProposedFields, fields) && !p.ripe() {
		return fault.New(fault.Refused, CodeUnchanged).At("fields")
	}
	p.ProposedFields, p.ProposedBy, p.ProposedAt = fields, by.Party, by.At
	for _, c := range p.Consents {
		c.Fields = common(c.Fields, fields)
	}
	p.consent(by)
	return p.settle(VerbPropose, by, ToldProposed)
}

// ripe says that everybody has agreed, though not all of it is public: the last one awaited has left the contract.
// Nothing becomes public by that alone; it does when somebody proposes it again.
func (p *Publication) ripe() bool {
	return p.Status != unborn && len(p.Awaited()) == 0 && len(p.PublicFields) < len(p.ProposedFields)
}

// agree notes that a party agrees to all that is proposed. With the last one it is public.
func (p *Publication) agree(by By) error {
	if err := p.can(VerbAgree); err != nil {
		return err
	}
	if len(p.consentOf(by.Party)) == len(p.ProposedFields) {
		return fault.New(fault.Refused, CodeAgreed, "organisation", by.Party)
	}
	p.consent(by)
	return p.settle(VerbAgree, by, ToldAgreed)
}

// withdraw takes a party's consent back. With this write nothing is public, and all other consents are void.
func (p *Publication) withdraw(by By, reason string) error {
	if err := p.move(VerbWithdraw, Withdrawn); err != nil {
		return err
	}
	p.PublicFields, p.PublishedAt, p.Consents, p.Listed = []PublicField{}, nil, nil, nil
	p.WithdrawnBy, p.WithdrawnAt, p.Reason = by.Party, &by.At, reason
	return p.tell(ToldWithdrawn, by.Party, by.At)
}

// follow takes back what a party that is new in the contract has not agreed to.
func (p *Publication) follow(at time.Time) error {
	return p.settle(VerbFollow, By{At: at}, ToldProposed)
}

// consent notes a party's word for all that is proposed.
func (p *Publication) consent(by By) {
	p.Consents = slices.DeleteFunc(p.Consents, func(c *Consent) bool { return c.Organisation == by.Party || len(c.Fields) == 0 })
	p.Consents = append(p.Consents, &Consent{
		Organisation: by.Party, Fields: slices.Clone(p.ProposedFields), At: by.At, Person: by.Person,
	})
}

// settle finds what is public after a verb: all that is proposed where a person's word has made everybody agree, else
// what was public before and everybody still agrees to.
func (p *Publication) settle(v Verb, by By, what string) error {
	was := p.PublicFields
	if p.PublicFields = p.allowed(); v != VerbFollow && p.agreed() {
		p.PublicFields = slices.Clone(p.ProposedFields)
	}
	to := Proposed
	if len(p.PublicFields) > 0 {
		to = Published
	}
	if err := p.move(v, to); err != nil {
		return err
	}
	switch {
	case to == Proposed:
		p.PublishedAt = nil
	case p.PublishedAt == nil:
		p.PublishedAt = &by.At
	}
	if err := p.tell(what, by.Party, by.At); err != nil || to == Proposed || slices.Equal(was, p.PublicFields) {
		return err
	}
	return p.tell(ToldPublished, by.Party, by.At)
}

// allowed is what is public now and everybody who decides agrees to.
func (p *Publication) allowed() []PublicField {
	out := common(p.PublicFields, p.ProposedFields)
	for _, o := range p.Deciding {
		out = common(out, p.consentOf(o))
	}
	return out
}

// agreed says whether everybody who decides agrees to all that is proposed.
func (p *Publication) agreed() bool {
	return !slices.ContainsFunc(p.Deciding, func(o id.Organisation) bool { return len(p.consentOf(o)) < len(p.ProposedFields) })
}

func (p *Publication) tell(what string, party id.Organisation, at time.Time) error {
	return p.Tell(what, Happened{
		Contract: p.Contract, Party: party, Status: p.Status, ProposedFields: p.ProposedFields, PublicFields: p.PublicFields, At: at,
	})
}
