package app

import (
	"context"
	"strconv"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/report"
)

func (a *App) appraisals(ctx context.Context) error {
	var err error
	a.Appraisals, err = appraisal.Open(ctx, a.Backend, appraisal.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Organisations: a.Directory.Facts,
	})
	return err
}

// appraised is what reports tell of appraisals.
func (a *App) appraised(ctx context.Context, of report.Scope, from, to scalar.Date) (report.AppraisalTotals, error) {
	var got appraisal.Totals
	var err error
	if of.Contract != nil {
		got, err = a.Appraisals.TotalsOf(ctx, *of.Contract, from, to)
	} else {
		got, err = a.Appraisals.TotalsOver(ctx, *of.Organisation, from, to)
	}
	out := report.AppraisalTotals{Opened: got.Opened}
	if err != nil || got.Mean == nil {
		return out, err
	}
	mean, err := scalar.ParseDecimal(strconv.FormatFloat(*got.Mean, 'f', 2, 64))
	out.Mean = &mean
	return out, err
}
