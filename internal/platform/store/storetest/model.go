package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// rule is a filter beside the same rule in plain Go.
type rule struct {
	says   string
	filter store.Filter
	holds  func(*Thing) bool
}

// order is a sort beside the same order in plain Go.
type order struct {
	says    string
	sort    []store.Order
	compare func(a, b *Thing) int
}

func (r rule) in(all map[string]*Thing, o order) []string {
	var found []*Thing
	for x := range maps.Values(all) {
		if r.holds(x) {
			found = append(found, x)
		}
	}
	slices.SortFunc(found, o.compare)
	return keys(found)
}

// orders are those that the suite's indexes serve for one owner.
func orders() []order {
	id := func(a, b *Thing) int { return cmp.Compare(a.Key(), b.Key()) }
	rank := func(a, b *Thing) int { return optional(a.Rank, b.Rank, cmp.Compare[int64]) }
	at := func(a, b *Thing) int { return optional(a.At, b.At, time.Time.Compare) }
	down := func(f func(a, b *Thing) int) func(a, b *Thing) int { return func(a, b *Thing) int { return f(b, a) } }
	both := func(f, g func(a, b *Thing) int) func(a, b *Thing) int {
		return func(a, b *Thing) int { return cmp.Or(f(a, b), g(a, b)) }
	}
	return []order{
		{"id", []store.Order{byID.Asc()}, id},
		{"id down", []store.Order{byID.Desc()}, down(id)},
		{"rank", []store.Order{byRank.Asc()}, both(rank, id)},
		{"rank down", []store.Order{byRank.Desc()}, down(both(rank, id))},
		{"at", []store.Order{byAt.Asc()}, both(at, id)},
		{"at down", []store.Order{byAt.Desc(), byID.Desc()}, down(both(at, id))},
	}
}

func optional[V any](a, b *V, compare func(a, b V) int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return compare(*a, *b)
}

func text(path store.Field[string], of func(*Thing) string, v string) []rule {
	return []rule{
		{fmt.Sprintf("%s = %q", path, v), path.Is(v), func(x *Thing) bool { return of(x) == v }},
		{fmt.Sprintf("%s in %q, z", path, v), path.In(v, "z"), func(x *Thing) bool { return of(x) == v || of(x) == "z" }},
		{fmt.Sprintf("%s >= %q", path, v), path.Gte(v), func(x *Thing) bool { return of(x) >= v }},
		{fmt.Sprintf("%s < %q", path, v), path.Lt(v), func(x *Thing) bool { return of(x) < v }},
	}
}

func ranks(n int64) []rule {
	with := func(ok func(int64) bool) func(*Thing) bool {
		return func(x *Thing) bool { return x.Rank != nil && ok(*x.Rank) }
	}
	return []rule{
		{fmt.Sprintf("rank = %d", n), byRank.Is(n), with(func(r int64) bool { return r == n })},
		{fmt.Sprintf("rank in %d, 3", n), byRank.In(n, 3), with(func(r int64) bool { return r == n || r == 3 })},
		{fmt.Sprintf("rank > %d", n), byRank.Gt(n), with(func(r int64) bool { return r > n })},
		{fmt.Sprintf("rank >= %d", n), byRank.Gte(n), with(func(r int64) bool { return r >= n })},
		{fmt.Sprintf("rank < %d", n), byRank.Lt(n), with(func(r int64) bool { return r < n })},
		{fmt.Sprintf("rank <= %d", n), byRank.Lte(n), with(func(r int64) bool { return r <= n })},
		{"rank missing", byRank.Missing(), func(x *Thing) bool { return x.Rank == nil }},
	}
}

func ats(d time.Duration) []rule {
	at := noon.Add(d)
	with := func(ok func(time.Time) bool) func(*Thing) bool {
		return func(x *Thing) bool { return x.At != nil && ok(*x.At) }
	}
	return []rule{
		{"at >= " + d.String(), byAt.Gte(at), with(func(x time.Time) bool { return !x.Before(at) })},
		{"at < " + d.String(), byAt.Lt(at), with(func(x time.Time) bool { return x.Before(at) })},
		{"at missing", byAt.Missing(), func(x *Thing) bool { return x.At == nil }},
	}
}

