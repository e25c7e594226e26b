package backup_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// thing is what the tests' house keeps. Each of its changes tells one event.
type thing struct {
	store.Meta[string] `bson:",inline"`

	Code string `bson:"code,omitempty"` // no two have the same
	Note string `bson:"note,omitempty"`
}

// Audience makes events say who could read them.
func (*thing) Audience() []string { return []string{"org1_a"} }

const byCode store.Field[string] = "code"

func thingSchema() store.Schema {
	return store.Schema{Name: "things", Shape: 1, Indexes: []store.Index{store.Unique(byCode.Asc())}}
}

// slip is kept without telling anybody.
type slip struct {
	store.Meta[string] `bson:",inline"`

	Code string `bson:"code,omitempty"`
}

// hook is how far a webhook has come.
type hook struct {
	store.Meta[string] `bson:",inline"`

	Seq int64 `bson:"seq"`
}

// house is a small application: things, a journal, an audit log.
type house struct {
	db      store.Backend
	things  *store.Collection[*thing]
	slips   *store.Collection[*slip]
	hooks   *store.Collection[*hook]
	journal *journal.Journal
	audit   *audit.Service
	schemas []store.Schema
	key     ed25519.PrivateKey
	page    []bson.Raw // gathered to be inserted
}

// free lets everybody do everything.
func free[T any]() store.Policy[T] {
	return store.Policy[T]{
		May:    func(context.Context, string, T) error { return nil },
		Filter: func(context.Context) store.Filter { return store.Filter{} },
	}
}

// noted remembers what is kept.
type noted struct {
	store.Backend
	schemas []store.Schema
}

func (n *noted) Ensure(ctx context.Context, s store.Schema) error {
	n.schemas = append(n.schemas, s)
	return n.Backend.Ensure(ctx, s)
}

// key signs the tests' audit logs.
func key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

// open opens a house on a store.
func open(t failer, db store.Backend) *house {
	t.Helper()
	h := &house{db: db, key: key()}
	ctx := context.Background()
	n := &noted{Backend: db}
	var err error
	h.journal, err = journal.New(ctx, journal.Options{Backend: n, Now: time.Now, Poll: 5 * time.Millisecond})
	must(t, err)
	h.things, err = store.Open(ctx, n, store.Options[*thing]{Schema: thingSchema(), Now: time.Now, Policy: free[*thing](), Told: h.journal.Wake})
	must(t, err)
	h.slips, err = store.Open(ctx, n, store.Options[*slip]{
		Schema: store.Schema{Name: "slips", Indexes: []store.Index{store.Unique(byCode.Asc())}}, Now: time.Now, Policy: free[*slip](),
	})
	must(t, err)
	h.hooks, err = store.Open(ctx, n, store.Options[*hook]{Schema: store.Schema{Name: "webhook_progress"}, Now: time.Now, Policy: free[*hook]()})
	must(t, err)
	h.journal.Collect(h.things)
	h.audit, err = audit.Open(ctx, n, audit.Service{
		Journal: h.journal, Now: time.Now, Log: slog.New(slog.DiscardHandler), Origin: "house.test/audit",
		Keys: func() []ed25519.PrivateKey { return []ed25519.PrivateKey{h.key} },
	})
	must(t, err)
	for _, name := range []string{"data_keys", "personal_keys"} {
		must(t, n.Ensure(ctx, store.Schema{Name: name, Shape: 1}))
	}
	must(t, backup.Usable(ctx, n))
	h.schemas = n.schemas
	return h
}

// logKey is the public half of the log's key.
func (h *house) logKey() ledger.Key {
	return ledger.LogKey("house.test/audit", h.key.Public().(ed25519.PublicKey))
}

// source is the house as a backup sees it.
func (h *house) source(t testing.TB) backup.Source {
	t.Helper()
	dir := t.TempDir()
	return backup.Source{
		Backend: h.db, Schemas: h.schemas, Told: []string{"things"}, LogKeys: []ledger.Key{h.logKey()}, Program: "test", Now: time.Now,
		Scratch: func() (store.Backend, func() error, error) {
			db, err := boltstore.Open(filepath.Join(dir, strings.ToLower(rand.Text())), boltstore.Options{Unsynced: true})
			return db, func() error { return db.Close(context.Background()) }, err
		},
	}
}

// settle moves all events into the journal and lays them into the audit log.
func (h *house) settle(t failer) {
	t.Helper()
	must(t, h.journal.Drain(context.Background()))
	must(t, h.audit.Settle(context.Background()))
}

// add, change and remove do one thing to a thing each.
func (h *house) add(ctx context.Context, id, code string) error {
	x := &thing{Code: code}
	x.ID = id
	if err := x.Tell("thing.made", bson.D{{Key: "code", Value: code}}); err != nil {
		return err
	}
	_, err := h.things.Add(ctx, "", x)
	return err
}

func (h *house) change(ctx context.Context, id, code, note string) error {
	_, err := h.things.Change(ctx, "", id, func(x *thing) error {
		x.Code, x.Note = code, note
		return x.Tell("thing.changed", bson.D{{Key: "code", Value: code}})
	})
	return err
}

