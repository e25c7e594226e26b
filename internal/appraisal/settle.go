package appraisal

import (
	"context"
	"errors"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// errNothing ends a change that has nothing to change.
var errNothing = errors.New("appraisal: nothing to change")

// FollowSubmitted opens a pair of appraisals when the second has come in (appraisal.submitted). It is the second pair of
// hands: whoever submitted the second has usually done it already.
func (s *Service) FollowSubmitted(ctx context.Context, e journal.Entry) error {
	a, err := s.appraisals.Get(authz.AsSystem(ctx), e.Subject)
	if err != nil {
		return err
	}
	_, err = s.settle(ctx, a, s.now())
	return err
}

// settle brings a pair as far as it can go: when both are in, or their time is over, neither takes in anything more; and
// only when that holds of both is either opened. It says how many changes that took. Two nodes may do it at once: each
// step is done by one of them, and no step is ever taken back.
func (s *Service) settle(ctx context.Context, of *Appraisal, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	two, err := s.pair(ctx, of)
	if err != nil || len(two) < 2 || !over(two, now) {
		return 0, err
	}
	n := 0
	for _, a := range two {
		if err := s.end(ctx, a, now, &n); err != nil {
			return n, err
		}
	}
	if two, err = s.pair(ctx, of); err != nil || len(two) < 2 || !two[0].settled() || !two[1].settled() {
		return n, err
	}
	for _, a := range two {
		if a.Status != Final {
			continue
		}
		_, err := s.appraisals.Change(ctx, access.AppraisalTime, string(a.ID), func(a *Appraisal) error {
			if a.Status != Final {
				return errNothing // somebody was quicker
			}
			return a.open(s.now())
		})
		if err := count(&n, err); err != nil {
			return n, err
		}
	}
	return n, nil
}

// pair is an appraisal and its counterpart as they are now, without what lies under their seals; fewer than two while one
// of them is still being made.
func (s *Service) pair(ctx context.Context, of *Appraisal) ([]*Appraisal, error) {
	found, err := s.Many(ctx, []id.Appraisal{of.ID, of.Counterpart})
	if err != nil {
		return nil, err
	}
	var two []*Appraisal
	for _, a := range found {
		if a != nil {
			two = append(two, a)
		}
	}
	return two, nil
}

// over says whether there is nothing more to wait for.
func over(two []*Appraisal, now time.Time) bool {
	return two[0].closed(now) || two[0].Status != Invited && two[1].Status != Invited
}

// end makes one of a pair take in nothing more. That it was missed is news; that it is sealed for good will be with its
// opening.
func (s *Service) end(ctx context.Context, a *Appraisal, now time.Time, n *int) error {
	var err error
	switch a.Status {
	case Invited:
		_, err = s.appraisals.Change(ctx, access.AppraisalTime, string(a.ID), func(a *Appraisal) error {
			if a.Status != Invited || !a.closed(now) {
				return errNothing
			}
			return a.miss(now)
		})
	case Submitted:
		_, err = s.appraisals.Touch(ctx, access.AppraisalTime, string(a.ID), func(a *Appraisal) error {
			if a.Status != Submitted {
				return errNothing
			}
			return a.finalise(now)
		})
	default:
		return nil
	}
	return count(n, err)
}

// count adds a change that was made; one that had nothing to change is none, and no error.
func count(n *int, err error) error {
	if err == nil {
		*n++
	}
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}
