package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// doc makes a raw document from an identifier, a rev and further fields.
func doc(t *testing.T, id string, rev int64, fields ...any) bson.Raw {
	t.Helper()
	d := bson.D{{Key: "_id", Value: id}, {Key: "rev", Value: rev}}
	for i := 0; i+1 < len(fields); i += 2 {
		d = append(d, bson.E{Key: fields[i].(string), Value: fields[i+1]})
	}
	raw, err := bson.Marshal(d)
	must(t, err)
	return raw
}

func (s *suite) ready(t *testing.T, indexes ...store.Index) string {
	t.Helper()
	name := s.name()
	must(t, s.db.Ensure(t.Context(), store.Schema{Name: name, Indexes: indexes}))
	return name
}

func (s *suite) insert(t *testing.T, coll string, docs ...bson.Raw) {
	t.Helper()
	for _, d := range docs {
		must(t, s.db.Insert(t.Context(), coll, d))
	}
}

func (s *suite) find(t *testing.T, q store.Scan) []string {
	t.Helper()
	if q.Branches == nil {
		q.Branches = [][]any{{}}
	}
	ids := []string{}
	for d, err := range s.db.Find(t.Context(), q) {
		must(t, err)
		ids = append(ids, d.Lookup("_id").StringValue())
	}
	n, err := s.db.Count(t.Context(), q, 1000)
	must(t, err)
	if q.After == nil && n != len(ids) {
		t.Fatalf("count says %d of %v", n, ids)
	}
	return ids
}

func wantExists(t *testing.T, err error, index string) {
	t.Helper()
	if e, ok := errors.AsType[*store.ExistsError](err); !ok || e.Index != index {
		t.Fatalf("want the refusal by %s, got %v", index, err)
	}
}

func wantConflict(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrConflict) {
		t.Fatalf("want a conflict, got %v", err)
	}
}

func (s *suite) comesOut(t *testing.T) {
	t.Helper()
	coll, ctx := s.ready(t), t.Context()
	one := doc(t, "one", 1, "text", "社区 \u0000 é", "n", int64(1)<<60, "f", 1.5, "no", nil, "deep", bson.D{{Key: "a", Value: bson.A{1, "x", bson.D{}}}},
		"bytes", []byte{0, 1}, "at", noon, "empty", "")
	two := doc(t, "two", 1)
	s.insert(t, coll, one, two)
	got, err := s.db.Get(ctx, coll, "one")
	must(t, err)
	if !bytes.Equal(got, one) {
		t.Fatalf("got %s, want %s", got, one)
	}
	many, err := s.db.GetMany(ctx, coll, []string{"two", "none", "one", "two"})
	must(t, err)
	if len(many) != 4 || !bytes.Equal(many[0], two) || many[1] != nil || !bytes.Equal(many[2], one) || !bytes.Equal(many[3], two) {
		t.Fatalf("got %v", many)
	}
	none, err := s.db.GetMany(ctx, coll, nil)
	must(t, err)
	if len(none) != 0 {
		t.Fatalf("got %v for nothing", none)
	}
	if _, err := s.db.Get(ctx, coll, "none"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("want not found, got %v", err)
	}
	must(t, s.db.Ping(ctx))
}

func (s *suite) takenOnce(t *testing.T) {
	t.Helper()
	coll, ctx := s.ready(t), t.Context()
	s.insert(t, coll, doc(t, "one", 1, "v", "first"))
	wantExists(t, s.db.Insert(ctx, coll, doc(t, "one", 1, "v", "second")), "_id")
	got, err := s.db.Get(ctx, coll, "one")
	must(t, err)
	if got.Lookup("v").StringValue() != "first" {
		t.Fatalf("the second one won: %s", got)
	}
}

func (s *suite) manyAtOnce(t *testing.T) {
	t.Helper()
	ix := store.Unique(byRank.Asc())
	coll, ctx := s.ready(t, ix), t.Context()
	many := func(from, to int) (docs []bson.Raw) {
		for i := from; i < to; i++ {
			docs = append(docs, doc(t, fmt.Sprintf("%04d", i), 1, "rank", int64(i)))
		}
		return docs
	}
	keep := func(docs []bson.Raw, want int, refused string) {
		t.Helper()
		n, err := s.db.InsertMany(ctx, coll, docs)
		if n != want {
			t.Fatalf("%d were kept, not %d: %v", n, want, err)
		}
		if refused == "" {
			must(t, err)
			return
		}
		wantExists(t, err, refused)
	}
	keep(nil, 0, "")
	keep(many(0, 700), 700, "")
	keep(many(700, 701), 1, "")
	keep(append(many(701, 704), many(3, 4)...), 3, "_id")
	taken := doc(t, "other", 1, "rank", int64(705))
	keep([]bson.Raw{many(705, 706)[0], taken, many(706, 707)[0]}, 1, ix.Name())
	both := doc(t, "0001", 1, "rank", int64(2)) // both are taken
	keep([]bson.Raw{many(704, 705)[0], both}, 1, "_id")
	twice := doc(t, "twice", 1, "rank", int64(800))
	keep([]bson.Raw{twice, twice}, 1, "_id")
	all := s.find(t, store.Scan{Collection: coll, Index: ix, Branches: [][]any{{}}, Range: store.Range{Low: int64(0)}})
	if len(all) != 707 || all[705] != "0705" || all[706] != "twice" {
		t.Fatalf("%d are there, the last is %s", len(all), all[len(all)-1])
	}
	for _, id := range []string{"other", "0706"} {
		if _, err := s.db.Get(ctx, coll, id); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("%s is there: %v", id, err)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.db.InsertMany(gone, coll, many(900, 901)); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("want unavailable, got %v", err)
	}
}

