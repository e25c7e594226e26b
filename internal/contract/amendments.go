package contract

import (
	"context"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// openAmendments makes the amendments ready on a back end.
func (s *Service) openAmendments(ctx context.Context, db store.Backend) (err error) {
	s.amendments, err = store.Open(ctx, db, store.Options[*Amendment]{
		Schema: amendmentSchema(),
		Policy: authz.PolicyOf[*Amendment](s.table, access.AmendmentRead, columns(), nil, nil),
		Read:   access.AmendmentRead,
		Now:    s.Now,
		Told:   s.Told,
	})
	return err
}

// DraftAmendment begins an amendment of a contract in force. Everybody who reads the contract reads it at once.
func (s *Service) DraftAmendment(ctx context.Context, in DraftAmendmentInput) (*Amendment, error) {
	if !id.Is(string(in.Contract), id.KindContract) {
		return nil, fault.New(fault.Invalid, fault.CodeWrongID, "want", "contract").At("contract")
	}
	c, err := s.Contract(ctx, in.Contract)
	if err != nil {
		return nil, err
	}
	by, err := s.by(ctx, access.AmendmentDraft, c, in.Party)
	if err != nil {
		return nil, err
	}
	a := &Amendment{Contract: c.ID, Keys: c.Keys}
	a.ID = store.NewID[id.Amendment](ctx, id.KindAmendment, s.now(), s.Random)
	a.meets(c)
	switch made, err := s.amendments.GetMany(authz.AsSystem(ctx), []string{string(a.ID)}); {
	case err != nil:
		return nil, err
	case made[0] != nil: // the same mutation once more, or another one under its name: the store tells
		return s.amendments.Add(ctx, access.AmendmentDraft, a)
	}
	if err := s.readyToDraft(ctx, c, by); err != nil {
		return nil, err
	}
	p, err := s.proposal(ctx, a, c, in.over(c.input()), in.EffectiveOn, or(in.Summary, ""))
	if err != nil {
		return nil, err
	}
	if err := a.begin(by, s.kept(ctx, c), p); err != nil {
		return nil, err
	}
	return s.amendments.Add(ctx, access.AmendmentDraft, a)
}

// readyToDraft says whether a party may begin an amendment of the contract now.
func (s *Service) readyToDraft(ctx context.Context, c *Contract, by By) error {
	if c.Party(by.Party).Part == Witness {
		return noSay(by.Party)
	}
	if err := c.inForce(); err != nil {
		return err
	}
	if c.TextVersion >= MaxVersions {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxVersions)
	}
	under, err := s.pending(authz.AsSystem(ctx), c.ID)
	if err == nil && len(under) >= MaxPending {
		err = fault.New(fault.Refused, fault.CodeTooMany, "max", MaxPending)
	}
	return err
}

// proposal makes what a draft or a revision says, and gathers everything that is wrong with it.
func (s *Service) proposal(ctx context.Context, a *Amendment, c *Contract, in TextInput, on *scalar.Date, summary string) (proposal, error) {
	var f fault.List
	p := proposal{effectiveOn: on, summary: text.Block(&f, "summary", summary, 0, maxSummary)}
	whole := &Contract{Keys: a.Keys}
	whole.ID = c.ID
	t, _, err := s.compose(ctx, whole, in)
	if err != nil {
		f.Add(err)
		return p, f.Err()
	}
	p.text, a.Keys = t, whole.Keys
	f.Add(c.keepsParties(&t))
	today := c.today(s.now())
	f.Add(t.ahead(&c.Text, today))
	if t.EndsOn != c.EndsOn && t.EndsOn < today {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", today, "max", c.EffectiveOn.AddDays(MaxYears*366)), "endsOn")
	}
	if on != nil && day(&f, *on, "effectiveOn") {
		if last := min(c.EndsOn, t.EndsOn); *on < today || *on > last {
			f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", today, "max", last), "effectiveOn")
		}
	}
	return p, f.Err()
}

// ReviseAmendment makes a new text of an amendment. One that was written for an older text of the contract is written
// anew for the one in force: what it had changed stays changed.
func (s *Service) ReviseAmendment(ctx context.Context, in ReviseAmendmentInput) (*Amendment, error) {
	step := AmendStepInput{Change: in.Change, ID: in.ID, Party: in.Party}
	return s.amends(ctx, AmendRevise, step, func(a *Amendment, c *Contract, by By) error {
		if err := a.ready(AmendRevise, by.Party, c, ""); err != nil {
			return err
		}
		was, err := s.standing(ctx, a, c)
		if err != nil {
			return err
		}
		a.Keys = a.Keys.over(c.Keys)
		on := a.EffectiveOn
		if in.EffectiveOn != nil {
			on = in.EffectiveOn
		}
		p, err := s.proposal(ctx, a, c, in.over(was), on, or(in.Summary, a.Summary))
		if err != nil {
			return err
		}
		return a.revise(by, c, p)
	})
}

// standing is the amendment's text as the input that a revision is laid over.
func (s *Service) standing(ctx context.Context, a *Amendment, c *Contract) (TextInput, error) {
	if a.BaseVersion == c.TextVersion {
		return a.Text.input(), nil
	}
	base, err := s.texts.Get(authz.AsSystem(ctx), string(pastKey(c.ID, a.BaseVersion)))
	if err != nil {
		return TextInput{}, err
	}
	return rebased(&base.Text, &a.Text, &c.Text), nil
}

