package crowd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Place is how far everything has come that happened to contracts, as the community sees it.
func (w *Town) Place(ctx context.Context) (int64, error) {
	var page struct {
		Nodes []struct{ Seq string }
	}
	err := w.server.ask(ctx, w.key, `{ it: events(last: 1, filter: {types: ["contract.*"]}) { nodes { seq } } }`, nil, &page)
	if err != nil || len(page.Nodes) == 0 {
		return 0, err
	}
	return strconv.ParseInt(page.Nodes[0].Seq, 10, 64)
}

// record is an event as the journal has it.
type record struct {
	seq     int64
	subject string
	version int
}

// journal is all that somebody may know of what happened to contracts behind a place.
func (w *Town) journal(ctx context.Context, key string, after int64) ([]record, error) {
	const ask = `query($after: String) { it: events(first: 100, after: $after, filter: {types: ["contract.*"]}) {
		nodes { seq subjectId subjectVersion } pageInfo { hasNextPage endCursor } } }`
	var all []record
	cursor := strconv.FormatInt(after, 10)
	for {
		var page struct {
			Nodes []struct {
				Seq, SubjectID string
				SubjectVersion int
			}
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
		}
		if err := w.server.ask(ctx, key, ask, m{"after": cursor}, &page); err != nil {
			return nil, err
		}
		for _, n := range page.Nodes {
			seq, err := strconv.ParseInt(n.Seq, 10, 64)
			if err != nil {
				return nil, err
			}
			all = append(all, record{seq, n.SubjectID, n.SubjectVersion})
		}
		if !page.PageInfo.HasNextPage || page.PageInfo.EndCursor == nil {
			return all, nil
		}
		cursor = *page.PageInfo.EndCursor
	}
}

// Heard waits until every subscriber has heard of what lies at a place or beyond.
func (c *Crowd) Heard(ctx context.Context, place int64) error {
	for {
		behind := 0
		for _, e := range c.Ears {
			if !e.slow && e.last.Load() < place {
				behind++
			}
		}
		if behind == 0 {
			return nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d of %d have not heard of what lies at %d: %v", behind, len(c.Ears), place, c.Endings())
		}
	}
}

// Endings are why subscriptions ended, and how often.
func (c *Crowd) Endings() map[string]int {
	all := map[string]int{}
	for _, e := range c.Ears {
		e.mu.Lock()
		for why, n := range e.ended {
			all[why] += n
		}
		e.mu.Unlock()
	}
	return all
}

// Account is what the clients find when they compare what they have heard with the journal.
type Account struct {
	Told                     int // deliveries
	Lost, Twice, Unspoken    int // not heard; heard twice or out of order; heard, and not in the journal
	Acked, Missing, Repeated int // changes that were acknowledged; those not in the journal; those in it twice
	First                    string
}

// Clean says whether nothing is wrong.
func (a Account) Clean() bool {
	return a.Lost == 0 && a.Twice == 0 && a.Unspoken == 0 && a.Missing == 0 && a.Repeated == 0
}

func (a *Account) note(format string, args ...any) {
	if a.First == "" {
		a.First = fmt.Sprintf(format, args...)
	}
}

// Reconcile compares what every subscriber has heard behind a place, and what was acknowledged to the voice, with the
// journal as it is now. Everybody must have heard the last of it.
func (c *Crowd) Reconcile(ctx context.Context, w *Town, v *Voice, after int64) (Account, error) {
	var a Account
	for unit, u := range w.Units {
		want, err := w.journal(ctx, u.Keys[0], after)
		if err != nil {
			return a, err
		}
		seqs := make([]int64, len(want))
		for i, r := range want {
			seqs[i] = r.seq
		}
		for i, e := range c.Ears {
			if e.unit == unit && !e.slow {
				e.compare(&a, i, seqs)
			}
		}
	}
	all, err := w.journal(ctx, w.key, after)
	if err != nil {
		return a, err
	}
	times := map[said]int{}
	for _, r := range all {
		times[said{r.subject, r.version}]++
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	a.Acked = len(v.acked)
	for _, s := range v.acked {
		switch n := times[s]; {
		case n == 0:
			a.Missing++
			a.note("version %d of %s was acknowledged and is not in the journal", s.version, s.subject)
		case n > 1:
			a.Repeated++
			a.note("version %d of %s is %d times in the journal", s.version, s.subject, n)
		}
	}
	return a, nil
}

// compare adds to the account what one subscriber has heard, beside what there was to hear.
func (e *Ear) compare(a *Account, who int, want []int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a.Told += len(e.heard)
	a.Twice += len(e.disorder)
	if len(e.disorder) > 0 {
		a.note("subscriber %d heard %s", who, e.disorder[0])
	}
	for _, seq := range want {
		if _, found := slices.BinarySearch(e.heard, seq); !found {
			a.Lost++
			a.note("subscriber %d has not heard %d", who, seq)
		}
	}
	for _, seq := range e.heard {
		if _, found := slices.BinarySearch(want, seq); !found {
			a.Unspoken++
			a.note("subscriber %d heard %d, which is not in the journal", who, seq)
		}
	}
}