func (s *suite) onlyAtRev(t *testing.T) {
	t.Helper()
	coll, ctx := s.ready(t), t.Context()
	s.insert(t, coll, doc(t, "one", 1))
	wantConflict(t, s.db.Replace(ctx, coll, 2, doc(t, "one", 3)))
	must(t, s.db.Replace(ctx, coll, 1, doc(t, "one", 2)))
	wantConflict(t, s.db.Replace(ctx, coll, 1, doc(t, "one", 2)))
	wantConflict(t, s.db.Replace(ctx, coll, 1, doc(t, "none", 2)))
	wantConflict(t, s.db.Delete(ctx, coll, "one", 1))
	must(t, s.db.Delete(ctx, coll, "one", 2))
	wantConflict(t, s.db.Delete(ctx, coll, "one", 2))
	if _, err := s.db.Get(ctx, coll, "one"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("want not found, got %v", err)
	}
	s.insert(t, coll, doc(t, "one", 1))
}

func (s *suite) unique(t *testing.T) {
	t.Helper()
	ix := store.Unique(byCode.Asc())
	coll, ctx := s.ready(t, ix), t.Context()
	s.insert(t, coll,
		doc(t, "missing1", 1), doc(t, "missing2", 1), doc(t, "null1", 1, "code", nil), doc(t, "null2", 1, "code", nil),
		doc(t, "empty", 1, "code", ""), doc(t, "x", 1, "code", "x"), doc(t, "longer", 1, "code", "xx"), doc(t, "upper", 1, "code", "X"))
	wantExists(t, s.db.Insert(ctx, coll, doc(t, "empty2", 1, "code", "")), ix.Name())
	wantExists(t, s.db.Insert(ctx, coll, doc(t, "x2", 1, "code", "x")), ix.Name())
	wantExists(t, s.db.Replace(ctx, coll, 1, doc(t, "missing1", 2, "code", "x")), ix.Name())
	got, err := s.db.Get(ctx, coll, "missing1")
	must(t, err)
	if len(got.Lookup("code").Value) > 0 {
		t.Fatalf("a refused write left %s", got)
	}
	must(t, s.db.Replace(ctx, coll, 1, doc(t, "x", 2, "code", "x", "v", 2)))
	must(t, s.db.Replace(ctx, coll, 2, doc(t, "x", 3, "code", "y")))
	s.insert(t, coll, doc(t, "x2", 1, "code", "x"))
	must(t, s.db.Delete(ctx, coll, "x2", 1))
	must(t, s.db.Replace(ctx, coll, 1, doc(t, "missing1", 2, "code", "x")))
	same(t, "by code", s.find(t, store.Scan{Collection: coll, Index: ix, Prefix: 1, Branches: [][]any{{"x"}, {"y"}, {""}, {"z"}}}),
		[]string{"empty", "missing1", "x"})
}

func (s *suite) uniqueTogether(t *testing.T) {
	t.Helper()
	ix := store.Unique(byShop.Asc(), bySeat.Asc())
	coll, ctx := s.ready(t, ix), t.Context()
	s.insert(t, coll,
		doc(t, "a1", 1, "shop", "a", "seat", int64(1)), doc(t, "a2", 1, "shop", "a", "seat", int64(2)), doc(t, "b1", 1, "shop", "b", "seat", int64(1)),
		doc(t, "a", 1, "shop", "a"), doc(t, "a'", 1, "shop", "a"), doc(t, "1", 1, "seat", int64(1)), doc(t, "1'", 1, "seat", int64(1)))
	wantExists(t, s.db.Insert(ctx, coll, doc(t, "a1'", 1, "shop", "a", "seat", int64(1))), ix.Name())
	same(t, "in a shop", s.find(t, store.Scan{Collection: coll, Index: ix, Prefix: 1, Branches: [][]any{{"a"}}, Range: store.Range{Low: int64(0)}}),
		[]string{"a1", "a2"})
}

