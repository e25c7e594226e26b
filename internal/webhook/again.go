package webhook

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// replayPage is how many of what was given up are sent once more in one round.
const replayPage = 20

// planAgain adds what people want sent once more: single deliveries, and those of a replay.
func (r *round) planAgain(ctx context.Context) error {
	var keys []string
	for _, seq := range r.p.Again {
		if !slices.ContainsFunc(r.p.Aside, func(a aside) bool { return a.Seq == seq }) {
			keys = append(keys, string(deliveryOf(r.w.ID, seq)))
		}
	}
	found, err := r.s.deliveries.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	for _, d := range found {
		if d != nil {
			r.chains = append(r.chains, []*item{againOf(d)})
		}
	}
	if r.p.Replay == nil {
		return nil
	}
	given, err := r.s.deliveries.List(ctx, store.Query{
		Where: store.And(ofWebhook.Is(r.w.ID), ofState.Is(Failed), ofSeq.Gt(r.p.Replay.After), ofSeq.Lte(r.p.Replay.Until)),
		Sort:  []store.Order{ofSeq.Asc()}, Limit: replayPage,
	})
	if err != nil {
		return err
	}
	r.replay = nil
	for _, d := range given.Items {
		r.replay = &replay{d.Seq, r.p.Replay.Until}
	}
	if n := len(given.Items); n > 0 { // one after the other: that is their order
		chain := make([]*item, n)
		for i, d := range given.Items {
			chain[i] = againOf(d)
		}
		r.chains = append(r.chains, chain)
	}
	return nil
}

func againOf(d *Delivery) *item {
	return &item{aside: aside{Seq: d.Seq, Type: d.Type, Subject: d.Subject, At: d.At, Tries: d.Tries}, again: true}
}

// answered says whether what people wanted once more was sent, or cannot be found any more.
func (r *round) answered(seq int64) bool {
	if !slices.Contains(r.p.Again, seq) { // asked for meanwhile
		return false
	}
	for _, c := range r.chains {
		for _, i := range c {
			if i.Seq == seq && i.again {
				return i.done
			}
		}
	}
	return true
}

// left is what of a replay is still to be done after a round that was broken off.
func (r *round) left() *replay {
	if r.p.Replay == nil {
		return nil
	}
	for _, c := range r.chains {
		for _, i := range c {
			if i.again && !i.done && !slices.Contains(r.p.Again, i.Seq) {
				return &replay{i.Seq - 1, r.p.Replay.Until}
			}
		}
	}
	return r.replay
}
