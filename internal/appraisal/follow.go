package appraisal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// FollowContract takes in what an event (contract.*) says of a contract that is or was in force: who its parties are, who
// has left, that it is over. Hearing it again, or after what came later, changes nothing.
func (s *Service) FollowContract(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	var snap snapshot
	if err := bson.Unmarshal(e.Data, &snap); err != nil {
		return fmt.Errorf("appraisal: event %s: %w", e.ID, err)
	}
	if !snap.Status.inForce() && !snap.Status.over() {
		return nil
	}
	c, err := s.hear(ctx, id.Contract(e.Subject), snap, e)
	if errors.Is(err, errNothing) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.carryOut(ctx, c); err != nil {
		return err
	}
	return s.spread(ctx, c)
}

// hear takes an event into its contract's course. The latest one may be heard again, so that what it calls for is
// finished; older ones are nothing.
func (s *Service) hear(ctx context.Context, contract id.Contract, snap snapshot, e journal.Entry) (*course, error) {
	c, err := s.courses.Touch(ctx, access.AppraisalTime, string(contract), func(c *course) error {
		switch {
		case c.Seen > e.Seq:
			return errNothing
		case c.Seen < e.Seq:
			c.Seen = e.Seq
			c.take(snap, e.At, s.now())
		}
		return nil
	})
	if !fault.Is(err, fault.CodeNotFound) {
		return c, err
	}
	c = &course{Seen: e.Seq}
	c.ID = contract
	c.take(snap, e.At, s.now())
	c, err = s.courses.Add(ctx, access.AppraisalTime, c)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.hear(ctx, contract, snap, e)
	}
	return c, err
}

// carryOut makes the appraisals of the rounds that a course has begun, and then forgets the rounds. Where another event
// was heard meanwhile, it begins again with what that says of the readers.
func (s *Service) carryOut(ctx context.Context, c *course) error {
	for len(c.Rounds) > 0 {
		for _, r := range c.Rounds {
			if err := s.choose(ctx, c, r); err != nil {
				return err
			}
			for _, x := range r.Couples {
				if err := errors.Join(s.invite(ctx, c, r, x.A, x.B), s.invite(ctx, c, r, x.B, x.A)); err != nil {
					return err
				}
			}
		}
		seen, done := c.Seen, c.Rounds
		var err error
		c, err = s.courses.Touch(ctx, access.AppraisalTime, string(c.ID), func(c *course) error {
			if c.Seen == seen {
				c.Rounds = slices.DeleteFunc(c.Rounds, func(r *round) bool { return slices.ContainsFunc(done, r.same) })
				c.rest(s.now())
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// choose settles by which set of criteria a round judges: the current one for the host's type of community. It is kept
// first, so that all of a round are judged alike even where it is finished later.
func (s *Service) choose(ctx context.Context, c *course, r *round) error {
	if r.Number > 0 {
		return nil
	}
	facts, err := s.Organisations(ctx, []id.Organisation{c.Host})
	if err != nil {
		return err
	}
	set, err := s.CriteriaOf(ctx, CommunityType(facts[0].CommunityType))
	if err != nil {
		return err
	}
	kept, err := s.courses.Touch(ctx, access.AppraisalTime, string(c.ID), func(c *course) error {
		for _, other := range c.Rounds {
			if other.same(r) && other.Number == 0 {
				other.Type, other.Number = set.CommunityType, set.Number
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.Type, r.Number = set.CommunityType, set.Number
	for _, other := range kept.Rounds {
		if other.same(r) {
			r.Type, r.Number = other.Type, other.Number
		}
	}
	return nil
}

func (r *round) same(as *round) bool {
	return r.Occasion == as.Occasion && r.Year == as.Year && slices.Equal(r.Couples, as.Couples)
}

// invite asks one party for its appraisal of another. Asking twice asks once.
func (s *Service) invite(ctx context.Context, c *course, r *round, from, of id.Organisation) error {
	set, err := s.criteria.Get(ctx, string(criteriaID(r.Type, r.Number)))
	if err != nil {
		return err
	}
	a := &Appraisal{
		Contract: c.ID, Occasion: r.Occasion, Appraiser: from, Appraised: of, AppraisedPart: Partner,
		Counterpart: appraisalID(c.ID, r, of, from), JudgedFrom: r.From, JudgedTo: r.To, Zone: c.Zone,
		CommunityType: r.Type, CriteriaNumber: r.Number, Status: Invited, ClosesAt: r.ClosesAt, WakeAt: &r.ClosesAt,
	}
	a.ID = appraisalID(c.ID, r, from, of)
	if of == c.Host {
		a.AppraisedPart = Host
	}
	if r.Year > 0 {
		a.Year = &r.Year
	}
	a.Criteria = set.judging(a.AppraisedPart)
	a.read(c)
	if err := a.tell(ToldInvited); err != nil {
		return err
	}
	_, err = s.appraisals.Add(ctx, access.AppraisalTime, a)
	if fault.Is(err, fault.CodeTaken) {
		return s.readers(ctx, c, a.ID)
	}
	return err
}

// appraisalID is made of what tells an appraisal from every other, so that making it twice makes it once.
func appraisalID(c id.Contract, r *round, from, of id.Organisation) id.Appraisal {
	return id.Derived[id.Appraisal](id.KindAppraisal, string(c), string(r.Occasion), strconv.Itoa(r.Year), string(from), string(of))
}

// spread tells the appraisals of a contract who may read them now.
func (s *Service) spread(ctx context.Context, c *course) error {
	for a, err := range s.appraisals.Walk(ctx, byContract.Is(c.ID), byClosesAt.Asc()) {
		if err != nil {
			return err
		}
		if err := s.readers(ctx, c, a.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) readers(ctx context.Context, c *course, of id.Appraisal) error {
	_, err := s.appraisals.Touch(ctx, access.AppraisalTime, string(of), func(a *Appraisal) error {
		was := *a
		if a.Seen >= c.Seen {
			return errNothing
		}
		if a.read(c); slices.Equal(was.Parties, a.Parties) && slices.Equal(was.Above, a.Above) {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// read takes over who may read the appraisal: the contract's parties, the two themselves, and the bodies above.
func (a *Appraisal) read(c *course) {
	a.Seen, a.Above = c.Seen, c.Above
	a.Parties = slices.Clone(c.Parties)
	for _, o := range []id.Organisation{a.Appraiser, a.Appraised} {
		if !slices.Contains(a.Parties, o) {
			a.Parties = append(a.Parties, o)
		}
	}
}
