package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/trace"
)

// tracing opens the room that tells the way from a need to its result.
func (a *App) tracing() {
	a.Trace = trace.Open(trace.Config{
		Cursors: a.Cursors, Origins: a.origins(), Branches: a.branches(),
		Deeds: func(ctx context.Context, ids []id.Contract) ([]*trace.Deed, error) {
			found, err := a.Contracts.Many(ctx, ids)
			return several(found, deed), err
		},
		Dones: func(ctx context.Context, ids []id.Fulfilment) ([]*trace.Done, error) {
			found, err := a.Fulfilments.Many(ctx, ids)
			return several(found, done), err
		},
		Judgements: func(ctx context.Context, ids []id.Appraisal) ([]*trace.Judged, error) {
			found, err := a.Appraisals.Many(ctx, ids)
			return several(found, judged), err
		},
		DonesOf: func(ctx context.Context, of id.Commitment, q store.Query) (store.List[*trace.Done], error) {
			found, err := a.Fulfilments.DoneFor(ctx, of, q)
			return listed(found, done), err
		},
		JudgementsOf: func(ctx context.Context, of id.Contract, q store.Query) (store.List[*trace.Judged], error) {
			found, err := a.Appraisals.JudgedIn(ctx, of, q)
			return listed(found, judged), err
		},
	})
}

func deed(c *contract.Contract) *trace.Deed {
	d := &trace.Deed{ID: c.ID, Object: c}
	for _, m := range c.Commitments {
		d.Promises = append(d.Promises, trace.Promise{ID: m.ID, Object: m, Of: c.CameFrom(m)})
	}
	return d
}

func done(f *fulfilment.Fulfilment) *trace.Done {
	return &trace.Done{ID: f.ID, Commitment: f.Commitment, Object: f}
}

func judged(p *appraisal.Appraisal) *trace.Judged {
	return &trace.Judged{ID: p.ID, Contract: p.Contract, Object: p}
}

// several turns things into others, nil into nil.
func several[A, B any](all []*A, into func(*A) *B) []*B {
	out := make([]*B, len(all))
	for i, x := range all {
		if x != nil {
			out[i] = into(x)
		}
	}
	return out
}

// listed turns a page of things into one of others.
func listed[A, B any](l store.List[*A], into func(*A) *B) store.List[*B] {
	return store.List[*B]{Items: several(l.Items, into), Positions: l.Positions, HasMore: l.HasMore, Reached: l.Reached}
}
