package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// maxTick bounds how many contracts one Tick moves; the rest is for the next.
const maxTick = 500

// errNothing leaves a contract as it is: another node was here first.
var errNothing = errors.New("contract: nothing to do")

// Tick does what time does to contracts (Contract.Wake), from their first day to their end. It says how many it moved.
// Two nodes doing it at once do it once.
func (s *Service) Tick(ctx context.Context, now time.Time) (n int, err error) {
	ctx, now = authz.AsSystem(ctx), now.UTC().Truncate(time.Millisecond)
	var due []id.Contract
	for c, err := range s.contracts.Walk(ctx, byWake.Lte(now), byWake.Asc()) {
		if err != nil {
			return 0, err
		}
		if due = append(due, c.ID); len(due) == maxTick {
			break
		}
	}
	var bad error
	for _, c := range due {
		if err := s.applyFirst(ctx, c, now); err != nil {
			bad = errors.Join(bad, fmt.Errorf("contract %s: %w", c, err))
			continue
		}
		_, err := s.contracts.Change(ctx, access.ContractTime, string(c), func(c *Contract) error {
			done, err := c.Wake(now, s.deeds(ctx, c, now))
			if err == nil && !done {
				return errNothing
			}
			return err
		})
		switch {
		case err == nil:
			n++
		case errors.Is(err, errNothing):
		default: // the others need not wait for this one
			bad = errors.Join(bad, fmt.Errorf("contract %s: %w", c, err))
			if fault.Of(err).Kind == fault.Unavailable {
				return n, bad
			}
		}
	}
	return n, bad
}

// CommunityMoved follows a community that has come under other bodies: they read its contracts from now on, those it
// has left do not. It may be told the same thing twice.
func (s *Service) CommunityMoved(ctx context.Context, community id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	found, err := s.Organisations(ctx, []id.Organisation{community})
	if err != nil {
		return err
	}
	if !found[0].Exists() {
		return nil
	}
	for c, err := range s.contracts.Walk(ctx, byHost.Is(community)) {
		if err != nil {
			return err
		}
		if err := s.rehouse(ctx, c.ID, found[0]); err != nil {
			return fmt.Errorf("contract %s: %w", c.ID, err)
		}
	}
	return nil
}

// Drafted looks once more where the host of a contract just drafted lies: one that moved in that very moment was written
// into the draft as it lay before, and did not find the draft among the contracts it had to tell. It follows the event
// contract.drafted, and may be told the same thing twice.
func (s *Service) Drafted(ctx context.Context, which id.Contract) error {
	ctx = authz.AsSystem(ctx)
	c, err := s.contracts.Get(ctx, string(which))
	if err != nil {
		return err
	}
	found, err := s.Organisations(ctx, []id.Organisation{c.Host})
	if err != nil || !found[0].Exists() {
		return err
	}
	return s.rehouse(ctx, c.ID, found[0])
}

// rehouse notes under which bodies a contract's host is now.
func (s *Service) rehouse(ctx context.Context, which id.Contract, host organisation.Facts) error {
	_, err := s.contracts.Touch(ctx, access.ContractTime, string(which), func(c *Contract) error {
		if c.Host != host.ID || c.District == host.District && c.SubDistrict == host.SubDistrict && slices.Equal(c.Above, host.Above) {
			return errNothing
		}
		c.placed(host)
		c.settle()
		return c.tell(ToldMoved, "")
	})
	if errors.Is(err, errNothing) || fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}
