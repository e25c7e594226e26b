package search

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	// Now is the clock, Cursors what seals places in lists.
	Now     func() time.Time
	Cursors *page.Cursors
	// Sources are where things come from, in the order of the kinds.
	Sources []Source
}

// Service is the room's queries, and the work that keeps what they read.
type Service struct {
	Config
	db       store.Backend
	cards    *store.Collection[*card]
	progress *store.Collection[*progress]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, db: db}
	var err error
	if s.cards, err = store.Open(ctx, db, store.Options[*card]{
		Schema: schema(), Policy: authz.ProgramOnly[*card](), Read: actKeep, Now: c.Now,
	}); err != nil {
		return nil, err
	}
	s.progress, err = store.Open(ctx, db, store.Options[*progress]{
		Schema: store.Schema{Name: "postings_progress"}, Policy: authz.ProgramOnly[*progress](), Read: actKeep, Now: c.Now,
	})
	return s, err
}

// Search finds what has the words of a text among what the caller may see, the best first.
func (s *Service) Search(ctx context.Context, typed string, kinds []Kind, args page.Args) (*Connection, error) {
	a, err := askFor(typed)
	if err != nil {
		return nil, err
	}
	from, err := s.chosen(kinds)
	if err != nil {
		return nil, err
	}
	if _, _, err := args.Limit(); err != nil {
		return nil, err
	}
	all, complete, err := s.hunt(ctx, a, from)
	if err != nil {
		return nil, err
	}
	r := page.Sifting[Hit]{Of: a.name(kinds), Places: make([]store.Position, len(all)), Compare: byScore, Whole: complete}
	for i, f := range all {
		r.Places[i] = store.Position{Values: []any{int64(f.score)}, ID: f.id}
	}
	r.See = func(ctx context.Context, numbers []int) ([]*Hit, error) { return s.see(ctx, a, all, numbers) }
	found, err := page.Sifted(ctx, s.Cursors, r, args)
	if err != nil {
		return nil, err
	}
	indexed, err := s.indexed(ctx)
	if err != nil {
		return nil, err
	}
	return &Connection{Connection: *found, Complete: complete, Indexed: indexed}, nil
}

// byScore compares two places: the higher score first, then by identifier.
func byScore(a, b store.Position) int {
	if d := store.Compare(b.Values[0], a.Values[0]); d != 0 {
		return d
	}
	return store.Compare(a.ID, b.ID)
}

// see finds what was found as the caller may see it now: one question to each room. What they may not see, and what is
// there no more, is nil.
func (s *Service) see(ctx context.Context, a *ask, all []found, numbers []int) ([]*Hit, error) {
	out := make([]*Hit, len(numbers))
	for _, c := range s.Sources {
		var ids []string
		var at []int
		for i, n := range numbers {
			if id.Is(all[n].id, c.Of) {
				ids, at = append(ids, all[n].id), append(at, i)
			}
		}
		if len(ids) == 0 {
			continue
		}
		things, err := c.Load(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i, t := range things {
			if t != nil {
				out[at[i]] = a.hit(c.Kind, t, all[numbers[at[i]]])
			}
		}
	}
	return out, nil
}

// hit is a thing as it is shown among what was found.
func (a *ask) hit(k Kind, t *Thing, f found) *Hit {
	h := &Hit{Kind: k, Object: t.Object, Score: f.score, Words: []string{}, Snippet: a.snippet(t.Texts)}
	for _, p := range f.parts {
		if w := a.parts[p].typed; !slices.Contains(h.Words, w) {
			h.Words = append(h.Words, w)
		}
	}
	return h
}
