package backup_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

func TestABackupUnderWritersIsAStateOfTheStoreAndMovesToTheOther(t *testing.T) {
	for what, stores := range kinds() {
		t.Run(what, func(t *testing.T) {
			from, to := stores(t)
			h := open(t, from)
			for n := range 300 {
				must(t, h.add(t.Context(), name(n), fmt.Sprint("code", n)))
			}
			stop := h.busy(t)
			raw, sum := backedUp(t, h.source(t), backup.Options{})
			stop()
			f := opened(t, raw)
			whole(t, restored(t, f, h.schemas, to), sum.Seq)
			if is := f.Contents(); is.Seq != sum.Seq || is.Documents != sum.Documents {
				t.Errorf("the file says %+v, the backup %+v", is, sum)
			}
		})
	}
}

// busy has things changed, made, removed and their codes exchanged, and the journal and the audit log written, until it
// is told to stop.
func (h *house) busy(t testing.TB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() { _ = h.journal.Run(ctx) })
	g.Go(func() { _ = h.audit.Run(ctx) })
	var acted atomic.Int64
	for w := range 4 {
		g.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				err := h.act(ctx, w, i)
				if err != nil && ctx.Err() == nil && !fault.Is(err, fault.CodeTaken) {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				acted.Add(1)
			}
		})
	}
	for acted.Load() < 20 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return func() { cancel(); g.Wait() }
}

// act is one thing that a writer does.
func (h *house) act(ctx context.Context, writer, i int) error {
	at := rand.IntN(300)
	switch i % 8 {
	case 0:
		return h.add(ctx, fmt.Sprintf("fresh-%d-%05d", writer, i), "")
	case 1: // gives its code up, and another takes it
		code := fmt.Sprint("code", at)
		if err := h.change(ctx, name(at), "", "without"); err != nil {
			return err
		}
		return h.change(ctx, name(rand.IntN(300)), code, "taken")
	case 2:
		id := fmt.Sprintf("gone-%d-%05d", writer, i)
		if err := h.add(ctx, id, ""); err != nil {
			return err
		}
		err := h.things.Remove(ctx, "", id)
		if fault.Of(err) != nil && fault.Of(err).Kind == fault.Unavailable {
			return nil // its event has not been moved yet
		}
		return err
	}
	return h.change(ctx, name(at), fmt.Sprintf("code-%d-%d", writer, i), fmt.Sprint("note ", i))
}

// Between any two calls of a backup anything may happen. Whatever it is, the copy is a state of the store.
func TestWhateverHappensBetweenTwoCallsTheCopyIsAState(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		db := embedded(t)
		m := &meddling{Backend: db}
		h := open(r, m)
		h.db = m
		ctx := t.Context()
		for n := range 8 {
			must(r, h.add(ctx, name(n), fmt.Sprint("code", n)))
			_, err := h.slips.Add(ctx, "", named(name(n), fmt.Sprint("code", n)))
			must(r, err)
		}
		m.meddle = func() {
			for range rapid.IntRange(0, 3).Draw(r, "how much") {
				h.anything(r)
			}
		}
		raw, sum := backedUp(t, h.source(t), backup.Options{Plain: true})
		m.meddle = nil
		again := restored(r, opened(r, raw), h.schemas, embedded(t))
		whole(r, again, sum.Seq)
		for n := range 8 { // nobody removes anything here
			_, err := again.slips.Get(ctx, name(n))
			must(r, err)
			_, err = again.things.Get(ctx, name(n))
			must(r, err)
		}
	})
}

