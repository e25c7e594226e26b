package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Occurrence is what an event tells of a fulfilment.
type Occurrence struct {
	Contract   id.Contract   `bson:"contract"`
	Commitment id.Commitment `bson:"commitment"`
	Fact       `bson:",inline"`
}

// Fact is what reports count of a fulfilment, as it was after an event.
type Fact struct {
	DueOn    scalar.Date     `bson:"dueOn"`
	Provider id.Organisation `bson:"provider"`
	Status   string          `bson:"status"`
	Late     bool            `bson:"late,omitempty"`
	Silent   bool            `bson:"silent,omitempty"`
	Outcome  string          `bson:"outcome,omitempty"`
	Quantity *scalar.Decimal `bson:"quantity,omitempty"`
	Unit     string          `bson:"unit,omitempty"`
	Evidence []Proven        `bson:"evidence,omitempty"`
	Is       Share           `bson:"is"`
}

// Proven says how many pieces of evidence of a kind there are.
type Proven struct {
	Kind   string `bson:"kind"`
	Pieces int64  `bson:"pieces"`
}

// Share is what it adds to the rate of fulfilment, in half units of weight.
type Share struct {
	Due    int64 `bson:"due"`
	Earned int64 `bson:"earned"`
}

func (f *Fact) pieces(kind string) int64 {
	for _, p := range f.Evidence {
		if p.Kind == kind {
			return p.Pieces
		}
	}
	return 0
}

// ledger remembers what is counted of one commitment's fulfilments of one year, each with the number of the event it
// was told by, so that an event heard twice, or late, changes nothing.
type ledger struct {
	store.Meta[ledgerID] `bson:",inline"`
	Entries              []entry `bson:"entries"` // by day
}

type ledgerID string

// entry is one fulfilment, as of an event.
type entry struct {
	Seq  int64 `bson:"s"`
	Fact `bson:",inline"`
}

// enter takes up a fact, unless something later is known. It says whether anything changed.
func (l *ledger) enter(e entry) bool {
	i, found := slices.BinarySearchFunc(l.Entries, e, func(a, b entry) int { return strings.Compare(string(a.DueOn), string(b.DueOn)) })
	if !found {
		l.Entries = slices.Insert(l.Entries, i, e)
		return true
	}
	if l.Entries[i].Seq >= e.Seq {
		return false
	}
	l.Entries[i] = e
	return true
}

// sheet adds up a contract's commitments for one year. Reports read its totals alone; the parts that these are made of
// stay raw until an event changes one.
type sheet struct {
	store.Meta[sheetID] `bson:",inline"`
	Totals              []total  `bson:"totals"` // by quarter and provider
	Parts               bson.Raw `bson:"parts"`
}

type sheetID string

// parts are the commitments behind a sheet's totals.
type parts struct {
	All []part `bson:"all"`
}

// part is one commitment's share of a sheet, with the count of its ledger's changes.
type part struct {
	Commitment id.Commitment `bson:"c"`
	Seen       int64         `bson:"s"`
	Totals     []total       `bson:"t"`
}

func sheetOf(c id.Contract, year int) sheetID { return sheetID(string(c) + "/" + strconv.Itoa(year)) }

func ledgerOf(m id.Commitment, year int) ledgerID {
	return ledgerID(string(m) + "/" + strconv.Itoa(year))
}

// enter takes up a commitment's totals, unless later ones are known. It says whether anything changed.
func (s *sheet) enter(p part) (bool, error) {
	var ps parts
	if len(s.Parts) > 0 {
		if err := bson.Unmarshal(s.Parts, &ps); err != nil {
			return false, fmt.Errorf("report: sheet %s: %w", s.ID, err)
		}
	}
	i, found := slices.BinarySearchFunc(ps.All, p, func(a, b part) int { return strings.Compare(string(a.Commitment), string(b.Commitment)) })
	switch {
	case !found:
		ps.All = slices.Insert(ps.All, i, p)
	case ps.All[i].Seen >= p.Seen:
		return false, nil
	default:
		ps.All[i] = p
	}
	s.Totals = nil
	for _, p := range ps.All {
		merge(&s.Totals, p.Totals)
	}
	raw, err := bson.Marshal(ps)
	s.Parts = raw
	return true, err
}

// merge adds totals to others, quarter by quarter and provider by provider.
func merge(into *[]total, more []total) {
	for i := range more {
		at(into, more[i].Quarter, more[i].Provider).Sum.add(&more[i].Sum)
	}
}

// errNothing ends a change that has nothing to change.
var errNothing = errors.New("report: nothing to change")

// FollowFulfilment takes what an event (fulfilment.*) tells into the sums of its contract. Hearing it again, or after what
// came later, changes nothing.
func (s *Service) FollowFulfilment(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	var o Occurrence
	if err := bson.Unmarshal(e.Data, &o); err != nil {
		return fmt.Errorf("report: event %s: %w", e.ID, err)
	}
	year := o.DueOn.UTC().Year()
	l, err := s.entered(ctx, ledgerOf(o.Commitment, year), entry{Seq: e.Seq, Fact: o.Fact})
	if err != nil {
		return err
	}
	p := part{Commitment: o.Commitment, Seen: l.Rev, Totals: totals(l.Entries)}
	if err := s.added(ctx, sheetOf(o.Contract, year), p); err != nil {
		return err
	}
	return s.reach(ctx, o.Contract, quarter(o.DueOn))
}

// entered enters a fact into its ledger, which it returns as it then is.
func (s *Service) entered(ctx context.Context, key ledgerID, e entry) (*ledger, error) {
	l, err := s.ledgers.Touch(ctx, access.ReportKeep, string(key), func(l *ledger) error {
		if !l.enter(e) {
			return errNothing
		}
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return s.ledgers.Get(ctx, string(key))
	case !fault.Is(err, fault.CodeNotFound):
		return l, err
	}
	l = &ledger{Entries: []entry{e}}
	l.ID = key
	l, err = s.ledgers.Add(ctx, access.ReportKeep, l)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.entered(ctx, key, e)
	}
	return l, err
}

// added enters a commitment's totals into its contract's sheet.
func (s *Service) added(ctx context.Context, key sheetID, p part) error {
	_, err := s.sheets.Touch(ctx, access.ReportKeep, string(key), func(x *sheet) error {
		news, err := x.enter(p)
		if err == nil && !news {
			err = errNothing
		}
		return err
	})
	switch {
	case errors.Is(err, errNothing):
		return nil
	case !fault.Is(err, fault.CodeNotFound):
		return err
	}
	x := &sheet{}
	x.ID = key
	if _, err := x.enter(p); err != nil {
		return err
	}
	_, err = s.sheets.Add(ctx, access.ReportKeep, x)
	if fault.Is(err, fault.CodeTaken) {
		return s.added(ctx, key, p)
	}
	return err
}