func lists(tag string) []rule {
	crew := func(x *Thing) bool { return slices.ContainsFunc(x.Crew, func(m Mate) bool { return m.Who == tag }) }
	return []rule{
		{"tag " + tag, byTag.Is(tag), func(x *Thing) bool { return slices.Contains(x.Tags, tag) }},
		{"tag in x, " + tag, byTag.In("x", tag), func(x *Thing) bool { return slices.Contains(x.Tags, tag) || slices.Contains(x.Tags, "x") }},
		{"crew " + tag, byCrew.Is(tag), crew},
	}
}

func flags(done bool) []rule {
	return []rule{
		{fmt.Sprint("done = ", done), byDone.Is(done), func(x *Thing) bool { return x.Done == done }},
		{"all", store.Filter{}, func(*Thing) bool { return true }},
		{"nothing", store.Nothing(), func(*Thing) bool { return false }},
	}
}

// compounds combine rules.
func and(all ...rule) rule {
	out := rule{says: "and(", holds: func(x *Thing) bool { return !slices.ContainsFunc(all, func(r rule) bool { return !r.holds(x) }) }}
	return combine(out, store.And, all)
}

func or(all ...rule) rule {
	out := rule{says: "or(", holds: func(x *Thing) bool { return slices.ContainsFunc(all, func(r rule) bool { return r.holds(x) }) }}
	return combine(out, store.Or, all)
}

func not(r rule) rule {
	return rule{"not(" + r.says + ")", store.Not(r.filter), func(x *Thing) bool { return !r.holds(x) }}
}

func combine(out rule, with func(...store.Filter) store.Filter, all []rule) rule {
	var fs []store.Filter
	for _, r := range all {
		out.says += r.says + "; "
		fs = append(fs, r.filter)
	}
	out.says, out.filter = out.says+")", with(fs...)
	return out
}

// anyRule draws a rule, with others in it down to a depth.
func anyRule(depth int) *rapid.Generator[rule] {
	leaf := rapid.Custom(func(t *rapid.T) rule {
		word := rapid.SampledFrom([]string{"", "a", "b", "x", "y", "z"}).Draw(t, "word")
		all := slices.Concat(
			text(byKind, func(x *Thing) string { return x.Kind }, word),
			ranks(rapid.Int64Range(-2, 4).Draw(t, "n")),
			ats(time.Duration(rapid.IntRange(0, 4).Draw(t, "ms"))*time.Millisecond),
			lists(word), flags(rapid.Bool().Draw(t, "done")))
		return rapid.SampledFrom(all).Draw(t, "leaf")
	})
	if depth == 0 {
		return leaf
	}
	some := rapid.SliceOfN(anyRule(depth-1), 1, 3)
	return rapid.OneOf(leaf,
		rapid.Map(some, func(rs []rule) rule { return and(rs...) }),
		rapid.Map(some, func(rs []rule) rule { return or(rs...) }),
		rapid.Map(anyRule(depth-1), not))
}

// anyThing draws what a thing holds.
func anyThing(owner string) *rapid.Generator[*Thing] {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 3)
	return rapid.Custom(func(t *rapid.T) *Thing {
		x := &Thing{Owner: owner, Kind: rapid.SampledFrom([]string{"", "a", "b", "z"}).Draw(t, "kind"), Done: rapid.Bool().Draw(t, "done")}
		if n := rapid.Int64Range(-3, 4).Draw(t, "rank"); n > -3 {
			x.Rank = &n
		}
		if ms := rapid.IntRange(-1, 4).Draw(t, "at"); ms >= 0 {
			x.At = new(noon.Add(time.Duration(ms) * time.Millisecond))
		}
		x.Tags = words.Draw(t, "tags")
		for _, who := range words.Draw(t, "crew") {
			x.Crew = append(x.Crew, Mate{Who: who})
		}
		return x
	})
}