func (s *suite) arrays(t *testing.T) {
	t.Helper()
	tags, crew := store.Lookup(byTag.Asc(), byRank.Asc()), store.Lookup(byCrew.Asc(), byRank.Desc())
	coll, ctx := s.ready(t, tags, crew), t.Context()
	s.insert(t, coll,
		doc(t, "1", 1, "tags", bson.A{"x", "y"}, "rank", int64(3)), doc(t, "2", 1, "tags", bson.A{"y", "y", "z"}, "rank", int64(2)),
		doc(t, "3", 1, "tags", bson.A{}, "rank", int64(1)), doc(t, "4", 1, "rank", int64(1)),
		doc(t, "5", 1, "crew", bson.A{bson.D{{Key: "who", Value: "p"}}, bson.D{{Key: "who", Value: "q"}}}, "rank", int64(5)),
		doc(t, "6", 1, "crew", bson.A{bson.D{{Key: "who", Value: "q"}}, bson.D{{Key: "part", Value: "q"}}}, "rank", int64(6)))
	by := func(ix store.Index, vs ...any) []string {
		q := store.Scan{Collection: coll, Index: ix, Prefix: 1}
		for _, v := range vs {
			q.Branches = append(q.Branches, []any{v})
		}
		return s.find(t, q)
	}
	same(t, "x", by(tags, "x"), []string{"1"})
	same(t, "y", by(tags, "y"), []string{"2", "1"})
	same(t, "all, each once", by(tags, "x", "y", "z"), []string{"2", "1"})
	same(t, "p", by(crew, "p"), []string{"5"})
	same(t, "q", by(crew, "q", "p"), []string{"6", "5"})
	must(t, s.db.Replace(ctx, coll, 1, doc(t, "1", 2, "tags", bson.A{"z"}, "rank", int64(3))))
	same(t, "x after", by(tags, "x"), []string{})
	same(t, "z after", by(tags, "z"), []string{"2", "1"})
	must(t, s.db.Delete(ctx, coll, "2", 1))
	same(t, "z at last", by(tags, "z", "y"), []string{"1"})
}

func (s *suite) scans(t *testing.T) {
	t.Helper()
	up, down := store.Lookup(byKind.Asc(), byRank.Asc()), store.Lookup(byKind.Asc(), byRank.Desc())
	coll := s.ready(t, up, down)
	for i, rank := range []any{nil, int64(-5), int64(0), int64(0), int64(7), int64(300)} {
		s.insert(t, coll, doc(t, strconv.Itoa(i), 1, "kind", "k", "rank", rank))
	}
	s.insert(t, coll, doc(t, "x", 1, "kind", "l", "rank", int64(0)), doc(t, "y", 1, "kind", "kk", "rank", int64(0)), doc(t, "z", 1, "kind", "k"))
	type scan = store.Scan
	for _, c := range []struct {
		says string
		q    store.Scan
		want []string
	}{
		{"missing come first", scan{}, []string{"0", "z", "1", "2", "3", "4", "5"}},
		{"from a bound", scan{Range: store.Range{Low: int64(0)}}, []string{"2", "3", "4", "5"}},
		{"behind a bound", scan{Range: store.Range{Low: int64(0), LowOpen: true}}, []string{"4", "5"}},
		{"to a bound, the missing left out", scan{Range: store.Range{High: int64(0)}}, []string{"1", "2", "3"}},
		{"before a bound", scan{Range: store.Range{High: int64(0), HighOpen: true}}, []string{"1"}},
		{"between", scan{Range: store.Range{Low: int64(-5), LowOpen: true, High: int64(7)}}, []string{"2", "3", "4"}},
		{"nothing between", scan{Range: store.Range{Low: int64(1), High: int64(6)}}, []string{}},
		{"another kind of value", scan{Range: store.Range{Low: "0"}}, []string{}},
		{"behind a place", scan{After: &store.Position{Values: []any{int64(0)}, ID: "2"}}, []string{"3", "4", "5"}},
		{"behind a place where nobody stands", scan{After: &store.Position{Values: []any{int64(0)}, ID: "5"}}, []string{"4", "5"}},
		{"behind a missing one", scan{After: &store.Position{Values: []any{nil}, ID: "0"}}, []string{"z", "1", "2", "3", "4", "5"}},
		{"behind a place outside the bounds", scan{Range: store.Range{Low: int64(7)}, After: &store.Position{Values: []any{int64(0)}, ID: "2"}}, []string{"4", "5"}},
		{"several branches", scan{Branches: [][]any{{"k"}, {"kk"}, {"l"}, {"no"}}, Range: store.Range{Low: int64(0)}}, []string{"2", "3", "x", "y", "4", "5"}},
		{"several branches from a place", scan{
			Branches: [][]any{{"l"}, {"k"}}, After: &store.Position{Values: []any{int64(0)}, ID: "3"},
		}, []string{"x", "4", "5"}},
		{"fully fixed", scan{Prefix: 2, Branches: [][]any{{"k", int64(0)}, {"kk", int64(0)}}}, []string{"2", "3", "y"}},
		{"fully fixed, the missing", scan{Prefix: 2, Branches: [][]any{{"k", nil}}}, []string{"0", "z"}},
		{"fully fixed, a range of identifiers", scan{Prefix: 2, Branches: [][]any{{"k", int64(0)}}, Range: store.Range{Low: "2", LowOpen: true}}, []string{"3"}},
	} {
		c.q.Collection, c.q.Index = coll, up
		if c.q.Prefix == 0 {
			c.q.Prefix = 1
		}
		if c.q.Branches == nil {
			c.q.Branches = [][]any{{"k"}}
		}
		same(t, c.says, s.find(t, c.q), c.want)
		if c.q.After == nil {
			c.q.Reverse = true
			slices.Reverse(c.want)
			same(t, c.says+", from behind", s.find(t, c.q), c.want)
			c.q.Index = down
			c.q.Reverse = false
			same(t, c.says+", by the index that descends", s.find(t, c.q), c.want)
		}
	}
	back := store.Scan{Collection: coll, Index: up, Prefix: 1, Branches: [][]any{{"k"}}, Reverse: true, After: &store.Position{Values: []any{int64(0)}, ID: "2"}}
	same(t, "before a place", s.find(t, back), []string{"1", "z", "0"})
	back.Index, back.Reverse = down, false
	same(t, "behind a place, descending", s.find(t, back), []string{"1", "z", "0"})
	ids := store.Scan{Collection: coll, Range: store.Range{Low: "1", LowOpen: true, High: "x", HighOpen: true}}
	same(t, "by identifier", s.find(t, ids), []string{"2", "3", "4", "5"})
	ids.After = &store.Position{ID: "3"}
	same(t, "by identifier from a place", s.find(t, ids), []string{"4", "5"})
	ids.Reverse = true
	same(t, "by identifier backwards from a place", s.find(t, ids), []string{"2"})
}

