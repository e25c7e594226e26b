package template

import (
	"context"
	"reflect"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// CreateClause keeps a new standard clause.
func (s *Service) CreateClause(ctx context.Context, in CreateClauseInput) (*LibraryClause, error) {
	owner, err := s.owner(ctx, in.Owner, organisation.KindDistrict, organisation.KindSubDistrict)
	if err != nil {
		return nil, err
	}
	c := &LibraryClause{Head: s.head(owner)}
	if c.ClauseBody, err = in.Text.write(); err != nil {
		return nil, err
	}
	c.ID = store.NewID[id.LibraryClause](ctx, id.KindLibraryClause, s.now(), s.Random)
	if err := c.Tell(ToldClauseCreated, c.told()); err != nil {
		return nil, err
	}
	return s.clauses.Add(ctx, access.LibraryCreate, c)
}

// ReviseClause makes a new version of a standard clause. Templates and contracts that have taken it up stay as they are.
func (s *Service) ReviseClause(ctx context.Context, in ReviseClauseInput) (*LibraryClause, error) {
	summary, err := said(in.Summary)
	if err != nil {
		return nil, err
	}
	return s.clauses.Change(ctx, access.LibraryRevise, string(in.ID), func(c *LibraryClause) error {
		if err := in.Expect(c.Version); err != nil {
			return err
		}
		if err := c.inForce(CodeClauseRetired); err != nil {
			return err
		}
		body, err := in.Text.write()
		if err != nil {
			return err
		}
		if reflect.DeepEqual(body, c.ClauseBody) {
			return fault.New(fault.Refused, CodeUnchangedText)
		}
		if err := s.editions.keep(ctx, string(c.ID), c.Head, c.RevisedAt, c.ClauseBody); err != nil {
			return err
		}
		c.ClauseBody = body
		if err := c.revised(s, summary, 0); err != nil {
			return err
		}
		return c.Tell(ToldClauseRevised, c.told())
	})
}

// RetireClause ends a standard clause: it stays to be read, but nothing takes it up any more.
func (s *Service) RetireClause(ctx context.Context, in RetireClauseInput) (*LibraryClause, error) {
	return s.clauses.Change(ctx, access.LibraryRetire, string(in.ID), func(c *LibraryClause) error {
		if err := in.Expect(c.Version); err != nil {
			return err
		}
		if err := c.inForce(CodeClauseRetired); err != nil {
			return err
		}
		c.Status = Retired
		return c.Tell(ToldClauseRetired, c.told())
	})
}

// write checks a standard clause. The faults name the input's fields, below text.
func (in ClauseBodyInput) write() (ClauseBody, error) {
	var own, f fault.List
	b := ClauseBody{Topic: in.Topic, Heading: line(&own, "heading", in.Heading, 1, MaxTitle), Text: block(&own, "body", in.Body, 1, MaxBody)}
	known(&own, "heading", b.Heading, common())
	known(&own, "body", b.Text, common())
	if !slices.Contains(Topics(), in.Topic) {
		own.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "topic"), "topic")
	}
	if b.CommunityTypes = CommunityTypes(); in.CommunityTypes != nil {
		b.CommunityTypes = chosen(&own, "communityTypes", in.CommunityTypes, CommunityTypes())
	}
	f.Add(own.Err(), "text")
	return b, f.Err()
}
