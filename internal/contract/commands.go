package contract

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Bounds of what people say beside the text.
const (
	maxReason  = 2000 // characters
	maxAtOnce  = 50   // remarks in one request for changes
	maxSummary = 1000 // characters
)

// Draft begins a contract. It is read at once by all whom its text names, and by the bodies above its host.
func (s *Service) Draft(ctx context.Context, in DraftInput) (*Contract, error) {
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	c := &Contract{Origin: in.Origin}
	c.ID = store.NewID[id.Contract](ctx, id.KindContract, s.now(), s.Random)
	t, facts, err := s.compose(ctx, c, in.TextInput)
	if err != nil {
		return nil, err
	}
	if err := t.ahead(nil, t.today(s.now())); err != nil {
		return nil, err
	}
	by, err := s.drafter(ctx, t, in.Party)
	if err != nil {
		return nil, err
	}
	c.placed(facts[t.host()])
	c.drafted(t, in.Sources)
	if err := c.begin(by, t); err != nil {
		return nil, err
	}
	c, err = s.contracts.Add(ctx, access.ContractDraft, c)
	if err != nil {
		return nil, err
	}
	return s.kept(ctx, c), nil
}

// drafter finds out which of the parties the caller drafts for: the host, or a unit, each by its own people.
func (s *Service) drafter(ctx context.Context, t Text, named *id.Organisation) (By, error) {
	try := &Contract{Text: t, Host: t.host()}
	for _, n := range t.Named {
		try.Parties = append(try.Parties, &Party{Named: n, State: Invited})
	}
	try.settle()
	var mine []id.Organisation
	for _, n := range t.Named {
		try.DraftedBy = n.Organisation
		if n.Part != Witness && slices.Contains(s.actingFor(authz.From(ctx), access.ContractDraft, try), n.Organisation) {
			mine = append(mine, n.Organisation)
		}
	}
	return s.choose(ctx, access.ContractDraft, mine, try.Current, named)
}

// Revise makes a new version of the text.
func (s *Service) Revise(ctx context.Context, in ReviseInput) (*Contract, error) {
	var f fault.List
	summary := text.Block(&f, "summary", or(in.Summary, ""), 0, maxSummary)
	if err := f.Err(); err != nil {
		return nil, err
	}
	step := StepInput{Change: in.Change, ID: in.ID, Party: in.Party}
	c, err := s.step(ctx, VerbRevise, step, func(c *Contract, by By) error {
		if err := c.ready(VerbRevise, by.Party); err != nil {
			return err
		}
		t, _, err := s.compose(ctx, c, in.over(&c.Text))
		if err != nil {
			return err
		}
		if err := t.ahead(&c.Text, t.today(s.now())); err != nil {
			return err
		}
		if err := s.archive(ctx, c); err != nil {
			return err
		}
		return c.Revise(by, t, summary)
	})
	if err != nil {
		return nil, err
	}
	return s.kept(ctx, c), nil
}

// Propose lays a draft before the parties.
func (s *Service) Propose(ctx context.Context, in ProposeInput) (*Contract, error) {
	return s.step(ctx, VerbPropose, in.StepInput, func(c *Contract, by By) error { return c.Propose(by) })
}

// RequestChanges asks for changes of the text, with remarks on clauses, commitments or the whole.
func (s *Service) RequestChanges(ctx context.Context, in RequestChangesInput) (*Contract, error) {
	remarks, err := remarksOf(in.Remarks)
	if err != nil {
		return nil, err
	}
	return s.step(ctx, VerbRequestChanges, in.StepInput, func(c *Contract, by By) error {
		if err := c.ready(VerbRequestChanges, by.Party); err != nil {
			return err
		}
		if err := c.finds(remarks); err != nil {
			return err
		}
		return c.RequestChanges(by, remarks)
	})
}