func TestTwoThatExchangeAUniqueValueMeanwhileAreBothCopied(t *testing.T) {
	m := &meddling{Backend: embedded(t)}
	h := open(t, m)
	h.db = m
	for _, x := range []*slip{named("a", "code"), named("b", "")} {
		_, err := h.slips.Add(t.Context(), "", x)
		must(t, err)
		must(t, h.add(t.Context(), x.ID, x.Code))
	}
	exchange := func(coll, id string) {
		if id != "a" {
			return
		}
		m.after = nil
		if coll == "things" {
			must(t, h.change(t.Context(), "a", "", ""))
			must(t, h.change(t.Context(), "b", "code", ""))
			return
		}
		_, err := h.slips.Change(t.Context(), "", "a", func(s *slip) error { s.Code = ""; return nil })
		must(t, err)
		_, err = h.slips.Change(t.Context(), "", "b", func(s *slip) error { s.Code = "code"; return nil })
		must(t, err)
	}
	for _, coll := range []string{"slips", "things"} {
		m.after = func(in, id string) {
			if in == coll {
				exchange(in, id)
			}
		}
		raw, sum := backedUp(t, h.source(t), backup.Options{})
		again := restored(t, opened(t, raw), h.schemas, embedded(t))
		whole(t, again, sum.Seq)
		a, err := again.slips.GetMany(t.Context(), []string{"a", "b"})
		must(t, err)
		things, err := again.things.GetMany(t.Context(), []string{"a", "b"})
		must(t, err)
		if a[0] == nil || a[1] == nil || a[0].Code != "" || a[1].Code != "code" || things[0] == nil || things[1] == nil {
			t.Errorf("%s: %v %v", coll, a, things)
		}
	}
}

// anything is one of all that may happen to a store.
func (h *house) anything(r *rapid.T) {
	ctx := context.Background()
	at := name(rapid.IntRange(0, 9).Draw(r, "which"))
	code := rapid.SampledFrom([]string{"", "code0", "code1", "code2", "code3"}).Draw(r, "code")
	var err error
	switch rapid.IntRange(0, 7).Draw(r, "what") {
	case 0:
		err = h.add(ctx, at, code)
	case 1, 2:
		err = h.change(ctx, at, code, "")
	case 3:
		must(r, h.journal.Drain(ctx))
	case 4:
		h.settle(r)
	case 7:
		err = h.goOn(ctx)
	case 5:
		_, err = h.slips.Add(ctx, "", named(at, code))
	case 6:
		_, err = h.slips.Change(ctx, "", at, func(s *slip) error { s.Code = code; return nil })
	}
	if err != nil && !fault.Is(err, fault.CodeTaken) && !fault.Is(err, fault.CodeNotFound) {
		r.Fatalf("%v", err)
	}
}

func named(id, code string) *slip {
	s := &slip{Code: code}
	s.ID = id
	return s
}

// meddling is a store on which something else happens before every read.
type meddling struct {
	store.Backend
	meddle func()
	busy   bool
	after  func(coll, id string) // called when a document was taken; nil for nothing
}

func (m *meddling) now() {
	if m.meddle == nil || m.busy {
		return
	}
	m.busy = true
	m.meddle()
	m.busy = false
}

func (m *meddling) GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error) {
	m.now()
	return m.Backend.GetMany(ctx, coll, ids)
}

// Find reads each document at a moment of its own.
func (m *meddling) Find(ctx context.Context, s store.Scan) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range m.Backend.Find(ctx, s) {
			m.now()
			if err == nil && !m.busy && len(s.Index.On) == 0 {
				id, _ := doc.Lookup("_id").StringValueOK()
				fresh, gone := m.Get(ctx, s.Collection, id)
				if errors.Is(gone, store.ErrNotFound) {
					continue
				}
				doc, err = fresh, gone
			}
			if !yield(doc, err) {
				return
			}
			if id, ok := doc.Lookup("_id").StringValueOK(); ok && m.after != nil {
				m.after(s.Collection, id)
			}
		}
		m.now()
	}
}

func TestWhatIsTrueOfRunningServersOnlyIsLeftOut(t *testing.T) {
	h := open(t, embedded(t))
	must(t, h.add(t.Context(), "one", ""))
	h.settle(t)
	raw, _ := backedUp(t, h.source(t), backup.Options{Plain: true})
	for _, p := range opened(t, raw).Contents().Parts {
		if p.Name == "leases" || p.Name == "restores" || p.Name == "budgets" {
			t.Errorf("%s is in it", p.Name)
		}
	}
	if !strings.Contains(string(raw), "thing.made") {
		t.Error("the event is not in it")
	}
}

