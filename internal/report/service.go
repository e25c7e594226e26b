package report

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service follows contracts and fulfilments, and compiles reports.
type Service struct {
	Now     func() time.Time
	Cursors *page.Cursors
	// Organisations tells the facts of organisations in the order of ids; the zero Facts where there is none.
	Organisations func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error)
	// Occurrences recites a contract's fulfilments as their last events told them, for counting anew.
	Occurrences func(ctx context.Context, c id.Contract) iter.Seq2[Occurrence, error]
	// Appraisals tells what was appraised; nil where nothing is, and reports then do not speak of it.
	Appraisals Appraisals
	// Secrets are the keys under which addresses of documents are signed, the current one first.
	Secrets func() [][]byte

	table   authz.Table
	folios  *store.Collection[*folio]
	sheets  *store.Collection[*sheet]
	ledgers *store.Collection[*ledger]
	press   *press
	words   vocabulary
}

// Appraisals tells how many appraisals were opened from one day to another, and their mean: of a contract those of all its
// parties, of a community or a unit those that it has received, of a supervising body those below it.
type Appraisals func(ctx context.Context, of Scope, from, to scalar.Date) (AppraisalTotals, error)

// AppraisalTotals are what appraisals add up to.
type AppraisalTotals struct {
	Opened int
	Mean   *scalar.Decimal // of all marks; nil where there is none
}

// The fields that queries name.
const (
	byID        = store.Field[id.Contract]("_id")
	byParty     = store.Each[id.Organisation]("parties")
	byAbove     = store.Each[id.Organisation]("above")
	byFormer    = store.Each[id.Organisation]("former")
	byConcerned = store.Each[id.Organisation]("concerned")
	bySince     = store.Field[scalar.Date]("since")
	byReach     = store.Field[scalar.Date]("reach")
)

// folioSchema serves a party's people and the bodies above, by the first day with something to report.
func folioSchema() store.Schema {
	s := store.Schema{Name: "report_folios", Narrow: []store.Order{byReach.Asc()}}
	for _, who := range []store.Order{byParty.Asc(), byAbove.Asc(), byFormer.Asc(), byConcerned.Asc()} {
		s.Indexes = append(s.Indexes, store.Lookup(who, bySince.Asc()))
	}
	return s
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	var err error
	columns := authz.Columns{authz.Partying: byParty.In, authz.Above: byAbove.In, authz.Former: byFormer.In}
	if s.folios, err = store.Open(ctx, db, store.Options[*folio]{
		Schema: folioSchema(), Read: access.ReportRead, Now: s.Now,
		Policy: authz.PolicyOf[*folio](s.table, access.ReportRead, columns, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("report folios: %w", err)
	}
	if s.sheets, err = inner[*sheet](ctx, db, s, "report_sheets"); err != nil {
		return nil, err
	}
	if s.ledgers, err = inner[*ledger](ctx, db, s, "report_ledgers"); err != nil {
		return nil, err
	}
	if s.words, err = loadVocabulary(); err != nil {
		return nil, err
	}
	s.press, err = newPress()
	return &s, err
}

// inner opens a collection that only the room itself reads.
func inner[T store.Object](ctx context.Context, db store.Backend, s Service, name string) (*store.Collection[T], error) {
	c, err := store.Open(ctx, db, store.Options[T]{
		Schema: store.Schema{Name: name}, Read: access.ReportKeep, Now: s.Now,
		Policy: authz.PolicyOf[T](s.table, access.ReportKeep, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Report finds the report on a scope that the caller may read. One that is hidden and one that does not exist answer
// alike: NOT_FOUND.
func (s *Service) Report(ctx context.Context, of Scope, p Period) (*Report, error) {
	if (of.Contract == nil) == (of.Organisation == nil) {
		return nil, fault.New(fault.Invalid, CodeOneScope).At("scope")
	}
	span, err := p.span()
	if err != nil {
		return nil, err
	}
	r := &Report{Scope: of, Span: span, CompiledAt: s.now()}
	where := defaultZone
	if of.Contract != nil {
		f, err := s.folios.Get(ctx, string(*of.Contract))
		if err != nil {
			return nil, err
		}
		r.Title, where, r.only = f.Title, f.Zone, s.left(ctx, f)
	} else if r.body, err = s.readable(ctx, *of.Organisation); err != nil {
		return nil, err
	}
	today := scalar.DateOf(r.CompiledAt, zone(where))
	r.Complete = today > span.To
	return r, span.begun(today)
}

// left is the party in whose name the caller reads a contract that it has left; empty where they read it otherwise.
func (s *Service) left(ctx context.Context, f *folio) id.Organisation {
	who, now := authz.From(ctx), *f
	if now.Former = nil; s.table.Allows(who, access.ReportRead, &now) {
		return ""
	}
	for _, o := range f.Former {
		if now.Former = []id.Organisation{o}; s.table.Allows(who, access.ReportRead, &now) {
			return o
		}
	}
	return ""
}

// readable finds an organisation on which the caller may read reports.
func (s *Service) readable(ctx context.Context, o id.Organisation) (*organisation.Facts, error) {
	found, err := s.Organisations(ctx, []id.Organisation{o})
	if err != nil {
		return nil, err
	}
	if f := found[0]; f.Exists() && s.table.Allows(authz.From(ctx), access.ReportRead, subject(f)) {
		return &f, nil
	}
	return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
