package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	reader  Each[string]     = "readers"
	status  Field[string]    = "status"
	updated Field[time.Time] = "updatedAt"
	wake    Field[time.Time] = "wakeAt"
	code    Field[string]    = "code"
	ident   Field[string]    = "_id"
)

func testPlanner(t *testing.T) *planner {
	t.Helper()
	p, err := newPlanner(Schema{Name: "contracts", Indexes: []Index{
		Lookup(reader.Asc(), updated.Desc()),
		Lookup(reader.Asc(), status.Asc(), updated.Desc()),
		Lookup(updated.Desc()),
		Sparse(wake.Asc()),
		Unique(code.Asc()),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// say is a plan in short words.
func (p plan) say() string {
	var words []string
	for _, s := range p.sources {
		if s.keys != nil {
			words = append(words, fmt.Sprintf("fetch %d rest %d", len(s.keys), len(s.rest)))
			continue
		}
		w := fmt.Sprintf("%s/%d x%d", s.scan.Index.Name(), s.scan.Prefix, len(s.scan.Branches))
		if !s.scan.Range.Empty() {
			w += " range"
		}
		if s.scan.Reverse {
			w += " back"
		}
		if s.few {
			w += " few"
		}
		words = append(words, fmt.Sprintf("%s rest %d", w, len(s.rest)))
	}
	return strings.Join(words, "; ")
}

func TestThePlannerTakesTheIndexThatFixesMost(t *testing.T) {
	newest, oldest := []Order{updated.Desc()}, []Order{updated.Asc()}
	now := time.UnixMilli(0)
	for _, c := range []struct {
		where Filter
		sort  []Order
		want  string
	}{
		{Filter{}, nil, "_id/0 x1 rest 0"},
		{Filter{}, newest, "updatedAt_desc/0 x1 rest 0"},
		{Filter{}, oldest, "updatedAt_desc/0 x1 back rest 0"},
		{reader.Is("a"), newest, "readers_updatedAt_desc/1 x1 rest 0"},
		{And(reader.In("a", "b"), status.In("x", "y", "x")), newest, "readers_status_updatedAt_desc/2 x4 rest 0"},
		{And(reader.Is("a"), updated.Gt(now)), oldest, "readers_updatedAt_desc/1 x1 range back rest 0"},
		{And(reader.Is("a"), reader.Is("b")), newest, "readers_updatedAt_desc/1 x1 rest 1"},
		{And(status.Is("x"), status.In("x", "y")), newest, "updatedAt_desc/0 x1 rest 2"},
		{And(status.Is("x"), status.Is("y")), newest, ""},
		{And(updated.Gt(now), updated.Lt(now)), newest, ""},
		{Nothing(), newest, ""},
		{Or(reader.Is("a"), status.Is("x")), newest, "readers_updatedAt_desc/1 x1 rest 0; updatedAt_desc/0 x1 rest 1"},
		{And(Or(reader.Is("a"), reader.Is("b")), status.Is("x")), newest, "readers_status_updatedAt_desc/2 x1 rest 0; readers_status_updatedAt_desc/2 x1 rest 0"},
		{And(reader.Is("a"), Not(status.Is("x"))), newest, "readers_updatedAt_desc/1 x1 rest 1"},
		{Not(Or(Not(reader.Is("a")), Not(status.Is("x")))), newest, "readers_status_updatedAt_desc/2 x1 rest 0"},
		{wake.Lte(now), nil, "wakeAt_sparse/0 x1 range rest 0"},
		{wake.Lte(now), []Order{wake.Asc()}, "wakeAt_sparse/0 x1 range rest 0"},
		{wake.Is(now), []Order{wake.Desc()}, "wakeAt_sparse/0 x1 range back rest 0"},
		{wake.Missing(), nil, "_id/0 x1 rest 1"},
		{code.Is("c"), newest, "code_unique/1 x1 few rest 0"},
		{And(code.In("c", "d"), status.Is("x")), nil, "code_unique/1 x2 few rest 1"},
		{ident.In("1", "2"), newest, "fetch 2 rest 0"},
		{And(ident.Is("1"), reader.Is("a")), nil, "fetch 1 rest 1"},
		{And(ident.Gt("1"), ident.Lt("5")), nil, "_id/0 x1 range rest 0"},
	} {
		p, err := testPlanner(t).list(c.where, c.sort)
		if err != nil || p.say() != c.want {
			t.Errorf("%v by %v: got %q, want %q (%v)", c.where, c.sort, p.say(), c.want, err)
		}
	}
}

func TestCountingNeedsNoOrder(t *testing.T) {
	now := time.UnixMilli(0)
	for _, c := range []struct {
		where Filter
		want  string
	}{
		{Filter{}, "_id/0 x1 rest 0"},
		{And(reader.Is("a"), status.Is("x"), updated.Gt(now)), "readers_status_updatedAt_desc/2 x1 range rest 0"},
		{And(reader.Is("a"), status.Is("x")), "readers_status_updatedAt_desc/2 x1 rest 0"},
		{updated.Gt(now), "updatedAt_desc/0 x1 range rest 0"},
		{wake.Gt(now), "wakeAt_sparse/0 x1 range rest 0"},
	} {
		p, err := testPlanner(t).count(c.where)
		if err != nil || p.say() != c.want {
			t.Errorf("%v: got %q, want %q (%v)", c.where, p.say(), c.want, err)
		}
	}
}

func TestAnOrderThatNoIndexServesIsRefused(t *testing.T) {
	for _, c := range []struct {
		where Filter
		sort  []Order
	}{
		{wake.Missing(), []Order{wake.Asc()}},
		{Filter{}, []Order{wake.Asc()}},
		{reader.Is("a"), []Order{status.Asc()}},
		{Filter{}, []Order{reader.Asc()}},
		{Filter{}, []Order{updated.Desc(), ident.Asc()}},
		{Field[string]("unknown").Is("x"), nil},
		{Or(reader.Is("a"), Not(Field[string]("unknown").Is("x"))), nil},
	} {
		if p, err := testPlanner(t).list(c.where, c.sort); !errors.Is(err, ErrUnserved) {
			t.Errorf("%v by %v: got %q, %v", c.where, c.sort, p.say(), err)
		}
	}
}

func TestAlternativesStayBounded(t *testing.T) {
	var all []Filter
	for i := range 12 {
		all = append(all, Or(status.Is(strconv.Itoa(i)), reader.Is(strconv.Itoa(i))))
	}
	p, err := testPlanner(t).list(And(all...), []Order{updated.Desc()})
	if err != nil || len(p.sources) == 0 || len(p.sources) > maxTerms {
		t.Fatalf("%d sources: %v", len(p.sources), err)
	}
	var many []string
	for i := range 2 * MaxBranches {
		many = append(many, strconv.Itoa(i))
	}
	p, err = testPlanner(t).list(reader.In(many...), []Order{updated.Desc()})
	if err != nil || p.say() != "updatedAt_desc/0 x1 rest 1" {
		t.Fatalf("got %q, %v", p.say(), err)
	}
	if _, err := testPlanner(t).list(status.In(make([]string, MaxFilter)...), nil); !errors.Is(err, ErrFilterSize) {
		t.Fatalf("got %v", err)
	}
}

func TestADeclarationThatCannotHoldIsRefused(t *testing.T) {
	for says, s := range map[string]Schema{
		"two arrays":           {Indexes: []Index{Lookup(reader.Asc(), Each[string]("tags").Asc())}},
		"an array and none":    {Indexes: []Index{Lookup(reader.Asc()), Lookup(Field[string]("readers").Asc())}},
		"no fields":            {Indexes: []Index{Lookup()}},
		"expiry without index": {Expire: "until"},
	} {
		if _, err := newPlanner(s); err == nil {
			t.Errorf("%s was accepted", says)
		}
	}
}

func TestMatchGoesIntoArrays(t *testing.T) {
	raw, err := bson.Marshal(bson.D{
		{Key: "a", Value: bson.A{bson.D{{Key: "b", Value: bson.A{int32(1), "x"}}}, bson.D{{Key: "b", Value: "y"}}, int64(3)}},
		{Key: "n", Value: nil},
		{Key: "f", Value: 1.5},
	})
	if err != nil {
		t.Fatal(err)
	}
	ab, f, n := Each[any]("a.b"), Field[any]("f"), Field[any]("n")
	for _, c := range []struct {
		filter Filter
		want   bool
	}{
		{ab.Is(1), true},
		{ab.Is("y"), true},
		{ab.Is(3), false},
		{Not(ab.Is("z")), true},
		{Field[any]("none.at.all").Missing(), true},
		{n.Missing(), true},
		{n.Is("x"), false},
		{f.Is(1), false},
		{Filter{Op: OpGt, Path: "f", Values: []any{int64(0)}}, false},
		{Filter{Op: OpLt, Path: "n", Values: []any{int64(0)}}, false},
		{And(), true},
		{Or(), false},
	} {
		if got := c.filter.Match(raw); got != c.want {
			t.Errorf("%v: %v", c.filter, got)
		}
	}
}

func TestANarrowingFieldServesNothingAndLeavesOutSome(t *testing.T) {
	late := Field[bool]("late")
	p, err := newPlanner(Schema{
		Name: "contracts", Indexes: []Index{Lookup(reader.Asc(), updated.Desc())}, Narrow: []Order{late.Asc(), Each[string]("proof.kind").Asc()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, narrow := range []Filter{late.Is(true), Not(late.Missing()), Each[string]("proof.kind").Is("PHOTO")} {
		got, err := p.list(And(reader.Is("a"), narrow), []Order{updated.Desc()})
		if err != nil || got.say() != "readers_updatedAt_desc/1 x1 rest 1" {
			t.Errorf("%v: %s, %v", narrow, got.say(), err)
		}
		if _, err := p.list(narrow, []Order{updated.Desc()}); !errors.Is(err, ErrUnserved) {
			t.Errorf("%v alone: %v", narrow, err)
		}
	}
	if _, err := newPlanner(Schema{Indexes: []Index{Lookup(reader.Asc())}, Narrow: []Order{Field[string]("readers").Asc()}}); err == nil {
		t.Error("an array is declared as none")
	}
}
