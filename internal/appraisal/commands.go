package appraisal

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

// SubmitInput is the input of submitAppraisal.
type SubmitInput struct {
	command.Change
	ID      id.Appraisal
	Ratings []*RatingInput
	Comment *string
}

// RatingInput is a score as a client gives it.
type RatingInput struct {
	Key   string
	Score int
}

// Submit takes in how an organisation judges another, and seals it. Until the other's is in or the time is over it may
// be submitted anew. With the second of a pair both are opened.
func (s *Service) Submit(ctx context.Context, in SubmitInput) (*Appraisal, error) {
	said, err := s.said(ctx, in)
	if err != nil {
		return nil, err
	}
	done, err := s.appraisals.Change(ctx, access.AppraisalSubmit, string(in.ID), func(a *Appraisal) error {
		if err := in.Expect(a.Version); err != nil {
			return err
		}
		if err := s.can(authz.From(ctx), VerbSubmit, a); err != nil {
			return err
		}
		own := *said
		return a.submit(&own, s.now())
	})
	if err != nil {
		return nil, err
	}
	if n, err := s.settle(ctx, done, s.now()); err != nil || n == 0 {
		return done, nil // where settling failed, the follower of the event and the clock do it
	}
	return s.appraisals.Get(ctx, string(in.ID))
}

// said checks the form of what a client says.
func (s *Service) said(ctx context.Context, in SubmitInput) (*Sealed, error) {
	var faults fault.List
	who := authz.From(ctx)
	out := &Sealed{Person: who.Author()}
	if in.Comment != nil {
		out.Comment = text.Block(&faults, "comment", *in.Comment, 0, MaxComment)
	}
	if len(in.Ratings) > MaxCriteria {
		faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxCriteria), "ratings")
		in.Ratings = nil
	}
	for i, r := range in.Ratings {
		if r.Score < LeastScore || r.Score > MostScore {
			faults.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", LeastScore, "max", MostScore), "ratings", strconv.Itoa(i), "score")
		}
		out.Ratings = append(out.Ratings, &Rating{Key: r.Key, Score: r.Score})
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	var err error
	out.Salt, err = salt(s.Random)
	return out, err
}

// AnswerInput is the input of answerAppraisal.
type AnswerInput struct {
	command.Change
	ID   id.Appraisal
	Body string
}

// Answer takes in what the appraised organisation has to say to an opened appraisal, once.
func (s *Service) Answer(ctx context.Context, in AnswerInput) (*Appraisal, error) {
	var faults fault.List
	body := text.Block(&faults, "body", in.Body, 1, MaxAnswer)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.appraisals.Change(ctx, access.AppraisalAnswer, string(in.ID), func(a *Appraisal) error {
		if err := in.Expect(a.Version); err != nil {
			return err
		}
		who := authz.From(ctx)
		if err := s.can(who, VerbAnswer, a); err != nil {
			return err
		}
		return a.answer(&Answer{Body: body, At: s.now(), Person: who.Author()})
	})
}

// can says whether a person can do a verb now that their role allows. Nobody judges in the name of one side and speaks
// for the other: not at once, and not one after the other.
func (s *Service) can(who authz.Actor, v Verb, a *Appraisal) error {
	if err := a.ready(v, s.now()); err != nil {
		return err
	}
	author := v == VerbAnswer && who.Author() != "" && a.Sealed.Person == who.Author()
	if author || v == VerbSubmit && s.bothSides(who, a) {
		return fault.New(fault.Refused, CodeBothSides)
	}
	return nil
}

// AllowedActions are what the caller may do to an appraisal now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, a *Appraisal) []Verb {
	who := authz.From(ctx)
	return slices.DeleteFunc(Verbs(), func(v Verb) bool {
		return !s.table.Allows(who, v.Action(), a) || s.can(who, v, a) != nil
	})
}
