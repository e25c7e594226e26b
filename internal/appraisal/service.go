package appraisal

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service follows contracts, takes in what their parties say of each other, and keeps it sealed while it must be.
type Service struct {
	Now     func() time.Time
	Random  io.Reader // for salts
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Organisations tells what is known of organisations, in the order of ids.
	Organisations func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error)

	table      authz.Table
	appraisals *store.Collection[*Appraisal]
	criteria   *store.Collection[*Criteria]
	courses    *store.Collection[*course]
	records    *store.Collection[*record]
}

// Open makes the room ready on a back end, with the criteria that come with the program.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	var err error
	if s.appraisals, err = store.Open(ctx, db, store.Options[*Appraisal]{
		Schema: schema(), Read: access.AppraisalRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf(s.table, access.AppraisalRead, columns(), nil, s.veil),
	}); err != nil {
		return nil, fmt.Errorf("appraisals: %w", err)
	}
	if s.criteria, err = store.Open(ctx, db, store.Options[*Criteria]{
		Schema: criteriaSchema(), Read: access.CriteriaRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Criteria](s.table, access.CriteriaRead, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("criteria of appraisals: %w", err)
	}
	if s.courses, err = inner[*course](ctx, db, s, courseSchema()); err != nil {
		return nil, err
	}
	if s.records, err = inner[*record](ctx, db, s, store.Schema{Name: "cooperation_records"}); err != nil {
		return nil, err
	}
	return &s, s.furnish(authz.AsSystem(ctx))
}

// inner opens a collection that only the room itself reads: for anybody but the program, nothing in it stands to any
// organisation.
func inner[T store.Object](ctx context.Context, db store.Backend, s Service, of store.Schema) (*store.Collection[T], error) {
	c, err := store.Open(ctx, db, store.Options[T]{
		Schema: of, Read: access.AppraisalTime, Now: s.Now,
		Policy: authz.PolicyOf[T](s.table, access.AppraisalTime, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", of.Name, err)
	}
	return c, nil
}

// Outboxes are the collections of the room that tell events, as the relay sees them.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.appraisals, s.criteria} }

// Appraisal finds one appraisal that the caller may read.
func (s *Service) Appraisal(ctx context.Context, a id.Appraisal) (*Appraisal, error) {
	return s.appraisals.Get(ctx, string(a))
}

// Many finds appraisals in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Appraisal) ([]*Appraisal, error) {
	return s.appraisals.GetMany(ctx, plain(ids))
}

func plain[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for i, v := range ids {
		out[i] = string(v)
	}
	return out
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