// ProposeAmendment lays a draft before the parties.
func (s *Service) ProposeAmendment(ctx context.Context, in ProposeAmendmentInput) (*Amendment, error) {
	return s.amends(ctx, AmendPropose, in.AmendStepInput, func(a *Amendment, c *Contract, by By) error { return a.propose(by, c) })
}

// AgreeToAmendment notes that a party agrees to the text of the expected version.
func (s *Service) AgreeToAmendment(ctx context.Context, in AgreeToAmendmentInput) (*Amendment, error) {
	return s.amends(ctx, AmendAgree, in.AmendStepInput, func(a *Amendment, c *Contract, by By) error { return a.agree(by, c) })
}

// RequestAmendmentChanges asks for changes of the text, with remarks on clauses, commitments or the whole.
func (s *Service) RequestAmendmentChanges(ctx context.Context, in RequestAmendmentChangesInput) (*Amendment, error) {
	remarks, err := remarksOf(in.Remarks)
	if err != nil {
		return nil, err
	}
	return s.amends(ctx, AmendRequestChanges, in.AmendStepInput, func(a *Amendment, c *Contract, by By) error {
		if err := a.ready(AmendRequestChanges, by.Party, c, ""); err != nil {
			return err
		}
		if err := a.Text.finds(remarks); err != nil {
			return err
		}
		return a.requestChanges(by, c, remarks)
	})
}

// DeclineAmendment ends an amendment that a party does not want.
func (s *Service) DeclineAmendment(ctx context.Context, in DeclineAmendmentInput) (*Amendment, error) {
	return s.amendsFor(ctx, AmendDecline, in.AmendStepInput, in.Reason, (*Amendment).decline)
}

// CancelAmendment withdraws an amendment that is not signed yet.
func (s *Service) CancelAmendment(ctx context.Context, in CancelAmendmentInput) (*Amendment, error) {
	a, err := s.amendsFor(ctx, AmendCancel, in.AmendStepInput, in.Reason, (*Amendment).cancel)
	return s.released(ctx, a), err
}

// ReopenAmendment takes a text back from signing into negotiation; the signatures under it are void.
func (s *Service) ReopenAmendment(ctx context.Context, in ReopenAmendmentInput) (*Amendment, error) {
	a, err := s.amendsFor(ctx, AmendReopen, in.AmendStepInput, in.Reason, (*Amendment).reopen)
	return s.released(ctx, a), err
}

// amendsFor is a step for which people may give a reason.
func (s *Service) amendsFor(
	ctx context.Context, v AmendmentVerb, in AmendStepInput, reason *string, do func(*Amendment, By, *Contract, string) error,
) (*Amendment, error) {
	var f fault.List
	why := text.Block(&f, "reason", or(reason, ""), 0, maxReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.amends(ctx, v, in, func(a *Amendment, c *Contract, by By) error { return do(a, by, c, why) })
}

// amends is one verb on one amendment: by a party, on the version that the caller has read, and by what the contract is
// at this moment.
func (s *Service) amends(ctx context.Context, v AmendmentVerb, in AmendStepInput, do func(*Amendment, *Contract, By) error) (*Amendment, error) {
	if err := wantAmendment(in.ID); err != nil {
		return nil, err
	}
	return s.amendments.Change(ctx, v.Action(), string(in.ID), func(a *Amendment) error {
		if err := in.Expect(a.Version); err != nil {
			return err
		}
		c, by, err := s.actsOn(ctx, v, a, in.Party)
		if err != nil {
			return err
		}
		return do(a, c, by)
	})
}

// actsOn brings an amendment up to date with its contract and finds out for which party the caller acts.
func (s *Service) actsOn(ctx context.Context, v AmendmentVerb, a *Amendment, named *id.Organisation) (*Contract, By, error) {
	c, err := s.Contract(authz.AsSystem(ctx), a.Contract)
	if err != nil {
		return nil, By{}, err
	}
	a.meets(c)
	mine := s.actingIn(authz.From(ctx), v.Action(), a, a.Current)
	by, err := s.choose(ctx, v.Action(), mine, a.Current, named)
	return c, by, err
}

// remarksOf checks remarks.
func remarksOf(in []RemarkInput) ([]Remark, error) {
	var f fault.List
	var remarks []Remark
	if count(&f, len(in), 1, maxAtOnce, "remarks") {
		for i, r := range in {
			var own fault.List
			body := text.Block(&own, "body", r.Body, 1, maxReason)
			f.Add(own.Err(), "remarks", strconv.Itoa(i))
			remarks = append(remarks, Remark{ClauseKey: r.ClauseKey, CommitmentKey: r.CommitmentKey, Body: body})
		}
	}
	return remarks, f.Err()
}

func wantAmendment(a id.Amendment) error {
	if id.Is(string(a), id.KindAmendment) {
		return nil
	}
	return fault.New(fault.Invalid, fault.CodeWrongID, "want", "amendment").At("id")
}
