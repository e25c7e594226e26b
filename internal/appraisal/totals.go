package appraisal

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Totals are what opened appraisals add up to.
type Totals struct {
	Opened int
	Mean   *float64 // of their weighted means, to two places; nil for none
}

// TotalsOf adds up what was opened from a day to a day in a contract, in both directions. Like the other totals it is for
// rooms that compile reports for callers who may read what they are about: it asks no more who they are.
func (s *Service) TotalsOf(ctx context.Context, c id.Contract, from, to scalar.Date) (Totals, error) {
	return s.total(ctx, byContract.Is(c), from, to)
}

// TotalsOver adds up what was opened from a day to a day and concerns an organisation: what a community or a unit has
// received, or all that lies below a supervising body. What somebody says of others is no figure of theirs.
func (s *Service) TotalsOver(ctx context.Context, o id.Organisation, from, to scalar.Date) (Totals, error) {
	if id.Is(string(o), id.KindSubDistrict) || id.Is(string(o), id.KindDistrict) {
		return s.total(ctx, byAbove.Is(o), from, to)
	}
	return s.total(ctx, byAppraised.Is(o), from, to)
}

func (s *Service) total(ctx context.Context, of store.Filter, from, to scalar.Date) (Totals, error) {
	var sum int64
	var out Totals
	where := store.And(of, byOpenedOn.Gte(from), byOpenedOn.Lte(to))
	for a, err := range s.appraisals.Walk(authz.AsSystem(ctx), where, byOpenedOn.Asc()) {
		if err != nil {
			return Totals{}, err
		}
		mean, ok := a.weighted()
		if !ok {
			continue
		}
		out.Opened++
		sum += mean
	}
	if out.Opened > 0 {
		out.Mean = new(points(sum, out.Opened))
	}
	return out, nil
}
