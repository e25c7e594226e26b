package publication

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

const maxReason = 2000

// ProposeInput is the input of proposePublication.
type ProposeInput struct {
	command.Once
	Contract        id.Contract
	ExpectedVersion *int // of the publication; absent where there is none yet
	Party           *id.Organisation
	Fields          []PublicField
}

// Propose says which fields of a signed contract are to be public. The others' consent to what was proposed before
// holds as far as it is proposed still.
func (s *Service) Propose(ctx context.Context, in ProposeInput) (*Publication, error) {
	fields, err := chosen(in.Fields)
	if err != nil {
		return nil, err
	}
	if _, err := s.signed(ctx, in.Contract); err != nil {
		return nil, err
	}
	for range 2 { // another one may make the first proposal meanwhile
		p, err := s.again(ctx, in, fields)
		if !fault.Is(err, fault.CodeNotFound) {
			return p, err
		}
		p, err = s.first(ctx, in, fields)
		if !fault.Is(err, fault.CodeTaken) {
			return p, err
		}
	}
	return nil, fault.New(fault.Conflict, fault.CodeConflict, "current", 1).At("expectedVersion")
}

// first makes the first proposal for a contract.
func (s *Service) first(ctx context.Context, in ProposeInput, fields []PublicField) (*Publication, error) {
	if in.ExpectedVersion != nil {
		if err := command.Expect(0, *in.ExpectedVersion); err != nil {
			return nil, err
		}
	}
	f, err := s.signed(ctx, in.Contract)
	if err != nil {
		return nil, err
	}
	p := &Publication{Contract: in.Contract, PublicFields: []PublicField{}}
	p.ID = publicationID(in.Contract)
	p.hear(f)
	by, err := s.by(ctx, VerbPropose, p, in.Party)
	if err != nil {
		return nil, err
	}
	if err := p.propose(by, fields); err != nil {
		return nil, err
	}
	p.list(f)
	if p, err = s.publications.Add(ctx, access.PublicationPropose, p); err != nil {
		return nil, err
	}
	if p.Status == Published { // what became of the contract while this was written
		err = s.refresh(authz.AsSystem(ctx), in.Contract, 0)
	}
	return p, err
}

// again changes what is proposed for a contract.
func (s *Service) again(ctx context.Context, in ProposeInput, fields []PublicField) (*Publication, error) {
	return s.publications.Change(ctx, access.PublicationPropose, string(publicationID(in.Contract)), func(p *Publication) error {
		if in.ExpectedVersion == nil {
			return fault.New(fault.Conflict, fault.CodeConflict, "current", p.Version).At("expectedVersion")
		}
		if err := command.Expect(p.Version, *in.ExpectedVersion); err != nil {
			return err
		}
		return s.decide(ctx, VerbPropose, p, in.Party, func(by By) error { return p.propose(by, fields) })
	})
}

// AgreeInput is the input of agreeToPublication.
type AgreeInput struct {
	command.Change
	ID    id.Publication
	Party *id.Organisation
}

// Agree notes that a party agrees to all that is proposed. With the last one it is public.
func (s *Service) Agree(ctx context.Context, in AgreeInput) (*Publication, error) {
	return s.publications.Change(ctx, access.PublicationAgree, string(in.ID), func(p *Publication) error {
		if err := in.Expect(p.Version); err != nil {
			return err
		}
		return s.decide(ctx, VerbAgree, p, in.Party, p.agree)
	})
}

// WithdrawInput is the input of withdrawPublication. It expects no version: whatever the others have said meanwhile, a
// party can take its consent back.
type WithdrawInput struct {
	command.Once
	ID     id.Publication
	Party  *id.Organisation
	Reason *string
}

// Withdraw takes a party's consent back, and with it everything from public view.
func (s *Service) Withdraw(ctx context.Context, in WithdrawInput) (*Publication, error) {
	var faults fault.List
	reason := ""
	if in.Reason != nil {
		reason = text.Block(&faults, "reason", *in.Reason, 0, maxReason)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.publications.Change(ctx, access.PublicationWithdraw, string(in.ID), func(p *Publication) error {
		by, err := s.by(ctx, VerbWithdraw, p, in.Party)
		if err != nil {
			return err
		}
		return p.withdraw(by, reason)
	})
}

// decide is a verb for which the contract is read as it is now: who its parties are, and what lists may know of it.
func (s *Service) decide(ctx context.Context, v Verb, p *Publication, party *id.Organisation, do func(By) error) error {
	f, err := s.Contract(authz.AsSystem(ctx), p.Contract)
	if err != nil {
		return err
	}
	p.hear(f)
	by, err := s.by(ctx, v, p, party)
	if err != nil {
		return err
	}
	if err := do(by); err != nil {
		return err
	}
	p.list(f)
	return nil
}

// signed reads a contract for a caller who may, and refuses one that is not signed.
func (s *Service) signed(ctx context.Context, c id.Contract) (*Facts, error) {
	f, err := s.Contract(ctx, c)
	if err != nil {
		return nil, fault.Of(err).At("contract")
	}
	if !f.Status.signed() {
		return nil, fault.New(fault.Refused, CodeNotSigned, "status", f.Status).At("contract")
	}
	return f, nil
}

// chosen checks which fields an input names, and puts them in order.
func chosen(fields []PublicField) ([]PublicField, error) {
	if len(fields) == 0 {
		return nil, fault.New(fault.Invalid, fault.CodeTooFew, "min", 1).At("fields")
	}
	for i, f := range fields {
		if slices.Contains(fields[:i], f) {
			return nil, fault.New(fault.Invalid, fault.CodeDuplicate, "value", f).At("fields", strconv.Itoa(i))
		}
	}
	return common(PublicFields(), fields), nil
}

// by finds out for which party the caller acts.
func (s *Service) by(ctx context.Context, v Verb, p *Publication, named *id.Organisation) (By, error) {
	a := authz.From(ctx)
	by, mine := By{Person: a.Author(), At: s.now()}, s.table.For(a, v.Action(), p)
	switch {
	case named != nil && slices.Contains(mine, *named):
		by.Party = *named
		return by, nil
	case named != nil && !slices.Contains(slices.Concat(p.Deciding, p.consenting()), *named):
		return by, fault.New(fault.Refused, CodeNoSay, "organisation", *named).At("party")
	case named == nil && len(mine) == 1:
		by.Party = mine[0]
		return by, nil
	case named == nil && len(mine) > 1:
		return by, fault.New(fault.Invalid, CodeAmbiguousParty, "organisations", mine).At("party")
	}
	return by, fault.New(fault.Forbidden, fault.CodeForbidden, "action", v.Action())
}

// AllowedActions are what the caller may do about a publication now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, p *Publication) []Verb {
	who, out := authz.From(ctx), []Verb{}
	for _, v := range Verbs() {
		mine := s.table.For(who, v.Action(), p)
		if v == VerbAgree {
			mine = slices.DeleteFunc(mine, func(o id.Organisation) bool { return !slices.Contains(p.Awaited(), o) })
		}
		if len(mine) > 0 && p.can(v) == nil {
			out = append(out, v)
		}
	}
	return out
}