// goOn has a webhook come as far as the journal goes.
func (h *house) goOn(ctx context.Context) error {
	seq, err := h.journal.Last(ctx)
	if err != nil {
		return err
	}
	x := &hook{Seq: seq}
	x.ID = "hook"
	if _, err := h.hooks.Add(ctx, "", x); !fault.Is(err, fault.CodeTaken) {
		return err
	}
	_, err = h.hooks.Change(ctx, "", "hook", func(x *hook) error { x.Seq = seq; return nil })
	return err
}

// backedUp is the bytes of a backup.
func backedUp(t testing.TB, s backup.Source, o backup.Options) ([]byte, backup.Summary) {
	t.Helper()
	var out bytes.Buffer
	sum, err := s.Write(t.Context(), &out, o)
	must(t, err)
	if sum.Bytes != int64(out.Len()) {
		t.Fatalf("it says %d bytes, and wrote %d", sum.Bytes, out.Len())
	}
	return out.Bytes(), sum
}

func quiet(int64, int64) {}

// opened reads a backup to its end.
func opened(t failer, raw []byte) *backup.File {
	t.Helper()
	f, err := backup.Open(context.Background(), bytes.NewReader(raw), int64(len(raw)), quiet)
	must(t, err)
	must(t, f.Check(context.Background(), quiet))
	return f
}

// restored puts a backup into an empty store and opens a house on it.
func restored(t failer, f *backup.File, schemas []store.Schema, db store.Backend) *house {
	t.Helper()
	must(t, f.Restore(context.Background(), backup.Target{Backend: db, Schemas: schemas, Now: time.Now, Progress: quiet}))
	return open(t, db)
}

// whole checks a restored house: every thing's version is told by just as many events, in the journal or in its outbox,
// and the log holds, also after what waits was moved.
func whole(t failer, h *house, seq int64) {
	t.Helper()
	ctx := context.Background()
	told := map[string][]int{}
	place := int64(0)
	for at := int64(0); ; at = place {
		entries, err := h.journal.Read(ctx, at, 1000)
		must(t, err)
		for _, e := range entries {
			if place++; e.Seq != place {
				t.Fatalf("place %d behind %d", e.Seq, place-1)
			}
			told[e.Subject] = append(told[e.Subject], e.SubjectVersion)
		}
		if len(entries) == 0 {
			break
		}
	}
	if place != seq {
		t.Fatalf("the journal ends at %d, the backup says %d", place, seq)
	}
	for x, err := range h.hooks.Walk(ctx, store.Filter{}) {
		must(t, err)
		if x.Seq > place {
			t.Fatalf("a webhook has come to %d, and the journal ends at %d: it would pass over what comes", x.Seq, place)
		}
	}
	for x, err := range h.things.Walk(ctx, store.Filter{}) {
		must(t, err)
		for _, e := range x.Outbox {
			told[x.ID] = append(told[x.ID], e.SubjectVersion)
		}
		seen := map[int]bool{}
		for _, v := range told[x.ID] {
			seen[v] = true
		}
		for v := 1; v <= x.Version; v++ {
			if !seen[v] {
				t.Fatalf("thing %s shows version %d of which nothing is told: %v", x.ID, v, told[x.ID])
			}
		}
		if len(seen) != x.Version {
			t.Fatalf("thing %s is at version %d, and %v was told", x.ID, x.Version, told[x.ID])
		}
		delete(told, x.ID)
	}
	for id, versions := range told { // only what was removed is told of and not there
		if !strings.HasPrefix(id, "gone") {
			t.Fatalf("thing %s is not there, and %v was told", id, versions)
		}
	}
	h.settle(t)
	var log bytes.Buffer
	_, err := h.audit.Export(ctx, &log, quiet)
	must(t, err)
	_, err = ledger.Verify(ctx, &log, []ledger.Key{h.logKey()}, quiet)
	must(t, err)
}

// embedded is an empty embedded store.
func embedded(t testing.TB) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// restless hides that a store can hold still.
type restless struct{ store.Backend }

// kinds are the ways a store is backed up from, and where it goes.
func kinds() iter.Seq2[string, func(testing.TB) (from, to store.Backend)] {
	return func(yield func(string, func(testing.TB) (store.Backend, store.Backend)) bool) {
		_ = yield("from the embedded store to MongoDB", func(t testing.TB) (store.Backend, store.Backend) {
			t.Helper()
			return embedded(t), mongotest.Open(t)
		}) && yield("from MongoDB to the embedded store", func(t testing.TB) (store.Backend, store.Backend) {
			t.Helper()
			return mongotest.Open(t), embedded(t)
		}) && yield("from a store that cannot hold still", func(t testing.TB) (store.Backend, store.Backend) {
			t.Helper()
			return restless{embedded(t)}, embedded(t)
		})
	}
}

// failer is a test, be it Go's or rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func is(t failer, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %v, got %v", want, err)
	}
}

func name(n int) string { return fmt.Sprintf("thing%03d", n) }
