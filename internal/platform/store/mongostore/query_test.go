package mongostore_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// The fields of the documents that scans are tried on. Owners is an array; rank and due may be missing.
const (
	status = store.Field[string]("status")
	rank   = store.Field[int]("rank")
	due    = store.Field[time.Time]("at.due")
	code   = store.Field[string]("code")
	owners = store.Each[string]("owners")
)

var tried = store.Schema{Name: "tried", Indexes: []store.Index{
	store.Lookup(status.Asc(), rank.Desc()),
	store.Lookup(owners.Asc(), status.Asc(), due.Asc()),
	store.Lookup(rank.Asc(), due.Desc()),
	store.Sparse(status.Asc(), due.Desc()),
	store.Unique(code.Asc()),
}}

func TestAScanYieldsWhatAndInTheOrderThatItSays(t *testing.T) {
	db := mongotest.Open(t)
	if err := db.Ensure(t.Context(), tried); err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(2026, 7))
	var docs []bson.Raw
	for i := range 160 {
		doc := document(t, dice, i)
		docs = append(docs, doc)
		if err := db.Insert(t.Context(), tried.Name, doc); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 400 {
		s := scan(dice, docs)
		want := expected(s, docs)
		got := read(t, db, s)
		if !slices.Equal(got, want) {
			t.Fatalf("scan %d: %+v\n got %v\nwant %v", i, s, got, want)
		}
		s.After = nil
		whole := len(expected(s, docs))
		for _, limit := range []int{1, 7, 1000} {
			n, err := db.Count(t.Context(), s, limit)
			if err != nil || n != min(limit, whole) {
				t.Fatalf("scan %d: %+v\ncount to %d: %d of %d, %v", i, s, limit, n, whole, err)
			}
		}
	}
}

