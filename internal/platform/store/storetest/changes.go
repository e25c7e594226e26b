package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// writers has 32 callers change one thing at once, through the collection and at the bare store.
func (s *suite) writers(t *testing.T) {
	t.Helper()
	const callers = 32
	c := s.things(t)
	add(t, c, thing("one", func(x *Thing) { x.Rank = new(int64(0)) }))
	ctx := as(t.Context(), "ann")
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			_, err := c.Change(ctx, "change", "one", func(x *Thing) error {
				*x.Rank++
				x.Tags = append(x.Tags, strconv.Itoa(i))
				return x.Tell("thing.changed", nil)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	x, err := c.Get(ctx, "one")
	must(t, err)
	slices.Sort(x.Tags)
	if *x.Rank != callers || x.Version != 1+callers || x.Rev != 1+callers || len(slices.Compact(x.Tags)) != callers || len(x.Outbox) != callers {
		t.Fatalf("rank %d, version %d, rev %d, %d tags, %d events", *x.Rank, x.Version, x.Rev, len(x.Tags), len(x.Outbox))
	}

	coll := s.ready(t)
	s.insert(t, coll, doc(t, "one", 1))
	for rev := range int64(5) {
		var won atomic.Int64
		for range callers {
			wg.Go(func() {
				err := s.db.Replace(ctx, coll, rev+1, doc(t, "one", rev+2))
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d winners at rev %d", won.Load(), rev+1)
		}
	}
}

// forgetful is a connection that loses the answers of writes: the write lands, then something else is told.
type forgetful struct {
	store.Backend
	tell error
}

func (f *forgetful) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if err := f.Backend.Insert(ctx, coll, doc); err != nil || f.tell == nil {
		return err
	}
	if errors.Is(f.tell, store.ErrConflict) {
		return f.Backend.Insert(ctx, coll, doc) // as a driver does that tries again
	}
	return f.tell
}

func (f *forgetful) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	if err := f.Backend.Replace(ctx, coll, rev, doc); err != nil || f.tell == nil {
		return err
	}
	return f.tell
}

func (s *suite) landed(t *testing.T) {
	t.Helper()
	for _, tell := range []error{store.ErrConflict, fmt.Errorf("%w: answer lost", store.ErrUnavailable)} {
		name := s.name()
		f := &forgetful{Backend: s.db}
		c := thingsOn(t, f, name)
		f.tell = tell
		ctx := as(t.Context(), "ann")
		x, err := c.Add(ctx, "add", thing("one", func(x *Thing) { x.Rank = new(int64(0)) }))
		must(t, err)
		if x.Rev != 1 {
			t.Fatalf("rev %d", x.Rev)
		}
		ran := 0
		x, err = c.Change(ctx, "change", "one", func(x *Thing) error { ran++; *x.Rank++; return nil })
		must(t, err)
		if ran != 1 || *x.Rank != 1 || x.Version != 2 {
			t.Fatalf("ran %d times, rank %d, version %d", ran, *x.Rank, x.Version)
		}
	}
}

func once(ctx context.Context, id, input string) (context.Context, *store.Once) {
	o := store.NewOnce(store.ActorFrom(ctx), id, []byte(input))
	return store.WithOnce(ctx, o), o
}

func (s *suite) repeated(t *testing.T) {
	t.Helper()
	c := s.things(t)
	make1 := func(ctx context.Context) (*Thing, error) {
		x := thing(store.NewID[string](ctx, id.KindContract, noon, bytes.NewReader(make([]byte, 16))))
		x.Code, x.Owner = "only", store.ActorFrom(ctx)
		return c.Add(ctx, "add", x)
	}
	ann := as(t.Context(), "ann")
	ctx, first := once(ann, "m1", "in")
	made, err := make1(ctx)
	must(t, err)
	if first.Replayed {
		t.Fatal("the first is no repeat")
	}
	ctx, again := once(ann, "m1", "in")
	same1, err := make1(ctx)
	must(t, err)
	if same1.Key() != made.Key() || !again.Replayed {
		t.Fatalf("made %s, then %s", made.Key(), same1.Key())
	}
	ctx, _ = once(ann, "m1", "other")
	_, err = make1(ctx)
	wantCode(t, err, fault.CodeMismatch)
	ctx, _ = once(as(t.Context(), "bob"), "m1", "in")
	_, err = make1(ctx)
	wantCode(t, err, fault.CodeTaken)

	change := func(ctx context.Context) (*Thing, error) {
		return c.Change(ctx, "change", made.Key(), func(x *Thing) error {
			x.Seat++
			return x.Tell("thing.seated", nil)
		})
	}
	for range 2 {
		ctx, again = once(ann, "m2", "in")
		x, err := change(ctx)
		must(t, err)
		if x.Seat != 1 || x.Version != 2 || len(x.Outbox) != 1 {
			t.Fatalf("seat %d, version %d, %d events", x.Seat, x.Version, len(x.Outbox))
		}
	}
	if !again.Replayed {
		t.Fatal("the second is a repeat")
	}
	ctx, _ = once(ann, "m2", "other")
	_, err = change(ctx)
	wantCode(t, err, fault.CodeMismatch)
	for i := range store.RememberMost + 5 {
		ctx, _ = once(ann, fmt.Sprint("n", i), "in")
		_, err := change(ctx)
		must(t, err)
	}
	x, err := c.Get(ann, made.Key())
	must(t, err)
	if len(x.Replays) > store.RememberMost+1 {
		t.Fatalf("%d remembered", len(x.Replays))
	}
	ctx, again = once(ann, "m1", "in")
	_, err = make1(ctx)
	must(t, err)
	if !again.Replayed {
		t.Fatal("the making is remembered for as long as the thing is")
	}
}

func (s *suite) outbox(t *testing.T) {
	t.Helper()
	c := s.things(t)
	ctx := as(t.Context(), "ann")
	for _, k := range []string{"1", "2", "3"} {
		x := thing(k)
		if k != "3" {
			must(t, x.Tell("thing.made", bson.D{{Key: "k", Value: k}}))
		}
		_, err := c.Add(ctx, "add", x)
		must(t, err)
	}
	pending, err := store.Outbox(c).Pending(ctx, 10)
	must(t, err)
	if len(pending) != 2 || pending[0].ID != "1" || len(pending[0].Events) != 1 {
		t.Fatalf("pending %v", pending)
	}
	e := pending[0].Events[0]
	same(t, "the event", []string{e.Type, e.Subject, e.Actor, e.Data.Lookup("k").StringValue(), fmt.Sprint(e.Audience), strconv.Itoa(e.SubjectVersion)},
		[]string{"thing.made", "1", "ann", "1", "[ann]", "1"})
	_, err = c.Change(ctx, "change", "1", func(x *Thing) error { x.Note = "new"; return x.Tell("thing.changed", nil) })
	must(t, err)
	must(t, c.Clear(ctx, "1", pending[0].Rev, []string{e.ID}))
	must(t, c.Clear(ctx, "1", pending[0].Rev, []string{e.ID}))
	must(t, c.Clear(ctx, "none", 1, []string{e.ID}))
	must(t, c.Clear(ctx, "2", pending[1].Rev, []string{pending[1].Events[0].ID}))
	pending, err = c.Pending(ctx, 10)
	must(t, err)
	if len(pending) != 1 || pending[0].Events[0].Type != "thing.changed" {
		t.Fatalf("pending %v", pending)
	}
	wantCode(t, c.Remove(ctx, "remove", "1"), fault.CodeUnavailable)
	must(t, c.Clear(ctx, "1", pending[0].Rev, []string{pending[0].Events[0].ID}))
	x, err := c.Get(ctx, "1")
	must(t, err)
	if x.Version != 2 || x.Rev != 4 || x.OutboxSince != nil || x.Note != "new" {
		t.Fatalf("version %d, rev %d", x.Version, x.Rev)
	}
	must(t, c.Remove(ctx, "remove", "1"))
}

func (s *suite) sweep(t *testing.T) {
	t.Helper()
	c := s.things(t)
	ctx := as(t.Context(), "all")
	for i, until := range []*time.Time{nil, new(noon.Add(-time.Hour)), new(noon), new(noon.Add(time.Millisecond)), new(noon.Add(-time.Minute))} {
		x := thing(strconv.Itoa(i), func(x *Thing) { x.Until = until })
		if i == 4 {
			must(t, x.Tell("thing.made", nil))
		}
		add(t, c, x)
	}
	n, err := c.Sweep(ctx, noon, 1)
	must(t, err)
	m, err := c.Sweep(ctx, noon, 10)
	must(t, err)
	l, err := c.List(ctx, store.Query{})
	must(t, err)
	same(t, "left", keys(l.Items), []string{"0", "3", "4"})
	same(t, "swept", []int{n, m}, []int{1, 1})
}

// deadline ends calls in the midst and then looks for traces.
func (s *suite) deadline(t *testing.T) {
	t.Helper()
	c := s.things(t)
	add(t, c, thing("one", func(x *Thing) { x.Rank = new(int64(0)) }))
	past, cancel := context.WithTimeout(as(t.Context(), "ann"), -time.Second)
	defer cancel()
	_, err := c.Get(past, "one")
	wantCode(t, err, fault.CodeUnavailable)
	_, err = c.List(past, store.Query{})
	wantCode(t, err, fault.CodeUnavailable)
	_, _, err = c.Count(past, store.Filter{}, 10)
	wantCode(t, err, fault.CodeUnavailable)
	_, err = c.Add(past, "add", thing("two"))
	wantCode(t, err, fault.CodeUnavailable)
	_, err = c.Change(past, "change", "one", func(*Thing) error { return nil })
	wantCode(t, err, fault.CodeUnavailable)
	wantCode(t, c.Remove(past, "remove", "one"), fault.CodeUnavailable)
	if k := fault.Of(err).Kind; k != fault.Unavailable {
		t.Fatalf("kind %v", k)
	}

	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			soon, cancel := context.WithTimeout(as(t.Context(), "ann"), time.Duration(i)*200*time.Microsecond)
			defer cancel()
			x := thing(fmt.Sprintf("late%02d", i), func(x *Thing) { x.Rank, x.Tags, x.Code = new(int64(i)), []string{"x", "y"}, strconv.Itoa(i) })
			if _, err := c.Add(soon, "add", x); err != nil && !fault.Is(err, fault.CodeUnavailable) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ctx := as(t.Context(), "ann")
	must(t, s.db.Ping(ctx))
	for try := 0; ; try++ {
		half := halfWritten(ctx, t, c)
		if half == "" {
			return
		}
		if try == 20 {
			t.Fatal(half)
		}
		time.Sleep(100 * time.Millisecond) // a server may still be at a write whose caller has gone
	}
}

// halfWritten tells of documents that one index holds and another does not.
func halfWritten(ctx context.Context, t *testing.T, c *store.Collection[*Thing]) string {
	t.Helper()
	whole, err := c.List(ctx, store.Query{Where: byCode.Gte(""), Sort: []store.Order{byID.Asc()}, Limit: 100})
	must(t, err)
	for _, where := range []store.Filter{byTag.Is("x"), byTag.Is("y"), byRank.Gte(1), byKind.Is("a")} {
		l, err := c.List(ctx, store.Query{Where: store.And(where, byID.Gt("late")), Sort: []store.Order{byID.Asc()}, Limit: 100})
		must(t, err)
		if got := keys(l.Items); !slices.Equal(slices.DeleteFunc(got, func(k string) bool { return k == "late00" || k == "one" }),
			slices.DeleteFunc(keys(whole.Items), func(k string) bool { return k == "late00" || k == "one" })) {
			return fmt.Sprintf("half written: %v is found, %v is there", got, keys(whole.Items))
		}
	}
	return ""
}

func reopened(t *testing.T, open Open, again Reopen) {
	t.Helper()
	db := open(t)
	c := thingsOn(t, db, "things")
	for i := range 20 {
		add(t, c, thing(fmt.Sprintf("%02d", i), func(x *Thing) { x.Code, x.Rank = strconv.Itoa(i), new(int64(20-i)) }))
	}
	db = again(t, db)
	c = thingsOn(t, db, "things")
	ctx := as(t.Context(), "ann")
	l, err := c.List(ctx, store.Query{Sort: []store.Order{byRank.Asc()}, Limit: 50})
	must(t, err)
	if len(l.Items) != 20 || l.Items[0].Key() != "19" {
		t.Fatalf("got %v", keys(l.Items))
	}
	_, err = c.Add(ctx, "add", thing("new", func(x *Thing) { x.Code = "7" }))
	wantCode(t, err, fault.CodeTaken)
}
