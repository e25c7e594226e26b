package fulfilment

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that only choices of what is counted name.
const (
	byHost     = store.Field[id.Organisation]("host")
	byLate     = store.Field[bool]("late")
	bySilence  = store.Field[bool]("acceptedBySilence")
	byCounted  = store.Field[bool]("counted")
	byUnit     = store.Field[string]("unit")
	byOutcome  = store.Field[Outcome]("resolution.outcome")
	byQuantity = store.Field[scalar.Decimal]("report.quantityDone")
	byEvidence = store.Each[EvidenceKind]("report.evidence.kind")
)

// counting are the fields by which figures choose among what is due in their days.
func counting() []store.Order {
	return []store.Order{
		byHost.Asc(), byLate.Asc(), bySilence.Asc(), byCounted.Asc(), byUnit.Asc(), byOutcome.Asc(), byQuantity.Asc(), byEvidence.Asc(),
	}
}

// Counted chooses the fulfilments behind a figure of a report: those due in some days, of a contract or of what an
// organisation is party to, supervises or has promised, that have come so far. What it names must all hold.
type Counted struct {
	Contract id.Contract
	Party    id.Organisation
	Above    id.Organisation
	Provider id.Organisation
	From, To scalar.Date

	Hosts    []id.Organisation // of contracts; nil is any
	Statuses []Status
	Outcomes []Outcome
	Late     *bool
	Silent   bool          // silence was taken for acceptance
	InRate   bool          // is among those due so far
	Upheld   bool          // what was reported stands: it was accepted, or a dispute found it done
	Evidence *EvidenceKind // proven so
	Unit     *string       // a quantity in this unit was reported
}

// where needs one of Contract, Party, Above and Provider to be named, each of which an index serves by day.
func (c Counted) where() store.Filter {
	all := []store.Filter{byDueOn.Gte(c.From), byDueOn.Lte(c.To)}
	add := func(when bool, f store.Filter) {
		if when {
			all = append(all, f)
		}
	}
	add(c.Contract != "", byContract.Is(c.Contract))
	add(c.Party != "", byParty.Is(c.Party))
	add(c.Above != "", byAbove.Is(c.Above))
	add(c.Provider != "", byProvider.Is(c.Provider))
	add(c.Hosts != nil, byHost.In(c.Hosts...))
	add(c.Statuses != nil, byStatus.In(c.Statuses...))
	add(c.Outcomes != nil, byOutcome.In(c.Outcomes...))
	add(c.Silent, bySilence.Is(true))
	add(c.InRate, byCounted.Is(true))
	add(c.Upheld, store.Or(byStatus.Is(Accepted), store.And(byStatus.Is(Resolved), byOutcome.In(Kept, KeptLate))))
	if c.Late != nil {
		all = append(all, byLate.Is(*c.Late))
	}
	if c.Evidence != nil {
		all = append(all, byEvidence.Is(*c.Evidence))
	}
	if c.Unit != nil {
		all = append(all, byUnit.Is(*c.Unit), store.Not(byQuantity.Missing()))
	}
	return store.And(all...)
}

// Counted lists what a figure counts, by day, among what the caller may read.
func (s *Service) Counted(ctx context.Context, c Counted, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(ctx, s.fulfilments, s.Cursors, c.where(), page.Ascending.Sort(byDueOn.Asc()), a)
}
