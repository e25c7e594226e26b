package contract

import (
	"reflect"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// By is who does a step: the party, the person who acts for it, and the moment.
type By struct {
	Party  id.Organisation
	Person id.Person
	At     time.Time
}

// begin makes the first version of a contract's text its own.
func (c *Contract) begin(by By, t Text) error {
	c.start(by, t)
	return c.tell(ToldDrafted, by.Party)
}

func (c *Contract) start(by By, t Text) {
	c.Status, c.DraftedBy, c.CoDrafted = Draft, by.Party, by.Party == t.host()
	c.adopt(by, t, "")
}

// Revise makes a new version of the text. In negotiation everybody else's agreement to the old one is void; the
// reviser's own is taken as given.
func (c *Contract) Revise(by By, t Text, summary string) error {
	if err := c.ready(VerbRevise, by.Party); err != nil {
		return err
	}
	if sameText(&c.Text, &t) {
		return fault.New(fault.Refused, CodeUnchanged)
	}
	for _, o := range []id.Organisation{c.Host, c.DraftedBy, by.Party} {
		if was := c.Party(o); was != nil && !t.has(o, was.Part) {
			return fault.New(fault.Refused, CodePartyStays, "organisation", o).At("parties")
		}
	}
	if err := c.move(VerbRevise, c.Status); err != nil {
		return err
	}
	c.CoDrafted = c.CoDrafted || by.Party == c.Host
	c.adopt(by, t, summary)
	c.part()
	c.Turn = ""
	if c.Status == Negotiating {
		c.agreed(c.Party(by.Party))
	}
	return c.tell(ToldRevised, by.Party)
}

// adopt takes over a text as the next version, with its parties.
func (c *Contract) adopt(by By, t Text, summary string) {
	c.Text = t
	c.TextVersion++
	c.Revisions = append(c.Revisions, Revision{
		Number: c.TextVersion, At: by.At, Organisation: by.Party, Person: by.Person, Summary: summary,
	})
	was := c.Parties
	c.Parties = make([]*Party, 0, len(t.Named))
	for _, n := range t.Named {
		p := &Party{Named: n, Contract: c.ID, State: Invited}
		if old := find(was, n.Organisation); old != nil && old.State != Left {
			p.AgreedTo = old.AgreedTo
		}
		c.Parties = append(c.Parties, p)
	}
	for _, p := range was {
		if p.State == Left && !c.names(p.Organisation) {
			c.Parties = append(c.Parties, p)
		}
	}
	c.Host = t.host()
	c.settle()
}

// Propose lays the draft before the parties; whoever proposes agrees to it.
func (c *Contract) Propose(by By) error {
	if err := c.ready(VerbPropose, by.Party); err != nil {
		return err
	}
	if err := c.move(VerbPropose, Negotiating); err != nil {
		return err
	}
	c.CoDrafted = c.CoDrafted || by.Party == c.Host
	c.agreed(c.Party(by.Party))
	return c.tell(ToldProposed, by.Party)
}

// RequestChanges gives the text back to who drafted it, or to who wrote this version, with remarks. A party that asks
// for changes agrees no longer.
func (c *Contract) RequestChanges(by By, remarks []Remark) error {
	if err := c.ready(VerbRequestChanges, by.Party); err != nil {
		return err
	}
	if len(c.Remarks)+len(remarks) > MaxRemarks {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxRemarks).At("remarks")
	}
	if err := c.move(VerbRequestChanges, Negotiating); err != nil {
		return err
	}
	for _, r := range remarks {
		r.Organisation, r.Person, r.At, r.TextVersion = by.Party, by.Person, by.At, c.TextVersion
		c.Remarks = append(c.Remarks, r)
	}
	c.disagree(c.Party(by.Party))
	if c.Turn = c.DraftedBy; c.Turn == by.Party {
		c.Turn = c.author()
	}
	return c.tell(ToldChangesRequested, by.Party)
}

// Agree notes that a party agrees to the text as it is.
func (c *Contract) Agree(by By) error {
	if err := c.ready(VerbAgree, by.Party); err != nil {
		return err
	}
	if err := c.move(VerbAgree, Negotiating); err != nil {
		return err
	}
	c.agreed(c.Party(by.Party))
	if c.readyToOpen() == nil {
		c.Turn = ""
	}
	return c.tell(ToldAgreed, by.Party)
}

// Decline takes an invited party out of the contract; with no partner left, the contract is DECLINED.
func (c *Contract) Decline(by By, reason string) error {
	if err := c.ready(VerbDecline, by.Party); err != nil {
		return err
	}
	p := c.Party(by.Party)
	c.disagree(p)
	p.State, p.LeftAt, p.Reason = Left, &by.At, reason
	c.settle()
	if c.Turn == by.Party {
		c.Turn = c.DraftedBy
	}
	to := Negotiating
	if !slices.ContainsFunc(c.Parties, func(p *Party) bool { return p.Part == Partner && p.State != Left }) {
		to = Declined
		c.EndedAt, c.Turn = &by.At, ""
	}
	if err := c.move(VerbDecline, to); err != nil {
		return err
	}
	return c.tell(ToldDeclined, by.Party)
}

// Cancel withdraws a contract that is not signed yet.
func (c *Contract) Cancel(by By, reason string) error {
	if err := c.ready(VerbCancel, by.Party); err != nil {
		return err
	}
	if err := c.move(VerbCancel, Cancelled); err != nil {
		return err
	}
	c.EndedAt, c.EndReason, c.Turn = &by.At, reason, ""
	return c.tell(ToldCancelled, by.Party)
}

func (c *Contract) agreed(p *Party) { p.State, p.AgreedTo = Agreed, c.TextVersion }

func (c *Contract) disagree(p *Party) { p.State, p.AgreedTo = Invited, 0 }

// host is the community that the text names.
func (t *Text) host() id.Organisation {
	for _, n := range t.Named {
		if n.Part == Host {
			return n.Organisation
		}
	}
	return ""
}

// has says whether the text names an organisation in a part.
func (t *Text) has(o id.Organisation, part Part) bool {
	return slices.ContainsFunc(t.Named, func(n Named) bool { return n.Organisation == o && n.Part == part })
}

func find(ps []*Party, o id.Organisation) *Party {
	i := slices.IndexFunc(ps, func(p *Party) bool { return p.Organisation == o })
	if i < 0 {
		return nil
	}
	return ps[i]
}

func sameText(a, b *Text) bool { return reflect.DeepEqual(plain(a), plain(b)) }
