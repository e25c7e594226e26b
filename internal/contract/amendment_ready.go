package contract

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// ready says whether a party may do a verb to the amendment now, beyond what roles allow: the state has the verb, the
// contract is in force with the text that the amendment was written for, and the party is in the place for it. Every
// verb asks here first, and so does the list of what a caller may do.
func (a *Amendment) ready(v AmendmentVerb, party id.Organisation, c *Contract, today scalar.Date) error {
	p := a.Party(party)
	if p == nil || p.gone() {
		return notParty(party)
	}
	if v == AmendSign && p.Signature != nil {
		return fault.New(fault.Refused, CodeAlreadySigned, "organisation", party)
	}
	if err := a.can(v); err != nil {
		return err
	}
	if err := c.inForce(); err != nil {
		return err
	}
	if slices.Contains([]AmendmentVerb{AmendPropose, AmendAgree, AmendOpen, AmendSign}, v) {
		if err := a.outdated(c); err != nil {
			return err
		}
	}
	return a.placed(v, p, today)
}

// placed says whether the party is in the place for the verb.
func (a *Amendment) placed(v AmendmentVerb, p *Party, today scalar.Date) error {
	switch v {
	case AmendRevise:
		return a.readyToRevise(p)
	case AmendPropose, AmendCancel:
		return a.mustDraft(p)
	case AmendRequestChanges:
		if a.Made.Organisation == p.Organisation {
			return fault.New(fault.Refused, CodeOwnText, "organisation", p.Organisation)
		}
	case AmendAgree:
		if p.AgreedTo == a.Made.Number {
			return fault.New(fault.Refused, CodeAlreadyAgreed, "organisation", p.Organisation)
		}
	case AmendDecline:
		if p.Part == Witness {
			return noSay(p.Organisation)
		}
		if p.Organisation == a.drafter() {
			return fault.New(fault.Refused, CodeAmendCancels, "organisation", p.Organisation)
		}
	case AmendOpen:
		return a.readyToOpen(today)
	case AmendReopen:
		if p.Signature != nil {
			return fault.New(fault.Refused, CodeAlreadySigned, "organisation", p.Organisation)
		}
	case AmendSign:
		if a.Text.EndsOn < today {
			return fault.New(fault.Refused, CodeAmendEndPassed, "endsOn", a.Text.EndsOn, "today", today)
		}
		return roll(a.Parties).inTurn(a.Text.SigningOrder, p)
	}
	return nil
}

func (a *Amendment) readyToRevise(p *Party) error {
	if a.Status == AmendmentDraft {
		if err := a.mustDraft(p); err != nil {
			return err
		}
	}
	if a.Made.Number >= MaxVersions {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxVersions)
	}
	return nil
}

// readyToOpen asks for everybody's agreement to just this text, and that its days are still to come.
func (a *Amendment) readyToOpen(today scalar.Date) error {
	if a.Openings >= MaxOpenings {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxOpenings)
	}
	if silent := roll(a.Parties).silent(a.Made.Number); len(silent) > 0 {
		return fault.New(fault.Refused, CodeAmendNotAgreed, "organisations", silent, "names", roll(a.Parties).names(silent))
	}
	if d := a.EffectiveOn; d != nil && *d < today {
		return fault.New(fault.Refused, CodeAmendDayPassed, "effectiveOn", *d, "today", today)
	}
	if a.Text.EndsOn < today {
		return fault.New(fault.Refused, CodeAmendEndPassed, "endsOn", a.Text.EndsOn, "today", today)
	}
	return nil
}

// drafter is the party that drafts: who began, and the host once that one has left the contract.
func (a *Amendment) drafter() id.Organisation {
	if p := a.Party(a.DraftedBy); p == nil || p.gone() {
		return a.Host
	}
	return a.DraftedBy
}

func (a *Amendment) mustDraft(p *Party) error {
	if p.Organisation == a.drafter() {
		return nil
	}
	return fault.New(fault.Forbidden, CodeAmendNotDrafter, "organisation", p.Organisation)
}
