package event_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func TestAnEventIsForWhomCouldReadItsSubjectThenAndMayNow(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a")
		n.draft(contract(1), west)
		n.draft(contract(2), east)
		n.draft(contract(3), west, east)
		n.draft(contract(4), west)
		n.hidden[contract(4)] = true
		n.move()
		for who, want := range map[string]struct {
			actor authz.Actor
			sees  []int
		}{
			"the west":         {secretary(west), []int{1, 3}},
			"the east":         {secretary(east), []int{2, 3}},
			"nobody":           {authz.Actor{}, nil},
			"an administrator": {authz.Actor{Person: "per1_a", Holdings: []authz.Holding{{Role: authz.Administrator}}}, nil},
		} {
			var expected []string
			for _, c := range want.sees {
				expected = append(expected, contract(c))
			}
			var got []string
			for _, e := range n.all(want.actor, nil, 10) {
				got = append(got, e[strings.LastIndex(e, " ")+1:])
			}
			slices.Sort(got)
			if !slices.Equal(got, expected) {
				t.Errorf("%s is shown %v, not %v", who, got, expected)
			}
		}
	})
}

func TestPagesOfAnySizeAndDirectionMakeTheWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a")
		for c := range 6 {
			n.draft(contract(c), []id.Organisation{west, east}[c%2])
		}
		for c := range 6 {
			n.happen(contract(c), "contract.signed", nil)
			n.happen(contract(c), "contract.sealed", nil)
		}
		n.move()
		of := contract(4)
		for name, f := range map[string]*event.Filter{
			"everything": nil, "one contract": {Subject: &of}, "signatures": {Types: []string{"contract.signed"}},
			"all of contracts": {Types: []string{"contract.*"}}, "none": {Types: []string{}}, "others": {Types: []string{"unit.*"}},
		} {
			whole := n.all(secretary(west), f, 100)
			if want := map[string]int{"everything": 9, "one contract": 3, "signatures": 3, "all of contracts": 9}[name]; len(whole) != want {
				t.Errorf("%s: %d events, not %d", name, len(whole), want)
			}
			for _, size := range []int{1, 2, 5} {
				if got := n.all(secretary(west), f, size); !slices.Equal(got, whole) {
					t.Errorf("%s, %d at a time: %v, not %v", name, size, got, whole)
				}
				if got := n.back(secretary(west), f, size); !slices.Equal(got, whole) {
					t.Errorf("%s, %d at a time from the end: %v, not %v", name, size, got, whole)
				}
			}
		}
	})
}

func TestAPageThatCannotBeIsRefusedAndSaysWhy(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a")
		n.draft(contract(1), west)
		n.move()
		for _, c := range []struct {
			f    *event.Filter
			a    page.Args
			code fault.Code
			at   []string
		}{
			{nil, page.Args{First: new(1), After: new("x")}, fault.CodeBadCursor, []string{"after"}},
			{nil, page.Args{First: new(1), After: new("+1")}, fault.CodeBadCursor, []string{"after"}},
			{nil, page.Args{First: new(1), After: new("2")}, feed.CodeFuture, []string{"after"}},
			{nil, page.Args{Last: new(1), Before: new("-1")}, fault.CodeBadCursor, []string{"before"}},
			{nil, page.Args{Last: new(1), Before: new("2")}, feed.CodeFuture, []string{"before"}},
			{&event.Filter{Types: make([]string, 101)}, page.Args{First: new(1)}, fault.CodeTooMany, []string{"filter", "types"}},
			{&event.Filter{Types: []string{"a.b", "a.*.c"}}, page.Args{First: new(1)}, fault.CodeMalformed, []string{"filter", "types", "1"}},
			{&event.Filter{Types: []string{strings.Repeat("x", 101)}}, page.Args{First: new(1)}, fault.CodeMalformed, []string{"filter", "types", "0"}},
		} {
			_, err := n.List(n.as(secretary(west)), c.f, c.a)
			if f := fault.Of(err); !fault.Is(err, c.code) || !slices.Equal(f.Path, c.at) {
				t.Errorf("%+v: %v at %v, not %s at %v", c.a, err, f.Path, c.code, c.at)
			}
		}
		_, err := n.Published(n.as(secretary(west)), &event.Filter{Types: []string{"*"}}, nil)
		if !fault.Is(err, fault.CodeMalformed) {
			t.Errorf("a subscription to nothing sensible: %v", err)
		}
		if _, err = n.Published(n.as(secretary(west)), nil, new(int64(2))); !fault.Is(err, feed.CodeFuture) {
			t.Errorf("a subscription from the future: %v", err)
		}
	})
}

