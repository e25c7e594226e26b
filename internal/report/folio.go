package report

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// folio is what reports know of a contract: who may read it, from when to when it was in force, and the days for which
// it has anything to report.
type folio struct {
	store.Meta[id.Contract] `bson:",inline"`
	Seen                    int64             `bson:"seen"` // number of the contract's event that this is from
	Title                   string            `bson:"title"`
	Status                  string            `bson:"status"`
	Zone                    string            `bson:"zone"` // IANA name
	Host                    id.Organisation   `bson:"host,omitempty"`
	Parties                 []id.Organisation `bson:"parties,omitempty"`
	Above                   []id.Organisation `bson:"above,omitempty"`
	Former                  []id.Organisation `bson:"former,omitempty"`    // parties that had signed and have left
	Concerned               []id.Organisation `bson:"concerned,omitempty"` // whoever was a party while it was in force
	From                    *scalar.Date      `bson:"from,omitempty"`      // first day in force
	Until                   *scalar.Date      `bson:"until,omitempty"`     // last day in force, once it has ended
	DueFrom                 *scalar.Date      `bson:"dueFrom,omitempty"`   // begin of the first quarter in which anything was due
	DueTo                   *scalar.Date      `bson:"dueTo,omitempty"`     // end of the last one
	Since                   *scalar.Date      `bson:"since,omitempty"`     // the days with something to report: from
	Reach                   *scalar.Date      `bson:"reach,omitempty"`     // and to
}

// The states that matter here, as the contracts' room names them.
const (
	contractActive     = "ACTIVE"
	contractSuspended  = "SUSPENDED"
	contractExpired    = "EXPIRED"
	contractTerminated = "TERMINATED"
	contractCompleted  = "COMPLETED"
)

// forever is how far a contract reaches that has not ended.
const forever scalar.Date = "2999-12-31"

// snapshot is what this room reads of a contract's event.
type snapshot struct {
	Status   string            `bson:"status"`
	Title    string            `bson:"title"`
	TimeZone string            `bson:"timeZone"`
	EndsOn   scalar.Date       `bson:"endsOn"`
	Host     id.Organisation   `bson:"host"`
	Parties  []id.Organisation `bson:"parties"`
	Above    []id.Organisation `bson:"above"`
	Exits    []exit            `bson:"exits"`
}

// exit is a party's leaving of a contract that it had signed.
type exit struct {
	Organisation id.Organisation `bson:"organisation"`
}

// Stand tells how organisations stand to the contract.
func (f *folio) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Partying:
		return f.Parties
	case authz.Above:
		return f.Above
	case authz.Former:
		return f.Former
	}
	return nil
}

// FollowContract takes in what an event (contract.*) says of a contract. Hearing it again, or after what came later,
// changes nothing.
func (s *Service) FollowContract(ctx context.Context, e journal.Entry) error {
	var snap snapshot
	if err := bson.Unmarshal(e.Data, &snap); err != nil {
		return fmt.Errorf("report: event %s: %w", e.ID, err)
	}
	on := scalar.DateOf(e.At, zone(snap.TimeZone))
	return s.keep(ctx, id.Contract(e.Subject), func(f *folio) { f.hear(snap, e.Seq, on) })
}

// reach takes in that something is due in a quarter.
func (s *Service) reach(ctx context.Context, c id.Contract, q Span) error {
	return s.keep(ctx, c, func(f *folio) {
		f.DueFrom, f.DueTo = earlier(f.DueFrom, q.From), later(f.DueTo, q.To)
	})
}

// keep changes a contract's folio, or makes it.
func (s *Service) keep(ctx context.Context, c id.Contract, change func(*folio)) error {
	ctx = authz.AsSystem(ctx)
	_, err := s.folios.Touch(ctx, access.ReportKeep, string(c), func(f *folio) error {
		was := *f
		change(f)
		if f.settle(); f.like(&was) {
			return errNothing
		}
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return nil
	case !fault.Is(err, fault.CodeNotFound):
		return err
	}
	f := &folio{}
	f.ID = c
	change(f)
	f.settle()
	_, err = s.folios.Add(ctx, access.ReportKeep, f)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.keep(ctx, c, change)
	}
	return err
}

// hear takes in a contract as it was at an event of some day.
func (f *folio) hear(snap snapshot, seq int64, on scalar.Date) {
	switch snap.Status {
	case contractActive, contractSuspended:
		f.From = earlier(f.From, on)
		for _, o := range snap.Parties {
			if !slices.Contains(f.Concerned, o) {
				f.Concerned = append(f.Concerned, o)
			}
		}
	case contractExpired:
		f.Until = earlier(f.Until, snap.EndsOn)
	case contractTerminated, contractCompleted:
		f.Until = earlier(f.Until, on)
	}
	if f.Seen >= seq {
		return
	}
	f.Seen, f.Title, f.Status, f.Zone = seq, snap.Title, snap.Status, snap.TimeZone
	f.Host, f.Parties, f.Above, f.Former = snap.Host, snap.Parties, snap.Above, nil
	for _, e := range snap.Exits {
		f.Former = append(f.Former, e.Organisation)
	}
}

// settle brings up to date for which days there is something to report.
func (f *folio) settle() {
	f.Since, f.Reach = f.DueFrom, f.DueTo
	if f.From == nil {
		return
	}
	f.Since = earlier(f.Since, *f.From)
	if f.Until == nil {
		f.Reach = later(f.Reach, forever)
		return
	}
	f.Until = later(f.Until, *f.From) // it was in force for a moment, at least
	f.Reach = later(f.Reach, *f.Until)
}

// like says whether another folio says the same.
func (f *folio) like(g *folio) bool {
	return f.Seen == g.Seen && slices.Equal(f.Concerned, g.Concerned) && same(f.From, g.From) && same(f.Until, g.Until) &&
		same(f.DueFrom, g.DueFrom) && same(f.DueTo, g.DueTo)
}

// inForce says whether the contract was in force at the end of a day.
func (f *folio) inForce(d scalar.Date) bool {
	return f.From != nil && *f.From <= d && (f.Until == nil || *f.Until > d)
}

// within says whether a day is in the span.
func (s Span) within(d *scalar.Date) bool { return d != nil && s.From <= *d && *d <= s.To }

func earlier(have *scalar.Date, d scalar.Date) *scalar.Date {
	if have != nil && *have <= d {
		return have
	}
	return &d
}

func later(have *scalar.Date, d scalar.Date) *scalar.Date {
	if have != nil && *have >= d {
		return have
	}
	return &d
}

func same(a, b *scalar.Date) bool { return a == b || a != nil && b != nil && *a == *b }
