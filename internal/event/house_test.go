package event_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// site opens back ends on one store, each as one more node has it.
type site func() store.Backend

// onBoth runs a test on a fresh store of either kind.
func onBoth(t *testing.T, test func(t *testing.T, at site)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) {
		db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
		must(t, err)
		t.Cleanup(func() { must(t, db.Close(context.WithoutCancel(t.Context()))) })
		test(t, func() store.Backend { return db })
	})
	t.Run("mongodb", func(t *testing.T) {
		uri, name := mongotest.Database(t)
		test(t, func() store.Backend { return mongotest.Connect(t, uri, name) })
	})
}

// deed is a thing, as a contract is one, that some organisations may read.
type deed struct {
	store.Meta[string] `bson:",inline"`

	For []string `bson:"for"`
}

// Audience is recorded on its events.
func (d *deed) Audience() []string { return d.For }

// node is one Cobuild, as far as events are concerned.
type node struct {
	*event.Service

	t      *testing.T
	j      *journal.Journal
	feed   *feed.Feed
	deeds  *store.Collection[*deed]
	hidden map[string]bool // what nobody may read any more
}

func open(t *testing.T, db store.Backend, name string) *node {
	t.Helper()
	n := &node{t: t, hidden: map[string]bool{}}
	var err error
	n.j, err = journal.New(t.Context(), journal.Options{Backend: db, Now: time.Now, Node: name, Lease: time.Second})
	must(t, err)
	n.deeds, err = store.Open(t.Context(), db, store.Options[*deed]{
		Schema: store.Schema{Name: "deeds"},
		Policy: store.Policy[*deed]{May: func(context.Context, string, *deed) error { return nil }},
		Now:    time.Now,
	})
	must(t, err)
	n.j.Collect(n.deeds)
	n.feed = feed.New(feed.Options{Journal: n.j, Poll: 20 * time.Millisecond, Again: func(ctx context.Context) (authz.Actor, error) { return authz.From(ctx), nil }})
	n.Service = event.New(event.Service{Journal: n.j, Listen: n.feed.Listen, Visible: n.visible})
	return n
}

func (n *node) visible(_ context.Context, subjects []string) ([]bool, error) {
	if len(subjects) > 100 {
		return nil, fmt.Errorf("asked about %d at once", len(subjects))
	}
	out := make([]bool, len(subjects))
	for i, s := range subjects {
		out[i] = !n.hidden[s]
	}
	return out, nil
}

// The organisations, and who acts for them.
const (
	west = id.Organisation("com1_00000000000000000000000001")
	east = id.Organisation("com1_00000000000000000000000002")
)

func secretary(o id.Organisation) authz.Actor {
	return authz.Actor{Person: "per1_00000000000000000000000009", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: o}}}
}

// contract is the identifier of the nth one.
func contract(n int) string { return fmt.Sprintf("ctr1_%026d", n) }

// draft makes a contract for some organisations, and sign lets something happen to it.
func (n *node) draft(c string, whom ...id.Organisation) {
	n.t.Helper()
	d := &deed{}
	for _, o := range whom {
		d.For = append(d.For, string(o))
	}
	d.SetKey(c)
	must(n.t, d.Tell("contract.drafted", bson.D{{Key: "status", Value: "DRAFT"}}))
	_, err := n.deeds.Add(n.t.Context(), "draft", d)
	must(n.t, err)
}

func (n *node) happen(c, what string, data any) {
	n.t.Helper()
	_, err := n.deeds.Change(store.WithActor(n.t.Context(), "per1_00000000000000000000000009"), "happen", c, func(d *deed) error { return d.Tell(what, data) })
	must(n.t, err)
}

// move brings everything that was told into the journal.
func (n *node) move() {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*time.Minute)
	defer cancel()
	must(n.t, n.j.Drain(ctx))
}

// as is a context in which somebody acts.
func (n *node) as(a authz.Actor) context.Context { return authz.With(n.t.Context(), a) }

// all reads everything that somebody is shown, in pages of a size, as "seq type subject".
func (n *node) all(a authz.Actor, f *event.Filter, size int) []string {
	n.t.Helper()
	var out []string
	for args := (page.Args{First: &size}); ; {
		c, err := n.List(n.as(a), f, args)
		must(n.t, err)
		out = append(out, briefs(c)...)
		if !c.PageInfo.HasNextPage {
			return out
		}
		args.After = c.PageInfo.EndCursor
	}
}

// back is the same, from the end.
func (n *node) back(a authz.Actor, f *event.Filter, size int) []string {
	n.t.Helper()
	var out []string
	for args := (page.Args{Last: &size}); ; {
		c, err := n.List(n.as(a), f, args)
		must(n.t, err)
		out = append(briefs(c), out...)
		if !c.PageInfo.HasPreviousPage {
			return out
		}
		args.Before = c.PageInfo.StartCursor
	}
}

func briefs(c *event.Connection) []string {
	var out []string
	for _, e := range c.Edges {
		out = append(out, brief(e.Node))
	}
	return out
}

func brief(e *event.Event) string {
	return strconv.FormatInt(e.Seq, 10) + " " + e.Type + " " + e.Subject
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
