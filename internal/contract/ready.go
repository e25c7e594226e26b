package contract

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// ready says whether a party may do a verb now, beyond what roles allow: the state has the verb, and the party is in
// the place for it. Every verb asks here first, and so does the list of what a caller may do.
func (c *Contract) ready(v Verb, party id.Organisation) error {
	p := c.Party(party)
	if p == nil || p.gone() {
		return notParty(party)
	}
	if v == VerbSign && p.Signature != nil {
		return fault.New(fault.Refused, CodeAlreadySigned, "organisation", party)
	}
	if err := c.can(v); err != nil {
		return err
	}
	switch v {
	case VerbRevise:
		return c.readyToRevise(party)
	case VerbPropose:
		return c.readyToPropose(party)
	case VerbCancel:
		return c.mustDraft(party)
	case VerbRequestChanges:
		if c.author() == party {
			return fault.New(fault.Refused, CodeOwnText, "organisation", party)
		}
	case VerbAgree:
		if p.AgreedTo == c.TextVersion {
			return fault.New(fault.Refused, CodeAlreadyAgreed, "organisation", party)
		}
	case VerbDecline:
		if slices.Contains(c.drafters(), party) {
			return fault.New(fault.Refused, CodeDrafterStays, "organisation", party)
		}
	case VerbOpen:
		return c.readyToOpen()
	case VerbReopen:
		if p.Signature != nil {
			return fault.New(fault.Refused, CodeAlreadySigned, "organisation", party)
		}
	case VerbSign:
		return c.inTurn(p)
	default:
		return c.readyInForce(v, p)
	}
	return nil
}

// readyInForce is ready for the verbs of a contract in force.
func (c *Contract) readyInForce(v Verb, p *Party) error {
	switch v {
	case VerbSuspend, VerbResume, VerbTerminate:
		return c.readyToConsent(v, p)
	case VerbWithdraw:
		return c.readyToWithdraw(p)
	case VerbNotice:
		if p.Notice != nil {
			return fault.New(fault.Refused, CodeAlreadyLeaving, "effectiveOn", p.Notice.EffectiveOn)
		}
	case VerbComplete:
		return c.readyToComplete(p)
	case VerbObject:
		return c.readyToObject(p)
	case VerbRenew:
		if p.Part == Witness {
			return noSay(p.Organisation)
		}
	}
	return nil
}

func (c *Contract) readyToRevise(party id.Organisation) error {
	if c.Status == Draft {
		if err := c.mustDraft(party); err != nil {
			return err
		}
	}
	if c.TextVersion >= MaxVersions {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxVersions)
	}
	return nil
}

func (c *Contract) readyToPropose(party id.Organisation) error {
	if err := c.mustDraft(party); err != nil {
		return err
	}
	if !c.CoDrafted && party != c.Host {
		return fault.New(fault.Refused, CodeHostMustDraft)
	}
	return nil
}

// readyToOpen asks for everybody's agreement to just this version. A text that still names who has left is nobody's
// agreement: it is revised first.
func (c *Contract) readyToOpen() error {
	if c.Openings >= MaxOpenings {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxOpenings)
	}
	var left, silent []id.Organisation
	for _, p := range c.Parties {
		switch {
		case p.State == Left && c.names(p.Organisation):
			left = append(left, p.Organisation)
		case p.Required() && p.AgreedTo != c.TextVersion:
			silent = append(silent, p.Organisation)
		}
	}
	switch {
	case len(left) > 0:
		return fault.New(fault.Refused, CodePartyLeft, "organisations", left, "names", c.namesOf(left))
	case len(silent) > 0:
		return fault.New(fault.Refused, CodeNotAgreed, "organisations", silent, "names", c.namesOf(silent))
	}
	return nil
}

// inTurn keeps to the order in which the text has its hosts and partners sign.
func (c *Contract) inTurn(p *Party) error { return roll(c.Parties).inTurn(c.SigningOrder, p) }

// namesOf are the parties' names for a sentence to people.
func (c *Contract) namesOf(parties []id.Organisation) string { return roll(c.Parties).names(parties) }

func (c *Contract) mustDraft(party id.Organisation) error {
	if slices.Contains(c.drafters(), party) {
		return nil
	}
	return fault.New(fault.Forbidden, CodeNotDrafter, "organisation", party)
}

// author is the party that made the current version.
func (c *Contract) author() id.Organisation {
	if len(c.Revisions) == 0 {
		return c.DraftedBy
	}
	return c.Revisions[len(c.Revisions)-1].Organisation
}

// names says whether the text names an organisation as a party.
func (c *Contract) names(o id.Organisation) bool {
	return slices.ContainsFunc(c.Named, func(n Named) bool { return n.Organisation == o })
}

func notParty(o id.Organisation) error {
	return fault.New(fault.Forbidden, CodeNotAParty, "organisation", o).At("party")
}
