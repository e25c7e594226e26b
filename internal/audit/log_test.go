package audit_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestTheLogGrowsWithTheJournalAndIsProvedAtEveryStep(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a", newKeys(t))
		if is := n.signed(); is.Size != 0 {
			t.Errorf("an empty log has %d events", is.Size)
		}
		n.light("lamp")
		sizes := []int64{0}
		for _, more := range []int{1, 254, 1, 300, 1700} { // before, at and behind the borders of tiles and steps
			n.blaze("lamp", more)
			n.move()
			must(t, n.Settle(t.Context()))
			sizes = append(sizes, n.signed().Size)
		}
		last := int64(1 + 1 + 254 + 1 + 300 + 1700)
		if got := sizes[len(sizes)-1]; got != last {
			t.Fatalf("%d events, and the log has %d", last, got)
		}
		if again, err := n.Step(t.Context()); err != nil || again != 0 {
			t.Errorf("with nothing new: %d, %v", again, err)
		}
		n.consistent(sizes[1:])
		n.included(1, 2, 255, 256, 257, 512, 1000, last)
		if r := n.verified(); r.Checkpoint.Size != last {
			t.Errorf("the export has %d events", r.Checkpoint.Size)
		}
	})
}

// consistent checks that each of some moments of the log begins as the one before.
func (n *node) consistent(sizes []int64) {
	n.t.Helper()
	for i, to := range sizes {
		for _, from := range sizes[:i+1] {
			c, err := n.Consistency(n.t.Context(), from, &to)
			must(n.t, err)
			must(n.t, tlog.CheckTree(hashes[tlog.TreeProof](n.t, c.Proof), to, hash(n.t, c.ToRoot), from, hash(n.t, c.FromRoot)))
		}
	}
}

// included checks proofs of events, as a party does who has nothing but them and the log's key.
func (n *node) included(places ...int64) {
	n.t.Helper()
	is := n.signed()
	for _, seq := range places {
		p, err := n.Inclusion(n.t.Context(), seq)
		must(n.t, err)
		leaf, err := base64.StdEncoding.DecodeString(p.Leaf)
		must(n.t, err)
		h := tlog.RecordHash(leaf)
		must(n.t, tlog.CheckRecord(hashes[tlog.RecordProof](n.t, p.Proof), p.TreeSize, hash(n.t, p.Root), seq-1, h))
		if p.Seq != seq || p.Hash != hex.EncodeToString(h[:]) || p.Root != is.Root.String() {
			n.t.Errorf("the proof of %d is of %d, under the root %s", seq, p.Seq, p.Root)
		}
	}
}

func hash(t testing.TB, s string) tlog.Hash {
	t.Helper()
	h, err := tlog.ParseHash(s)
	must(t, err)
	return h
}

func hashes[P ~[]tlog.Hash](t testing.TB, all []string) P {
	t.Helper()
	out := P{}
	for _, s := range all {
		out = append(out, hash(t, s))
	}
	return out
}

func TestWhatHasNotHappenedIsNotProved(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a", newKeys(t))
		n.light("lamp")
		n.move()
		for _, seq := range []int64{2, 1_000_000} {
			if _, err := n.Inclusion(t.Context(), seq); !fault.Is(err, fault.CodeNotFound) {
				t.Errorf("the proof of %d: %v", seq, err)
			}
		}
		n.included(1) // though no checkpoint held it yet
		for _, c := range []struct {
			from int64
			to   *int64
			at   string
		}{{0, nil, "from"}, {-1, nil, "from"}, {2, nil, "from"}, {1, new(int64(0)), "to"}, {1, new(int64(2)), "to"}} {
			_, err := n.Consistency(t.Context(), c.from, c.to)
			if f := fault.Of(err); !fault.Is(err, audit.CodeNoSuchMoment) || f.Path[0] != c.at {
				t.Errorf("from %d: %v", c.from, err)
			}
		}
	})
}

func TestACommandBesideTheServerBeginsNoLog(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		db, k := at(), newKeys(t)
		n := open(t, db, "command", k, func(s *audit.Service) { s.Origin = "" })
		n.light("lamp")
		n.move()
		if did, err := n.Step(t.Context()); err != nil || did != 0 {
			t.Errorf("it laid %d events into the tree, %v", did, err)
		}
		if _, err := n.Checkpoint(t.Context()); !fault.Is(err, audit.CodeNotBegun) {
			t.Errorf("it signs: %v", err)
		}
		if _, err := n.Export(t.Context(), nil, nil); !fault.Is(err, audit.CodeNotBegun) {
			t.Errorf("it exports: %v", err)
		}
		open(t, db, "server", k).signed()
		if r := n.verified(); r.Checkpoint.Size != 1 || r.Checkpoint.Origin != origin {
			t.Errorf("once the server has begun it: %+v", r.Checkpoint)
		}
	})
}

