package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// found is a card that fits, with what counts of it.
type found struct {
	id    string
	score int
	parts []int // which parts of what was typed it has
}

// hunt is one search under way.
type hunt struct {
	*Service
	ask   *ask
	lanes []string
	keys  []string

	often    []int // of each word, how many postings the caller may see, up to MaxCards+1
	looked   int
	complete bool
	seen     map[string]*sight
}

// sight is a card that was looked at.
type sight struct {
	id      string
	name    string
	size    int
	weights []byte // of each word of the ask; 0 where the card has it not
}

// hunt looks for what fits, the best first. It reads a bounded number of cards, whatever is asked: first all of those that
// the caller reads by a narrow way, then those that have the rarest words.
func (s *Service) hunt(ctx context.Context, a *ask, from []Source) ([]found, bool, error) {
	h := &hunt{Service: s, ask: a, complete: true, often: make([]int, len(a.terms)), seen: map[string]*sight{}}
	for _, c := range from {
		may := c.Readable(ctx)
		h.lanes = append(h.lanes, lanesOf(c.Of, may)...)
		h.keys = append(h.keys, narrow(c.Of, may)...)
	}
	if err := h.narrow(ctx); err != nil {
		return nil, false, err
	}
	if err := h.wide(ctx); err != nil {
		return nil, false, err
	}
	all := h.ranked()
	if len(all) > MaxHits {
		all, h.complete = all[:MaxHits], false
	}
	return all, h.complete, nil
}

// narrow looks at the cards that the caller reads by a narrow way, the latest first, and counts their words.
func (h *hunt) narrow(ctx context.Context) error {
	for keys := range slices.Chunk(h.keys, store.MaxBranches) {
		scan := store.Scan{Collection: cards, Index: kept, Prefix: 1, Branches: branches(keys, ""), Reverse: true, Batch: 100}
		if err := h.look(ctx, scan, MaxCards/2); err != nil {
			return err
		}
	}
	for _, c := range h.seen {
		for i, w := range c.weights {
			if w != 0 {
				h.often[i]++
			}
		}
	}
	return nil
}

// wide looks at the cards that have the rarest words. Of a part of which some words must be there, each thing that fits
// has one of the rarest of them, so that the others need not be looked through; and so it is with the parts.
func (h *hunt) wide(ctx context.Context) error {
	if len(h.lanes) == 0 {
		return nil
	}
	for i, w := range h.ask.terms {
		n, err := h.count(ctx, w)
		if err != nil {
			return err
		}
		h.often[i] += n
	}
	for _, i := range h.rarest() {
		if h.often[i] == 0 {
			continue
		}
		for _, weight := range []byte{inName, inText} {
			if err := h.through(ctx, weight, h.ask.terms[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// rarest are the words whose postings hold everything that fits, the rarest first.
func (h *hunt) rarest() []int {
	type choice struct {
		terms []int
		cost  int
	}
	all := make([]choice, len(h.ask.parts))
	for i, p := range h.ask.parts {
		terms := slices.Clone(p.terms)
		slices.SortStableFunc(terms, func(a, b int) int { return cmp.Compare(h.often[a], h.often[b]) })
		all[i].terms = terms[:len(terms)-least(len(terms))+1]
		for _, t := range all[i].terms {
			all[i].cost += h.often[t]
		}
	}
	slices.SortStableFunc(all, func(a, b choice) int { return cmp.Compare(a.cost, b.cost) })
	var out []int
	for _, c := range all[:len(all)-least(len(all))+1] {
		for _, t := range c.terms {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(h.often[a], h.often[b]) })
	return out
}

// count counts the postings of a word that the caller may see, up to a bound.
func (h *hunt) count(ctx context.Context, w string) (int, error) {
	n := 0
	for lanes := range slices.Chunk(h.lanes, store.MaxBranches/2) {
		scan := store.Scan{Collection: cards, Index: postings, Prefix: 1}
		scan.Branches = slices.Concat(branches(lanes, string(inName)+w), branches(lanes, string(inText)+w))
		m, err := h.db.Count(ctx, scan, MaxCards+1-n)
		if err != nil {
			return 0, fmt.Errorf("search: %w", err)
		}
		if n += m; n > MaxCards {
			break
		}
	}
	return n, nil
}

// through looks at the cards of a word's postings.
func (h *hunt) through(ctx context.Context, weight byte, w string) error {
	for lanes := range slices.Chunk(h.lanes, store.MaxBranches) {
		scan := store.Scan{Collection: cards, Index: postings, Prefix: 1, Branches: branches(lanes, string(weight)+w), Batch: 200}
		if err := h.look(ctx, scan, MaxCards); err != nil {
			return err
		}
	}
	return nil
}

// look takes up the cards of a scan, up to so many in all.
func (h *hunt) look(ctx context.Context, scan store.Scan, most int) error {
	if h.looked >= most {
		h.complete = false
		return nil
	}
	for doc, err := range h.db.Find(ctx, scan) {
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		if h.looked >= most {
			h.complete = false
			return nil
		}
		h.looked++
		h.take(doc)
	}
	return nil
}

// take reads of a card what counts: by hand, since there are thousands in a search.
func (h *hunt) take(doc bson.Raw) {
	key := doc.Lookup("_id").Value
	if len(key) < 5 || h.seen[string(key[4:len(key)-1])] != nil {
		return
	}
	c := &sight{id: string(key[4 : len(key)-1]), weights: make([]byte, len(h.ask.terms))}
	c.name, _ = doc.Lookup("name").StringValueOK()
	size, _ := doc.Lookup("size").AsInt64OK()
	c.size = int(size)
	h.seen[c.id] = c
	all, err := doc.Lookup("postings").Array().Values()
	if err != nil {
		return
	}
	var first string
	for _, v := range all {
		if v.Type != bson.TypeString || len(v.Value) < 6 {
			continue
		}
		lane, rest := word(v.Value[4 : len(v.Value)-1])
		if len(rest) < 2 {
			continue
		}
		if first == "" {
			first = string(lane)
		}
		if string(lane) != first {
			return // the same words once more, for other readers
		}
		if at, asked := h.ask.place[string(rest[1:])]; asked {
			c.weights[at] = rest[0]
		}
	}
}

// branches are the beginnings of an index's entries.
func branches(begin []string, rest string) [][]any {
	out := make([][]any, len(begin))
	for i, b := range begin {
		out[i] = []any{b + rest}
	}
	return out
}
