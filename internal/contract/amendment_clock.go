package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// TickAmendments puts in force the signed amendments whose first day has begun. It says how many. Two nodes doing it at
// once do it once.
func (s *Service) TickAmendments(ctx context.Context, now time.Time) (n int, err error) {
	ctx, now = authz.AsSystem(ctx), now.UTC().Truncate(time.Millisecond)
	var due []id.Amendment
	for a, err := range s.amendments.Walk(ctx, amendWake.Lte(now), amendWake.Asc()) {
		if err != nil {
			return 0, err
		}
		if due = append(due, a.ID); len(due) == maxTick {
			break
		}
	}
	var bad error
	for _, a := range due {
		switch err := s.apply(ctx, a, now); {
		case err == nil:
			n++
		case errors.Is(err, errNothing):
		default: // the others need not wait for this one
			bad = errors.Join(bad, fmt.Errorf("amendment %s: %w", a, err))
			if fault.Of(err).Kind == fault.Unavailable {
				return n, bad
			}
		}
	}
	return n, bad
}

// Sealed follows an amendment that all have signed: where its first day has begun it takes effect at once. It may be
// told the same thing twice.
func (s *Service) Sealed(ctx context.Context, which id.Amendment) error {
	err := s.apply(authz.AsSystem(ctx), which, s.now())
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// apply puts a signed amendment in force: first the contract takes its text over, in one change that names the
// amendment, then the amendment notes it. Whatever stops in between, the next try finds the contract's word for it and
// only notes.
func (s *Service) apply(ctx context.Context, which id.Amendment, now time.Time) error {
	a, err := s.amendments.Get(ctx, string(which))
	if err != nil {
		return err
	}
	if a.Status != AmendmentSigned || a.WakeAt == nil || a.WakeAt.After(now) {
		return errNothing
	}
	c, err := s.contracts.Change(ctx, access.ContractTime, string(a.Contract), func(c *Contract) error {
		if c.amendedBy(a.ID) != nil || c.inForce() != nil || c.TextVersion != a.BaseVersion {
			return errNothing
		}
		if err := s.archive(ctx, c); err != nil {
			return err
		}
		return c.Amend(a, now)
	})
	switch {
	case err == nil:
		s.kept(ctx, c)
	case !errors.Is(err, errNothing):
		return err
	default:
		if c, err = s.contracts.Get(ctx, string(a.Contract)); err != nil {
			return err
		}
	}
	_, err = s.amendments.Change(ctx, access.AmendmentTime, string(which), func(a *Amendment) error {
		if !a.Status.pending() {
			return errNothing
		}
		if r := c.amendedBy(a.ID); r != nil {
			return a.applied(r.At)
		}
		return a.lapse(now)
	})
	return err
}

// applyFirst puts in force the amendment that a contract waits for, if its first day has begun: what time does to the
// contract next goes by its text as it is then.
func (s *Service) applyFirst(ctx context.Context, which id.Contract, now time.Time) error {
	c, err := s.contracts.Get(ctx, string(which))
	if err != nil || len(c.Amending) == 0 || c.WakeAt == nil {
		return err
	}
	waits, err := s.ManyAmendments(ctx, c.Amending)
	if err != nil {
		return err
	}
	for _, a := range waits {
		if a == nil || a.Status != AmendmentSigned || a.WakeAt == nil || a.WakeAt.After(*c.WakeAt) {
			continue
		}
		if err := s.apply(ctx, a.ID, now); err != nil && !errors.Is(err, errNothing) {
			return err
		}
	}
	return nil
}

// amendedBy is the making of the version that an amendment brought; nil where it has not.
func (c *Contract) amendedBy(a id.Amendment) *Revision {
	if i := slices.IndexFunc(c.Revisions, func(r Revision) bool { return r.Amendment == a }); i >= 0 {
		return &c.Revisions[i]
	}
	return nil
}

// Turns are the events of contracts that amendments follow: a party has left, the host has come under other bodies, or
// the contract has ended.
func Turns() []string {
	return []string{ToldExited, ToldMoved, ToldExpired, ToldTerminated, ToldCompleted}
}

// ContractTurned follows what becomes of a contract: when it has ended, its amendments under way lapse; when a party has
// left or the host has come under other bodies, they are read and waited for by those who remain. It may be told the
// same thing twice, or late.
func (s *Service) ContractTurned(ctx context.Context, which id.Contract) error {
	ctx = authz.AsSystem(ctx)
	for a, err := range s.amendments.Walk(ctx, amendContract.Is(which)) {
		if err != nil {
			return err
		}
		if err := s.turned(ctx, a); err != nil && !errors.Is(err, errNothing) {
			return fmt.Errorf("amendment %s: %w", a.ID, err)
		}
	}
	return nil
}

func (s *Service) turned(ctx context.Context, a *Amendment) error {
	change := s.amendments.Touch // who reads one that is over is no change of it
	if a.Status.pending() {
		change = s.amendments.Change
	}
	_, err := change(ctx, access.AmendmentTime, string(a.ID), func(a *Amendment) error {
		c, err := s.contracts.Get(ctx, string(a.Contract))
		if err != nil {
			return err
		}
		if c.inForce() != nil && a.Status.pending() && c.amendedBy(a.ID) == nil {
			return a.lapse(s.now())
		}
		changed := a.stands(c)
		if a.Status.pending() {
			a.meets(c)
		}
		switch {
		case a.Status == AmendmentSigning && !roll(a.Parties).waits():
			return a.seal(s.now(), c)
		case !changed:
			return errNothing
		}
		return nil
	})
	return err
}

// pending are the amendments of a contract that are on their way.
func (s *Service) pending(ctx context.Context, c id.Contract) ([]*Amendment, error) {
	var out []*Amendment
	for a, err := range s.amendments.Walk(ctx, amendContract.Is(c)) {
		if err != nil {
			return nil, err
		}
		if a.Status.pending() {
			out = append(out, a)
		}
	}
	return out, nil
}