func TestAnEventIsFoundByItsPlaceByWhomItIsFor(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a")
		n.draft(contract(1), west)
		n.draft(contract(2), east)
		n.move()
		ids := []id.Event{id.Placed(9), id.Placed(2), "evt1_nonsense", id.Placed(1), id.Placed(1)}
		for who, want := range map[id.Organisation]string{west: contract(1), east: contract(2)} {
			got, err := n.Many(n.as(secretary(who)), ids)
			must(t, err)
			for i, e := range got {
				if seq, ok := id.Place(ids[i]); e != nil && (!ok || e.Seq != seq || e.Subject != want) {
					t.Errorf("%s is given %+v for %s", who, e, ids[i])
				}
			}
			if given := slices.DeleteFunc(slices.Clone(got), func(e *event.Event) bool { return e == nil }); len(given) == 0 {
				t.Errorf("%s finds nothing", who)
			}
		}
	})
}

func TestWhatAnEventSaysIsPlainJSON(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a")
		n.draft(contract(1), west)
		n.happen(contract(1), "contract.signed", bson.D{
			{Key: "text", Value: "签"},
			{Key: "yes", Value: true},
			{Key: "small", Value: int32(7)},
			{Key: "safe", Value: int64(1<<53 - 1)},
			{Key: "large", Value: int64(1 << 53)},
			{Key: "part", Value: 0.5},
			{Key: "none", Value: nil},
			{Key: "at", Value: time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 8*3600))},
			{Key: "in", Value: bson.D{{Key: "list", Value: bson.A{int32(1), "二"}}}},
		})
		n.happen(contract(1), "contract.sealed", nil)
		n.move()
		c, err := n.List(n.as(secretary(west)), nil, page.Args{First: new(3)})
		must(t, err)
		const want = `{"at":"2026-03-02T02:00:00.000Z","in":{"list":[1,"二"]},"large":"9007199254740992","none":null,"part":0.5,"safe":9007199254740991,"small":7,"text":"签","yes":true}`
		if got := string(*c.Edges[1].Node.Data); got != want {
			t.Errorf("it says\n%s\nnot\n%s", got, want)
		}
		if first, last := c.Edges[0].Node, c.Edges[2].Node; last.Data != nil || *last.PreviousHash != c.Edges[1].Node.Hash || first.PreviousHash != nil || first.Actor != "" || last.Actor == "" {
			t.Errorf("%+v\n%+v", first, last)
		}
		n.happen(contract(1), "contract.exited", bson.D{{Key: "odd", Value: bson.Binary{Data: []byte("x")}}})
		n.move()
		if _, err := n.List(n.as(secretary(west)), nil, page.Args{First: new(9)}); err == nil {
			t.Error("what JSON has no word for is shown all the same")
		}
	})
}

func TestWhoListensAtOneNodeHearsWhatHappensAtAnotherOnceAndInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		here, there := open(t, at(), "a"), open(t, at(), "b")
		there.draft(contract(1), west)
		there.draft(contract(2), east)
		there.move()
		heard := here.hear(nil, 1)
		for range 5 {
			there.happen(contract(1), "contract.signed", nil)
			there.happen(contract(2), "contract.signed", nil)
			there.move()
			heard = append(heard, here.hear(&heard[len(heard)-1], 1)...) // each time as after a restart, from its own place
		}
		want := there.all(secretary(west), nil, 100)
		if !slices.Equal(heard, want) {
			t.Errorf("heard %v, and there was %v", heard, want)
		}
		all := here.hear(nil, len(want)) // and at once
		if !slices.Equal(all, want) {
			t.Errorf("heard %v, and there was %v", all, want)
		}
	})
}

// hear listens for the west behind an event, or from the beginning, until it has heard so many.
func (n *node) hear(behind *string, most int) []string {
	n.t.Helper()
	after := int64(0)
	if behind != nil {
		seq, _, _ := strings.Cut(*behind, " ")
		for _, digit := range seq {
			after = after*10 + int64(digit-'0')
		}
	}
	ctx, cancel := context.WithTimeout(n.as(secretary(west)), 3*time.Minute)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- n.feed.Run(ctx) }()
	s, err := n.Published(ctx, nil, &after)
	must(n.t, err)
	var out []string
	for len(out) < most {
		e, err := s.Next(ctx)
		must(n.t, err)
		got, ok := e.Value.(*event.Event)
		if !ok {
			n.t.Fatalf("heard %+v", e)
		}
		out = append(out, brief(got))
	}
	s.Close()
	cancel()
	must(n.t, <-ran)
	return out
}
