package contract

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// When a contract can be renewed, and how often.
const (
	RenewAhead  = 60 // days before the end at which time drafts the renewal of a text that says so
	RenewWithin = 90 // days after the last day on which an expired contract can still be renewed
	MaxRenewals = 20 // drafts of one contract's renewal; all but the last were cancelled or declined
	MaxChain    = 20 // contracts of a chain of renewals shown to either side
)

// Renew drafts the contract that follows one in force, or one that has just expired: with its text, its days moved
// behind its end, without those who have left. The predecessor itself is not changed. The new one's identifier is made
// of the predecessor's, so that two parties who renew at once make one contract.
func (s *Service) Renew(ctx context.Context, in RenewInput) (*Contract, error) {
	if err := wantContract(in.ID); err != nil {
		return nil, err
	}
	c, err := s.Contract(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	by, err := s.by(ctx, access.ContractRenew, c, in.Party)
	if err != nil {
		return nil, err
	}
	next, drafted, err := s.nextOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if !drafted {
		if err := c.readyToRenew(by); err != nil {
			return nil, err
		}
	}
	made, err := s.draftRenewal(ctx, c, next, by, in)
	if fault.Is(err, fault.CodeTaken) {
		return nil, fault.New(fault.Refused, CodeAlreadyRenewed, "successor", next)
	}
	return made, err
}

// readyToRenew says whether a party may renew the contract now.
func (c *Contract) readyToRenew(by By) error {
	if err := c.ready(VerbRenew, by.Party); err != nil {
		return err
	}
	until := c.EndsOn.AddDays(RenewWithin)
	if scalar.DateOf(by.At, c.zone()) > until {
		return fault.New(fault.Refused, CodeRenewalTooLate, "until", until)
	}
	return nil
}

// draftRenewal keeps the draft of a renewal.
func (s *Service) draftRenewal(ctx context.Context, was *Contract, as id.Contract, by By, in RenewInput) (*Contract, error) {
	c := &Contract{Predecessor: was.ID}
	c.ID = as
	t, facts, err := s.compose(ctx, c, was.renewed(in, scalar.DateOf(by.At, was.zone())))
	if err != nil {
		return nil, err
	}
	c.placed(facts[t.host()])
	c.inherit(was, t)
	c.start(by, t)
	told := by.Party
	if by.Person == "" {
		told = "" // by time, in the host's name
	}
	if err := c.tell(ToldDrafted, told); err != nil {
		return nil, err
	}
	if c, err = s.contracts.Add(ctx, access.ContractDraft, c); err != nil {
		return nil, err
	}
	return s.kept(ctx, c), nil
}

// nextOf is the identifier of a contract's renewal, and whether there is one already. A renewal that was cancelled or
// declined leaves the way free for the next.
func (s *Service) nextOf(ctx context.Context, c id.Contract) (next id.Contract, drafted bool, err error) {
	keys := make([]string, MaxRenewals)
	for i := range keys {
		keys[i] = string(id.Derived[id.Contract](id.KindContract, "renewal", string(c), strconv.Itoa(i+1)))
	}
	found, err := s.contracts.GetMany(authz.AsSystem(ctx), keys)
	if err != nil {
		return "", false, err
	}
	for i, f := range found {
		if f == nil || f.Status != Cancelled && f.Status != Declined {
			return id.Contract(keys[i]), f != nil, nil
		}
	}
	return "", false, fault.New(fault.Refused, fault.CodeTooMany, "max", MaxRenewals)
}

// renewsItself says whether time has still to draft the contract's renewal: its text says so, and its host stays.
func (c *Contract) renewsItself() bool {
	h := c.Party(c.Host)
	return c.AutoRenew && c.Status == Active && c.RenewalReady == nil && h != nil && h.Notice == nil
}

// prepared notes that the renewal lies before the parties.
func (c *Contract) prepared(now time.Time) error {
	if err := c.move(VerbPrepare, Active); err != nil {
		return err
	}
	c.RenewalReady = &now
	c.settle()
	return nil
}

// renewItself drafts a contract's renewal in its host's name. Where that is refused, because it is drafted already or
// because of what is registered by now, it is left to people.
func (s *Service) renewItself(ctx context.Context, c *Contract, now time.Time) error {
	next, drafted, err := s.nextOf(ctx, c.ID)
	if err == nil && !drafted {
		_, err = s.draftRenewal(ctx, c, next, By{Party: c.Host, At: now}, RenewInput{})
	}
	if k := fault.Of(err).Kind; err != nil && (k == fault.Invalid || k == fault.Refused) {
		return nil
	}
	return err
}

// Successors finds the renewals of contracts in the order of ids; nil where there is none, or where it is hidden.
func (s *Service) Successors(ctx context.Context, ids []id.Contract) ([]*Contract, error) {
	next := map[id.Contract]id.Contract{}
	for c, err := range s.contracts.Walk(authz.AsSystem(ctx), byPredecessor.In(ids...)) {
		if err != nil {
			return nil, err
		}
		if c.Status != Cancelled && c.Status != Declined {
			next[c.Predecessor] = c.ID
		}
	}
	out, ask := make([]*Contract, len(ids)), []id.Contract{}
	for _, o := range ids {
		if n := next[o]; n != "" && !slices.Contains(ask, n) {
			ask = append(ask, n)
		}
	}
	found, err := s.Many(ctx, ask)
	if err != nil {
		return nil, err
	}
	for i, o := range ids {
		if at := slices.Index(ask, next[o]); at >= 0 {
			out[i] = found[at]
		}
	}
	return out, nil
}

// Chain is the contract with those it renews and those that renew it, the first of them first, at most MaxChain to
// either side. It ends where the caller may not read on.
func (s *Service) Chain(ctx context.Context, c *Contract) ([]*Contract, error) {
	chain := []*Contract{c}
	for range MaxChain {
		if chain[0].Predecessor == "" {
			break
		}
		before, err := s.Many(ctx, []id.Contract{chain[0].Predecessor})
		if err != nil {
			return nil, err
		}
		if before[0] == nil {
			break
		}
		chain = slices.Insert(chain, 0, before[0])
	}
	for range MaxChain {
		after, err := s.Successors(ctx, []id.Contract{chain[len(chain)-1].ID})
		if err != nil {
			return nil, err
		}
		if after[0] == nil {
			break
		}
		chain = append(chain, after[0])
	}
	return chain, nil
}
