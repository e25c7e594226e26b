package match

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// What is looked at for a community: so many of its items, those that end first, and so many candidates for each.
const (
	mostItems = 20
	mostEach  = 30
)

// Question asks for the matches of one thing.
type Question struct {
	Need      *id.Need
	Resource  *id.Resource
	Community *id.Organisation
	// NearMisses asks for what nearly fits as well, behind what fits.
	NearMisses bool
	MinScore   *float64
}

// Connection is a page of matches, with the weights by which they were judged.
type Connection struct {
	*page.Connection[*Match]
	WeightsVersion string
}

// Edge is a match with its cursor.
type Edge = page.Edge[*Match]

// Matches lists what may go with a need, with a resource, or with anything that a community lacks or offers; the best
// first.
func (s *Service) Matches(ctx context.Context, q Question, a page.Args) (*Connection, error) {
	if who := authz.From(ctx); !s.table.Allows(who, access.MatchRead, nil) {
		return nil, s.table.Refusal(who, access.MatchRead)
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	found, err := s.find(ctx, q)
	if err != nil {
		return nil, err
	}
	list, err := page.Ranked(s.Cursors, "matches", q.filter(), found, position, a)
	if err != nil {
		return nil, err
	}
	return &Connection{list, s.Weights.Version}, nil
}

// check refuses a question about nothing, or about several things at once.
func (q Question) check() error {
	asked := 0
	for _, c := range []struct {
		given bool
		id    string
		kind  id.Kind
		name  string
	}{
		{q.Need != nil, string(value(q.Need)), id.KindNeed, "need"},
		{q.Resource != nil, string(value(q.Resource)), id.KindResource, "resource"},
		{q.Community != nil, string(value(q.Community)), id.KindCommunity, "community"},
	} {
		if !c.given {
			continue
		}
		if asked++; asked > 1 {
			return fault.New(fault.Invalid, CodeOneQuestion).At(c.name)
		}
		if !id.Is(c.id, c.kind) {
			return fault.New(fault.Invalid, fault.CodeWrongID, "want", c.name).At(c.name)
		}
	}
	if asked == 0 {
		return fault.New(fault.Invalid, CodeOneQuestion).At("need")
	}
	if m := q.MinScore; m != nil && !(*m >= 0 && *m <= 1) {
		return fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", 1).At("minScore")
	}
	return nil
}

// filter names the question, so that a cursor is of use for no other.
func (q Question) filter() store.Filter {
	of := store.Field[string]("of").Is(string(value(q.Need)) + string(value(q.Resource)) + string(value(q.Community)))
	return store.And(of, store.Field[bool]("near").Is(q.NearMisses), store.Field[int64]("least").Is(q.least()))
}

func (q Question) least() int64 { return int64(value(q.MinScore) * one * one) }

func value[V any](p *V) V {
	var none V
	if p == nil {
		return none
	}
	return *p
}

// position is where a match stands in the list, for its cursor.
func position(m *Match) store.Position {
	p := m.place()
	return store.Position{Values: []any{p.apart, p.missing, p.need}, ID: p.resource}
}

// find judges the candidates of what is asked for, in order.
func (s *Service) find(ctx context.Context, q Question) ([]*Match, error) {
	j, err := s.judge(ctx)
	if err != nil {
		return nil, err
	}
	of, each, err := s.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	pairs, err := s.pairs(ctx, j, of, each, q.NearMisses)
	if err != nil {
		return nil, err
	}
	if err := s.inform(ctx, pairs); err != nil {
		return nil, err
	}
	var out []*Match
	for _, p := range pairs {
		m := j.match(p)
		if m.score >= q.least() && (m.Fits() || q.NearMisses && m.nearly(j)) {
			out = append(out, m)
		}
	}
	sortMatches(out)
	return slices.CompactFunc(out, func(a, b *Match) bool { return a.NeedID == b.NeedID && a.ResourceID == b.ResourceID }), nil
}

// asked is what the question is about, and how many candidates to look at for each of it.
func (s *Service) asked(ctx context.Context, q Question) ([]*Item, int, error) {
	if q.Community != nil {
		of, err := s.published(ctx, *q.Community)
		return of, mostEach, err
	}
	name, i := "need", string(value(q.Need))
	if q.Resource != nil {
		name, i = "resource", string(*q.Resource)
	}
	of, err := s.items(ctx, []string{i})
	if err != nil {
		return nil, 0, err
	}
	switch {
	case of[0] == nil:
		return nil, 0, fault.New(fault.NotFound, fault.CodeNotFound, "id", i).At(name)
	case of[0].Standing == Closed:
		return nil, 0, fault.New(fault.Refused, CodeNotOpen, "status", of[0].Status).At(name)
	}
	return of, mostCandidates, nil
}

// published is what an organisation lacks and offers now and the caller may see, what ends first coming first. What is hidden
// from the caller takes nobody's place.
func (s *Service) published(ctx context.Context, o id.Organisation) ([]*Item, error) {
	var ids []string
	for keys := range slices.Chunk(s.keys(ctx), branches) {
		l, err := s.finds.List(authz.AsSystem(ctx), store.Query{
			Where: store.And(byOrganisation.Is(o), byStanding.Is(Free), byKey.In(keys...)), Sort: []store.Order{byUntil.Asc()}, Limit: 4 * mostItems,
		})
		if err != nil {
			return nil, err
		}
		for _, c := range l.Items {
			ids = append(ids, string(c.ID))
		}
	}
	slices.Sort(ids)
	found, err := s.items(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(i *Item) bool { return i == nil || i.Standing != Free })
	slices.SortStableFunc(found, func(a, b *Item) int { return a.until().Compare(b.until()) })
	return found[:min(len(found), mostItems)], nil
}

// keys are those under which the caller sees.
func (s *Service) keys(ctx context.Context) []string {
	keys, all := s.Keys(ctx)
	if all {
		return []string{everyone}
	}
	return keys
}

// pairs joins items with their candidates, each of which is read once, as the caller may see it.
func (s *Service) pairs(ctx context.Context, j *judge, of []*Item, each int, near bool) ([]*pair, error) {
	with := make([][]string, len(of))
	at := map[string]int{}
	var ids []string
	for n, i := range of {
		found, err := s.candidates(ctx, j, i, Free, each)
		if err == nil && near {
			var taken []string
			taken, err = s.candidates(ctx, j, i, Taken, min(mostTaken, each))
			found = append(found, taken...)
		}
		if err != nil {
			return nil, err
		}
		with[n] = found
		for _, c := range with[n] {
			if _, known := at[c]; !known {
				at[c] = len(ids)
				ids = append(ids, c)
			}
		}
	}
	found, err := s.items(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []*pair
	for n, i := range of {
		for _, c := range with[n] {
			if o := found[at[c]]; o != nil && o.Standing != Closed && o.Organisation != i.Organisation {
				out = append(out, paired(i, o))
			}
		}
	}
	return out, nil
}

func paired(a, b *Item) *pair {
	if a.Side == NeedSide {
		return &pair{need: a, resource: b}
	}
	return &pair{need: b, resource: a}
}

// inform looks up how the offering organisations keep their promises.
func (s *Service) inform(ctx context.Context, pairs []*pair) error {
	var of []id.Organisation
	seen := map[id.Organisation]bool{}
	for _, p := range pairs {
		if o := p.resource.Organisation; !seen[o] {
			seen[o] = true
			of = append(of, o)
		}
	}
	known, err := s.promisesOf(ctx, of)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		p.promises = known[p.resource.Organisation]
	}
	return nil
}

// nearly says whether what keeps a match apart is little enough to be worth telling: one or two things, between what is
// of one kind.
func (m *Match) nearly(j *judge) bool {
	return len(m.WhyNot) <= 2 && j.tree.kin(&j.w.Category, m.pair.need.Category, m.pair.resource.Category).value >= goodKin
}

// Sentences of factors and obstacles, in the language of the request.

// Sentence says what was found.
func (s *Service) Sentence(ctx context.Context, f *Factor) string { return s.words.speak(ctx, f.said) }

// Objection says what is in the way.
func (s *Service) Objection(ctx context.Context, o *Obstacle) string {
	return s.words.speak(ctx, o.said)
}
