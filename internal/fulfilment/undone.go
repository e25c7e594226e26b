package fulfilment

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// maxExamples is how many identifiers a refusal points at.
const maxExamples = 5

// Undone counts what of a contract is not done yet, and names some of it: occurrences that are not answered for, days
// that are still to come, and promises of the text that this room has not heard of yet, or not in that version. It is for
// the contract's room, which has asked already who may know.
func (s *Service) Undone(ctx context.Context, c id.Contract, version int, promised []id.Commitment) (count int, examples []string, err error) {
	ctx = authz.AsSystem(ctx)
	add := func(n int, which string) {
		if count += n; n > 0 && len(examples) < maxExamples {
			examples = append(examples, which)
		}
	}
	waiting := store.And(byContract.Is(c), byStatus.In(Due, Overdue, Reported, Disputed, Suspended))
	for f, err := range s.fulfilments.Walk(ctx, waiting, byDueOn.Asc()) {
		if err != nil {
			return 0, nil, err
		}
		add(1, string(f.ID))
	}
	heard := map[id.Commitment]bool{}
	for p, err := range s.plans.Walk(ctx, planContract.Is(c)) {
		if err != nil {
			return 0, nil, err
		}
		heard[p.ID] = p.TextVersion == 0 || p.TextVersion >= version
		n, err := p.toCome()
		if err != nil {
			return 0, nil, err
		}
		add(n, string(p.ID))
	}
	for _, m := range promised {
		if !heard[m] {
			add(1, string(m))
		}
	}
	return count, examples, nil
}

// toCome counts the days of a plan that have no fulfilments yet and will have some.
func (p *Plan) toCome() (int, error) {
	if p.Gone || p.ended() {
		return 0, nil
	}
	dates, err := p.Dates()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, d := range dates {
		if d > or(p.PlannedUntil, "") && p.fate(d) != Closed {
			n++
		}
	}
	return n, nil
}

func or(d *scalar.Date, absent scalar.Date) scalar.Date {
	if d == nil {
		return absent
	}
	return *d
}