func document(t *testing.T, dice *rand.Rand, i int) bson.Raw {
	t.Helper()
	d := bson.D{{Key: "_id", Value: pick(dice, "z", "a", "M", "京") + fmt.Sprintf("%03d", i)}, {Key: "rev", Value: int64(1)}}
	add := func(key string, v any) { d = append(d, bson.E{Key: key, Value: v}) }
	add("status", pick(dice, "OPEN", "SHUT", "open", "开"))
	switch dice.IntN(4) {
	case 0:
		add("rank", nil)
	case 1, 2:
		add("rank", int64(dice.IntN(5)-2))
	}
	if dice.IntN(3) > 0 {
		add("at", bson.D{{Key: "due", Value: time.UnixMilli(int64(dice.IntN(4) * 1000)).UTC()}})
	}
	if dice.IntN(2) > 0 {
		add("code", fmt.Sprint("c", i))
	}
	list := bson.A{}
	for _, o := range []string{"o1", "o2", "o3"} {
		if dice.IntN(2) > 0 {
			list = append(list, o)
		}
	}
	add("owners", list)
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func pick[V any](dice *rand.Rand, vs ...V) V { return vs[dice.IntN(len(vs))] }

// scan is any that the planner could make of the declared indexes.
func scan(dice *rand.Rand, docs []bson.Raw) store.Scan {
	s := store.Scan{Collection: tried.Name, Batch: dice.IntN(12), Reverse: dice.IntN(2) == 0}
	if n := dice.IntN(len(tried.Indexes) + 1); n < len(tried.Indexes) {
		s.Index = tried.Indexes[n]
	}
	whole := s.Index.Sparse || s.Index.Unique
	if n := len(s.Index.On); n > 0 {
		s.Prefix = dice.IntN(n + 1)
	}
	for s.Prefix < len(s.Index.On) && slices.ContainsFunc(s.Tail(), func(o store.Order) bool { return o.Each }) {
		s.Prefix++
	}
	if whole && s.Prefix < len(s.Index.On)-1 {
		s.Prefix = len(s.Index.On) - 1 // or its fields would not all be asked for
	}
	for range 1 + dice.IntN(4) {
		b := []any{}
		for _, o := range s.Index.On[:s.Prefix] {
			b = append(b, value(dice, o.Path, whole))
		}
		if !slices.ContainsFunc(s.Branches, func(a []any) bool { return slices.Equal(a, b) }) {
			s.Branches = append(s.Branches, b)
		}
	}
	if s.Prefix == 0 {
		s.Branches = [][]any{{}}
	}
	first := "_id"
	if t := s.Tail(); len(t) > 0 {
		first = t[0].Path
	}
	if dice.IntN(2) == 0 || whole && first != "_id" {
		s.Range = bounds(dice, first)
	}
	if dice.IntN(2) == 0 {
		at := place(s, docs[dice.IntN(len(docs))])
		s.After = &at
	}
	return s
}

func bounds(dice *rand.Rand, path string) store.Range {
	a, b := value(dice, path, true), value(dice, path, true)
	if store.Compare(a, b) > 0 {
		a, b = b, a
	}
	r := store.Range{Low: a, High: b, LowOpen: dice.IntN(2) == 0, HighOpen: dice.IntN(2) == 0}
	switch dice.IntN(4) {
	case 0:
		r.Low = nil
	case 1:
		r.High = nil
	}
	return r
}

func value(dice *rand.Rand, path string, there bool) any {
	switch path {
	case "status":
		return pick[any](dice, "OPEN", "SHUT", "open", "开")
	case "owners":
		return pick[any](dice, "o1", "o2", "o3")
	case "code":
		return fmt.Sprint("c", dice.IntN(160))
	case "_id":
		return pick(dice, "z", "a", "M", "京") + fmt.Sprintf("%03d", dice.IntN(160))
	}
	if !there && dice.IntN(4) == 0 {
		return nil
	}
	if path == "rank" {
		return int64(dice.IntN(5) - 2)
	}
	return time.UnixMilli(int64(dice.IntN(4) * 1000)).UTC()
}

func place(s store.Scan, doc bson.Raw) store.Position {
	p := store.Position{ID: doc.Lookup("_id").StringValue()}
	for _, o := range s.Tail() {
		vs, _, _ := store.At(doc, o.Path)
		p.Values = append(p.Values, vs[0])
	}
	return p
}

// expected answers a scan by looking at every document, as the words at store.Scan have it.
func expected(s store.Scan, docs []bson.Raw) []string {
	order := func(a, b store.Position) int {
		for i, o := range s.Tail() {
			if d := store.Compare(a.Values[i], b.Values[i]); d != 0 {
				return turn(d, o.Desc != s.Reverse)
			}
		}
		return turn(cmp.Compare(a.ID, b.ID), s.Down() != s.Reverse)
	}
	var found []store.Position
	for _, doc := range docs {
		p := place(s, doc)
		first := any(p.ID)
		if len(p.Values) > 0 {
			first = p.Values[0]
		}
		if !branch(s, doc) || !inside(s.Range, first) || s.After != nil && order(p, *s.After) <= 0 {
			continue
		}
		found = append(found, p)
	}
	slices.SortFunc(found, order)
	var ids []string
	for _, p := range found {
		ids = append(ids, p.ID)
	}
	return ids
}

func turn(d int, back bool) int {
	if back {
		return -d
	}
	return d
}

func branch(s store.Scan, doc bson.Raw) bool {
	return slices.ContainsFunc(s.Branches, func(b []any) bool {
		for i, o := range s.Index.On[:s.Prefix] {
			vs, _, _ := store.At(doc, o.Path)
			if !slices.ContainsFunc(vs, func(v any) bool { return store.Compare(v, b[i]) == 0 }) {
				return false
			}
		}
		return true
	})
}

func inside(r store.Range, v any) bool {
	if r.Empty() {
		return true
	}
	low, high := store.Compare(v, r.Low), store.Compare(v, r.High)
	return v != nil && (r.Low == nil || low > 0 || low == 0 && !r.LowOpen) &&
		(r.High == nil || high < 0 || high == 0 && !r.HighOpen)
}

func read(t *testing.T, db store.Backend, s store.Scan) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var ids []string
	for doc, err := range db.Find(ctx, s) {
		if err != nil {
			t.Fatalf("find %+v: %v", s, err)
		}
		ids = append(ids, doc.Lookup("_id").StringValue())
	}
	return ids
}