// finds checks that remarks speak of clauses and commitments that the text has.
func (t *Text) finds(remarks []Remark) error {
	var f fault.List
	for i, r := range remarks {
		at := strconv.Itoa(i)
		if k := r.ClauseKey; k != nil && !slices.ContainsFunc(t.Clauses, func(l *Clause) bool { return l.Key == *k }) {
			f.Add(fault.New(fault.Invalid, CodeNoSuchPart, "key", *k), "remarks", at, "clauseKey")
		}
		if k := r.CommitmentKey; k != nil && !slices.ContainsFunc(t.Commitments, func(m *Commitment) bool { return m.Key == *k }) {
			f.Add(fault.New(fault.Invalid, CodeNoSuchPart, "key", *k), "remarks", at, "commitmentKey")
		}
	}
	return f.Err()
}

// Agree notes that a party agrees to the text of the expected version.
func (s *Service) Agree(ctx context.Context, in AgreeInput) (*Contract, error) {
	return s.step(ctx, VerbAgree, in.StepInput, func(c *Contract, by By) error { return c.Agree(by) })
}

// Decline takes an invited party out of the contract.
func (s *Service) Decline(ctx context.Context, in DeclineInput) (*Contract, error) {
	return s.reasoned(ctx, VerbDecline, in.StepInput, in.Reason, (*Contract).Decline)
}

// Cancel withdraws a contract that is not signed yet.
func (s *Service) Cancel(ctx context.Context, in CancelInput) (*Contract, error) {
	return s.reasoned(ctx, VerbCancel, in.StepInput, in.Reason, (*Contract).Cancel)
}

// OpenForSigning freezes the text that every host and partner has agreed to.
func (s *Service) OpenForSigning(ctx context.Context, in OpenInput) (*Contract, error) {
	return s.step(ctx, VerbOpen, in.StepInput, func(c *Contract, by By) error { return c.Open(by) })
}

// Reopen takes a text back from signing into negotiation; the signatures under it are void.
func (s *Service) Reopen(ctx context.Context, in ReopenInput) (*Contract, error) {
	return s.reasoned(ctx, VerbReopen, in.StepInput, in.Reason, (*Contract).Reopen)
}

// reasoned is a step for which people may give a reason.
func (s *Service) reasoned(ctx context.Context, v Verb, in StepInput, reason *string, do func(*Contract, By, string) error) (*Contract, error) {
	var f fault.List
	why := text.Block(&f, "reason", or(reason, ""), 0, maxReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.step(ctx, v, in, func(c *Contract, by By) error { return do(c, by, why) })
}

// step is one verb on one contract: by a party, on the version that the caller has read.
func (s *Service) step(ctx context.Context, v Verb, in StepInput, do func(*Contract, By) error) (*Contract, error) {
	if err := wantContract(in.ID); err != nil {
		return nil, err
	}
	return s.contracts.Change(ctx, v.Action(), string(in.ID), func(c *Contract) error {
		if err := in.Expect(c.Version); err != nil {
			return err
		}
		by, err := s.by(ctx, v.Action(), c, in.Party)
		if err != nil {
			return err
		}
		return do(c, by)
	})
}

// compose makes a text of an input, with what is registered of the organisations that it names.
func (s *Service) compose(ctx context.Context, c *Contract, in TextInput) (Text, map[id.Organisation]organisation.Facts, error) {
	var ask []id.Organisation
	for _, p := range in.Parties {
		if organisationID(p.Organisation) && len(ask) < MaxParties {
			ask = append(ask, p.Organisation)
		}
	}
	found, err := s.Organisations(ctx, ask)
	if err != nil {
		return Text{}, nil, err
	}
	facts := map[id.Organisation]organisation.Facts{}
	for i, o := range ask {
		facts[o] = found[i]
	}
	w := &composer{in: in, facts: facts, keys: &c.Keys}
	t, err := w.compose(c.ID)
	return t, facts, err
}

// placed notes which bodies supervise the host.
func (c *Contract) placed(host organisation.Facts) {
	c.Above, c.SubDistrict, c.District = slices.Clone(host.Above), host.SubDistrict, host.District
}

func wantContract(c id.Contract) error {
	if id.Is(string(c), id.KindContract) {
		return nil
	}
	return fault.New(fault.Invalid, fault.CodeWrongID, "want", "contract").At("id")
}