func TestAJournalWithAHoleIsNeverSigned(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a", newKeys(t))
		n.light("lamp")
		n.move()
		was := n.signed()
		for i, seq := range []int64{3, 2} { // one behind a hole, and one without a hash
			doc, err := bson.Marshal(bson.D{{Key: "_id", Value: fmt.Sprint("stray:", i)}, {Key: "rev", Value: int64(1)}, {Key: "subject", Value: "stray"}, {Key: "seq", Value: seq}})
			must(t, err)
			must(t, n.db.Insert(t.Context(), "events", doc))
			if _, err := n.Step(t.Context()); err == nil {
				t.Errorf("with a stray event at %d it goes on", seq)
			}
		}
		if is := n.signed(); is.Checkpoint != was.Checkpoint {
			t.Errorf("it signed %+v", is.Checkpoint)
		}
	})
}

// frail is a real store of which one write to the log is lost, or lands unheard.
type frail struct {
	store.Backend

	mu     sync.Mutex
	left   int // writes until then
	landed bool
	failed bool
}

var errFrail = fmt.Errorf("%w: the line is bad", store.ErrUnavailable)

func (f *frail) write(coll string, do func() error) error {
	f.mu.Lock()
	now := false
	if coll == "audit_log" || coll == "audit_tiles" {
		f.left--
		now = f.left == 0
	}
	f.failed = f.failed || now
	f.mu.Unlock()
	if now && !f.landed {
		return errFrail
	}
	if err := do(); err != nil || !now {
		return err
	}
	return errFrail
}

func (f *frail) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	return f.write(coll, func() error { return f.Backend.Insert(ctx, coll, doc) })
}

func (f *frail) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (n int, err error) {
	err = f.write(coll, func() error {
		n, err = f.Backend.InsertMany(ctx, coll, docs)
		return err
	})
	return n, err
}

func (f *frail) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	return f.write(coll, func() error { return f.Backend.Replace(ctx, coll, rev, doc) })
}

func TestWhereverTheLogsWorkIsBrokenOffItGoesOnAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		k, total := newKeys(t), int64(0)
		n := open(t, at(), "a", k)
		n.light("lamp")
		total++
		for _, landed := range []bool{false, true} {
			for nth := 1; ; nth++ {
				n.blaze("lamp", 700) // two tiles at least, and a head
				total += 700
				n.move()
				bad := &frail{Backend: n.db, left: nth, landed: landed}
				err := open(t, bad, "a", k).Settle(t.Context())
				if bad.failed != errors.Is(err, store.ErrUnavailable) {
					t.Fatalf("at write %d: %v", nth, err)
				}
				n = open(t, at(), "a", k)
				must(t, n.Settle(t.Context()))
				if !bad.failed {
					break
				}
			}
			if is := n.signed(); is.Size != total {
				t.Fatalf("%d events, and the log has %d", total, is.Size)
			}
		}
		n.included(1, total/2, total)
		n.verified()
	})
}

func TestTwoNodesKeepOneLogThatOnlyGrows(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		k := newKeys(t)
		nodes := []*node{open(t, at(), "a", k), open(t, at(), "b", k)}
		for _, n := range nodes {
			defer n.run()()
		}
		var all sync.WaitGroup
		const each, turns = 3, 25
		for w := range each {
			all.Go(func() {
				id := fmt.Sprint("lamp", w)
				nodes[0].light(id)
				for i := range turns {
					nodes[(w+i)%2].turn(id, "per1_a")
				}
			})
		}
		written := make(chan struct{})
		go func() { all.Wait(); close(written) }()
		seen := []int64{1}
		dice, done := rand.New(rand.NewPCG(5, 5)), false
		until(t, "both nodes have everything in a checkpoint", func() bool {
			select {
			case <-written:
				done = true
			default:
			}
			size := nodes[dice.IntN(2)].signed().Size
			if size < seen[len(seen)-1] && size > 0 {
				t.Fatalf("a checkpoint of %d events comes behind one of %d", size, seen[len(seen)-1])
			}
			if size > seen[len(seen)-1] {
				seen = append(seen, size)
			}
			return done && size == each*(1+turns)
		})
		if len(seen) > 12 {
			seen = append(seen[:6], seen[len(seen)-6:]...)
		}
		for _, n := range nodes {
			n.consistent(seen)
		}
		if a, b := nodes[0].signed(), nodes[1].signed(); a.Checkpoint != b.Checkpoint {
			t.Errorf("one signs %+v, the other %+v", a.Checkpoint, b.Checkpoint)
		}
		nodes[1].verified()
	})
}

func TestWhoKnowsOnlyTheKeyBeforeStillReadsACheckpointAndLearnsOfTheNewOne(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		k := newKeys(t)
		n := open(t, at(), "a", k)
		n.light("lamp")
		n.move()
		n.signed()
		known, err := n.LogKeys(t.Context())
		must(t, err)
		k.rotate(t)
		n.turn("lamp", "per1_a")
		n.move()
		must(t, n.Settle(t.Context()))
		c, err := n.Checkpoint(t.Context())
		must(t, err)
		is, err := ledger.OpenNote([]byte(c.Note), known[0])
		if err != nil || is.Size != 2 {
			t.Errorf("the old key opens %+v, %v", is.Checkpoint, err)
		}
		if len(c.Keys) != 2 || c.Keys[1] != known[0].String() || c.Keys[0] == known[0].String() {
			t.Errorf("the keys are %v", c.Keys)
		}
		n.verified()
	})
}