func (s *suite) laterIndex(t *testing.T) {
	t.Helper()
	coll, ctx := s.ready(t), t.Context()
	for i := range 50 {
		s.insert(t, coll, doc(t, fmt.Sprintf("%02d", i), 1, "rank", int64(50-i)))
	}
	ix := store.Lookup(byRank.Asc())
	must(t, s.db.Ensure(ctx, store.Schema{Name: coll, Indexes: []store.Index{ix}}))
	s.insert(t, coll, doc(t, "new", 1, "rank", int64(0)))
	got := s.find(t, store.Scan{Collection: coll, Index: ix})
	if len(got) != 51 || got[0] != "new" || got[1] != "49" || got[50] != "00" {
		t.Fatalf("got %v", got)
	}
	must(t, s.db.Ensure(ctx, store.Schema{Name: coll, Indexes: []store.Index{ix}}))
	same(t, "again", s.find(t, store.Scan{Collection: coll, Index: ix}), got)
}

func (s *suite) kinds(t *testing.T) {
	t.Helper()
	ix, times := store.Lookup(byKind.Asc()), store.Lookup(byAt.Asc())
	coll := s.ready(t, ix, times)
	words := []string{"", "A", "B", "Z", "a", "a\x00", "a\x00b", "a\x01", "aa", "b", "é", "e\u0301", "社", "社区", "😀"}
	slices.Sort(words)
	for i, w := range words {
		s.insert(t, coll, doc(t, fmt.Sprintf("%02d", i), 1, "kind", w, "at", noon.Add(time.Duration(i)*time.Millisecond)))
	}
	var want []string
	for i := range words {
		want = append(want, fmt.Sprintf("%02d", i))
	}
	same(t, "strings by bytes", s.find(t, store.Scan{Collection: coll, Index: ix, Range: store.Range{Low: ""}}), want)
	for i, w := range words {
		same(t, w, s.find(t, store.Scan{Collection: coll, Index: ix, Prefix: 1, Branches: [][]any{{w}}}), want[i:i+1])
	}
	same(t, "times by the millisecond", s.find(t, store.Scan{
		Collection: coll, Index: times,
		Range: store.Range{Low: noon.Add(2 * time.Millisecond), High: noon.Add(4 * time.Millisecond), HighOpen: true},
	}), want[2:4])
}
