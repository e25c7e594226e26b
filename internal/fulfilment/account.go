package fulfilment

import (
	"context"
	"iter"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Account is what was done for a fulfilment, as far as others add it up: how its acceptance or its dispute came about,
// how much was done and how it was proven. It quotes nobody.
type Account struct {
	Silent   bool            `bson:"silent,omitempty"`  // silence was taken for acceptance
	Outcome  Outcome         `bson:"outcome,omitempty"` // of a dispute that has ended
	Quantity *scalar.Decimal `bson:"quantity,omitempty"`
	Unit     string          `bson:"unit,omitempty"` // of the quantity
	Evidence []Proven        `bson:"evidence,omitempty"`
}

// Proven says how many pieces of evidence of one kind a report has.
type Proven struct {
	Kind   EvidenceKind `bson:"kind"`
	Pieces int          `bson:"pieces"`
}

// account is the fulfilment's, as it stands.
func (f *Fulfilment) account() Account {
	a := Account{Silent: f.AcceptedBySilence, Unit: f.Unit}
	if f.Resolution != nil {
		a.Outcome = f.Resolution.Outcome
	}
	if f.Report == nil {
		return a
	}
	a.Quantity = f.Report.QuantityDone
	for _, k := range EvidenceKinds() {
		p := Proven{Kind: k}
		for _, e := range f.Report.Evidence {
			if e.Kind == k {
				p.Pieces++
			}
		}
		if p.Pieces > 0 {
			a.Evidence = append(a.Evidence, p)
		}
	}
	return a
}

// Recite says of every fulfilment of a contract, by day, what its last event said. It is for whoever adds them up anew
// and has seen to it who may ask.
func (s *Service) Recite(ctx context.Context, c id.Contract) iter.Seq2[Happened, error] {
	return func(yield func(Happened, error) bool) {
		for f, err := range s.fulfilments.Walk(ctx, byContract.Is(c), byDueOn.Asc()) {
			if err != nil {
				yield(Happened{}, err)
				return
			}
			if !yield(f.happened("", f.share()), nil) {
				return
			}
		}
	}
}
