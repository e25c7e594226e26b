package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// change is what somebody did: to what, what is told of it, and the version it led to.
type change struct {
	subject, tell string
	version       int
}

// book is what was acknowledged, and what nobody knows of.
type book struct {
	mu       sync.Mutex
	acked    map[change]int
	open     map[change]int // given up without an answer
	drafts   int            // of these, drafts: they have no identifier
	replayed int
	odd      []error
}

func newBook() *book { return &book{acked: map[change]int{}, open: map[change]int{}} }

func (b *book) acknowledged(c change, again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acked[c]++
	if again {
		b.replayed++
	}
}

// size counts what was acknowledged.
func (b *book) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.acked)
}

func (b *book) maybe(c change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.subject == "" {
		b.drafts++
		return
	}
	b.open[c]++
}

// strange notes what should not have come.
func (b *book) strange(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.odd = append(b.odd, err); len(b.odd) > 20 {
		b.odd = b.odd[:20]
	}
}

// missing counts the acknowledged changes that a feed does not tell.
func (b *book) missing(feed []event) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	told := map[change]bool{}
	for _, e := range feed {
		told[change{e.SubjectID, e.Type, e.SubjectVersion}] = true
	}
	missing := 0
	for c := range b.acked {
		if !told[c] {
			missing++
		}
	}
	return missing
}

// String is the book in a sentence.
func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf("%d changes acknowledged, %d of them when asked again; %d given up unanswered", len(b.acked), b.replayed, len(b.open)+b.drafts)
}

// peoples are the types of events that somebody's mutation tells; time and followers tell the others.
func peoples(kind string) bool {
	switch kind {
	case "contract.drafted", "contract.revised", "contract.cancelled", "contract.proposed", "contract.agreed", "contract.opened", "contract.signed",
		"fulfilment.reported", "fulfilment.accepted":
		return true
	}
	return false
}

// check compares the feed with the book: every acknowledged change once, nothing that nobody asked for, and each
// subject's versions and hashes without a gap.
func (b *book) check(feed []event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	errs := append([]error{}, b.odd...)
	told, last, drafts := map[change]int{}, map[string]event{}, 0
	for i, e := range feed {
		if i > 0 && e.Seq <= feed[i-1].Seq {
			errs = append(errs, fmt.Errorf("event %d stands behind event %d", e.Seq, feed[i-1].Seq))
		}
		was := last[e.SubjectID]
		if e.SubjectVersion != was.SubjectVersion && e.SubjectVersion != was.SubjectVersion+1 {
			errs = append(errs, fmt.Errorf("of %s, version %d follows version %d", e.SubjectID, e.SubjectVersion, was.SubjectVersion))
		}
		if before := was.Hash; e.PreviousHash == nil && before != "" || e.PreviousHash != nil && *e.PreviousHash != before {
			errs = append(errs, fmt.Errorf("event %d does not follow %s's last", e.Seq, e.SubjectID))
		}
		last[e.SubjectID] = e
		if !peoples(e.Type) {
			continue
		}
		c := change{e.SubjectID, e.Type, e.SubjectVersion}
		if told[c]++; b.acked[c] > 0 || b.open[c] > 0 {
			continue
		}
		if drafts++; e.Type != "contract.drafted" {
			errs = append(errs, fmt.Errorf("nobody has asked for %+v", c))
		}
	}
	if drafts > b.drafts {
		errs = append(errs, fmt.Errorf("%d drafts are there that nobody was told of, and %d people were left without an answer", drafts, b.drafts))
	}
	for c, times := range b.acked {
		if told[c] != 1 || times != 1 {
			errs = append(errs, fmt.Errorf("acknowledged %d times, and told %d times: %+v", times, told[c], c))
		}
	}
	for c := range b.open {
		if told[c] > 1 {
			errs = append(errs, fmt.Errorf("told %d times: %+v", told[c], c))
		}
	}
	if len(b.acked) == 0 {
		errs = append(errs, errors.New("nothing was done at all"))
	}
	return errors.Join(errs[:min(len(errs), 30)]...)
}

// check compares everything with what the feed says of it last: neither a state without its event nor an event without its
// state. Where time is still at work between two looks, it looks again.
func (w *town) check(ctx context.Context) error {
	var errs []error
	for deadline := time.Now().Add(time.Minute); ; {
		feed, err := w.feed(ctx, w.secretary)
		if err != nil {
			return err
		}
		last := map[string]event{}
		for _, e := range feed {
			last[e.SubjectID] = e
		}
		errs = nil
		for some := range slices.Chunk(slices.Sorted(maps.Keys(last)), 50) {
			odd, err := w.unlike(ctx, some, last)
			if err != nil {
				return err
			}
			errs = append(errs, odd...)
		}
		if len(errs) == 0 || time.Now().After(deadline) {
			return errors.Join(errs[:min(len(errs), 30)]...)
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// unlike names those of some things that are not as their last event has them.
func (w *town) unlike(ctx context.Context, ids []string, last map[string]event) (errs []error, err error) {
	var out struct {
		Nodes []struct {
			Contract, Fulfilment string
			Version              int
		}
	}
	const query = `query($ids: [ID!]!) { nodes(ids: $ids) {
		... on CoBuildingContract { contract: status version } ... on Fulfilment { fulfilment: status version } } }`
	if err := w.secretary.ask(ctx, query, map[string]any{"ids": ids}, &out); err != nil {
		return nil, err
	}
	for i, n := range out.Nodes {
		if e := last[ids[i]]; n.Version != e.SubjectVersion || e.Data.Status != "" && n.Contract+n.Fulfilment != e.Data.Status {
			errs = append(errs, fmt.Errorf("%s is %s in version %d, and its last event %s says %s in version %d",
				e.SubjectID, n.Contract+n.Fulfilment, n.Version, e.Type, e.Data.Status, e.SubjectVersion))
		}
	}
	return errs, nil
}