func TestABackupThatIsBrokenOffLeavesNothingToTakeForOne(t *testing.T) {
	h := open(t, restless{embedded(t)})
	for n := range 50 {
		must(t, h.add(t.Context(), name(n), ""))
	}
	h.settle(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.source(t).Write(ctx, &strings.Builder{}, backup.Options{}); err == nil {
		t.Error("a cancelled one succeeds")
	}
	if _, err := h.source(t).Write(t.Context(), full{}, backup.Options{}); !errors.Is(err, errFull) {
		t.Errorf("on a full disk: %v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestATileThatIsAheadOfTheTreeIsLeftOut(t *testing.T) {
	h := open(t, embedded(t))
	for n := range 300 {
		must(t, h.add(t.Context(), name(n), ""))
	}
	h.settle(t)
	ahead, err := bson.Marshal(bson.D{{Key: "_id", Value: "0/1"}, {Key: "rev", Value: int64(1)}, {Key: "data", Value: []byte("of another future")}})
	must(t, err)
	must(t, h.db.Insert(t.Context(), "audit_tiles", ahead))
	raw, sum := backedUp(t, h.source(t), backup.Options{})
	again := restored(t, opened(t, raw), h.schemas, embedded(t))
	for n := range 300 { // until the tile that was left out is full
		must(t, again.add(t.Context(), name(300+n), ""))
	}
	if _, err := again.db.Get(t.Context(), "audit_tiles", "0/1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the tile that was ahead: %v", err)
	}
	again.settle(t)
	doc, err := again.db.Get(t.Context(), "audit_tiles", "0/1")
	must(t, err)
	if _, data, _ := doc.Lookup("data").BinaryOK(); len(data) != 256*32 || sum.Seq != 300 {
		t.Errorf("a tile of %d bytes", len(data))
	}
}

func TestABrokenLogIsNotBackedUpAsIfItWereWhole(t *testing.T) {
	h := open(t, embedded(t))
	for n := range 10 {
		must(t, h.add(t.Context(), name(n), ""))
	}
	h.settle(t)
	doc, err := h.db.Get(t.Context(), "events", name(3)+":1:0")
	must(t, err)
	rev, _ := doc.Lookup("rev").AsInt64OK()
	var d bson.D
	must(t, bson.Unmarshal(doc, &d))
	for i := range d {
		if d[i].Key == "subjectVersion" {
			d[i].Value = int32(9)
		}
	}
	forged, err := bson.Marshal(d)
	must(t, err)
	must(t, h.db.Replace(t.Context(), "events", rev, forged))
	_, err = h.source(t).Write(t.Context(), &strings.Builder{}, backup.Options{})
	is(t, err, backup.ErrLog)
}

func TestACopyWhoseKeysWereDestroyedMeanwhileIsNotTakenForOne(t *testing.T) {
	m := &meddling{Backend: embedded(t)}
	h := open(t, m)
	h.db = m
	must(t, h.add(t.Context(), "one", ""))
	m.after = func(coll, _ string) {
		if coll != "things" {
			return
		}
		m.after = nil
		gone, err := bson.Marshal(bson.D{{Key: "_id", Value: "data-000001"}, {Key: "rev", Value: int64(2)}, {Key: "destroyedAt", Value: time.Now()}})
		must(t, err)
		must(t, m.Insert(t.Context(), "data_keys", gone))
	}
	_, err := h.source(t).Write(t.Context(), &strings.Builder{}, backup.Options{})
	is(t, err, backup.ErrUnsettled)
}

func TestAnInventorySaysWhatThereIsAndWhatWaits(t *testing.T) {
	for _, db := range []store.Backend{embedded(t), mongotest.Open(t)} {
		h := open(t, db)
		must(t, h.add(t.Context(), "one", ""))
		must(t, h.add(t.Context(), "two", ""))
		got, err := h.source(t).Inventory(t.Context())
		must(t, err)
		if got.Seq != 0 || got.Waiting != 2 || got.Since == nil || got.Restored != nil {
			t.Errorf("before: %+v", got)
		}
		h.settle(t)
		got, err = h.source(t).Inventory(t.Context())
		must(t, err)
		if got.Seq != 2 || got.Logged != 2 || got.Waiting != 0 || got.Since != nil {
			t.Errorf("after: %+v", got)
		}
		things := slices.IndexFunc(got.Collections, func(p backup.Part) bool { return p.Name == "things" })
		if got.Collections[things].Documents != 2 {
			t.Errorf("things: %+v", got.Collections)
		}
	}
}