// filters tries every rule alone in every order over the same things.
func (s *suite) filters(t *testing.T) {
	t.Helper()
	c := s.things(t)
	all := map[string]*Thing{}
	gen := anyThing("ann")
	var fresh []*Thing
	for i := range 60 {
		x := gen.Example(i)
		x.SetKey(fmt.Sprintf("%02d", i))
		all[x.Key()] = x
		fresh = append(fresh, x)
	}
	add(t, c, fresh...)
	ctx := as(t.Context(), "ann")
	for _, r := range slices.Concat(text(byKind, func(x *Thing) string { return x.Kind }, "a"), ranks(0), ats(time.Millisecond), lists("y"), flags(true), text(byID, (*Thing).Key, "30")) {
		for _, r := range []rule{r, not(r)} {
			for _, o := range orders() {
				pagesAgree(ctx, t, c, r, o, 25, all)
			}
			n, exact, err := c.Count(ctx, r.filter, 1000)
			must(t, err)
			if want := len(r.in(all, orders()[0])); n != want || !exact {
				t.Fatalf("%s: count %d (exact %v), want %d", r.says, n, exact, want)
			}
		}
	}
}

// fataler is what both testing.T and rapid.T can do.
type fataler interface {
	Fatalf(format string, args ...any)
}

// pagesAgree reads a list page by page, forwards and backwards, and compares it with the model's.
func pagesAgree(ctx context.Context, t fataler, c *store.Collection[*Thing], r rule, o order, size int, all map[string]*Thing) {
	want := r.in(all, o)
	for _, last := range []bool{false, true} {
		q := store.Query{Where: r.filter, Sort: o.sort, Limit: size, Last: last}
		got := []string{}
		for {
			l, err := c.List(ctx, q)
			if err != nil {
				t.Fatalf("%s by %s: %v", r.says, o.says, err)
			}
			if last {
				got = slices.Concat(keys(l.Items), got)
				q.Before = l.Reached
			} else {
				got = slices.Concat(got, keys(l.Items))
				q.After = l.Reached
			}
			if !l.HasMore {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s by %s (last %v, pages of %d):\n got %v\nwant %v", r.says, o.says, last, size, got, want)
		}
	}
}

// model does random things to a collection and to a plain map, and compares what random queries find in both.
func (s *suite) model(t *testing.T) {
	t.Helper()
	c := s.things(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := &modelled{t: rt, c: c, owner: fmt.Sprintf("owner%d", round), all: map[string]*Thing{}}
		m.ctx = as(t.Context(), m.owner)
		for range rapid.IntRange(3, 8).Draw(rt, "things") {
			m.add()
		}
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			rapid.SampledFrom([]func(){m.add, m.change, m.remove}).Draw(rt, "step")()
			m.compare()
		}
	})
}

// modelled is a collection beside its plain map, for one owner.
type modelled struct {
	t     *rapid.T
	ctx   context.Context // of one test
	c     *store.Collection[*Thing]
	owner string
	made  int
	all   map[string]*Thing
}

func (m *modelled) must(err error) {
	if err != nil {
		m.t.Fatalf("%v", err)
	}
}

func (m *modelled) add() {
	x := anyThing(m.owner).Draw(m.t, "thing")
	m.made++
	x.SetKey(fmt.Sprintf("%s-%02d", m.owner, m.made))
	_, err := m.c.Add(m.ctx, "add", x)
	m.must(err)
	m.all[x.Key()] = x
}

func (m *modelled) pick() (string, bool) {
	if len(m.all) == 0 {
		return "", false
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.all))).Draw(m.t, "which"), true
}

func (m *modelled) change() {
	id, ok := m.pick()
	if !ok {
		return
	}
	to := anyThing(m.owner).Draw(m.t, "becomes")
	x, err := m.c.Change(m.ctx, "change", id, func(x *Thing) error {
		meta := x.Meta
		*x = *to
		x.Meta = meta
		return nil
	})
	m.must(err)
	m.all[id] = x
}

func (m *modelled) remove() {
	if id, ok := m.pick(); ok {
		m.must(m.c.Remove(m.ctx, "remove", id))
		delete(m.all, id)
	}
}

func (m *modelled) compare() {
	r := anyRule(2).Draw(m.t, "rule")
	o := rapid.SampledFrom(orders()).Draw(m.t, "order")
	pagesAgree(m.ctx, m.t, m.c, r, o, rapid.IntRange(1, 9).Draw(m.t, "page"), m.all)
	n, exact, err := m.c.Count(m.ctx, r.filter, 100)
	m.must(err)
	if want := len(r.in(m.all, o)); n != want || !exact {
		m.t.Fatalf("%s: count %d (exact %v), want %d", r.says, n, exact, want)
	}
}
