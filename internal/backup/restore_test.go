package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// small is a backup of a few things, and what its house keeps.
func small(t *testing.T, o backup.Options) ([]byte, []store.Schema) {
	t.Helper()
	h := open(t, embedded(t))
	for n := range 20 {
		must(t, h.add(t.Context(), name(n), fmt.Sprint("code", n)))
	}
	h.settle(t)
	must(t, h.add(t.Context(), "waits", "")) // in its outbox
	raw, _ := backedUp(t, h.source(t), o)
	return raw, h.schemas
}

func TestARestoreBrokenOffAtAnyWriteLeavesAStoreThatNobodyUses(t *testing.T) {
	raw, schemas := small(t, backup.Options{})
	f := opened(t, raw)
	for fails := 1; ; fails++ {
		db := &failing{Backend: embedded(t), left: fails}
		to := backup.Target{Backend: db, Schemas: schemas, Now: time.Now, Progress: quiet}
		err := f.Restore(t.Context(), to)
		if err == nil {
			if fails < 5 {
				t.Fatalf("a restore of %d writes", fails-1)
			}
			must(t, backup.Usable(t.Context(), db.Backend))
			return
		}
		is(t, err, errFull)
		if fails > 1 { // before the first write there is nothing to refuse
			is(t, backup.Usable(t.Context(), db.Backend), backup.ErrHalf)
			is(t, f.Restore(t.Context(), backup.Target{Backend: db.Backend, Schemas: schemas, Now: time.Now, Progress: quiet}), backup.ErrFilled)
		}
	}
}

// failing is a store that fails at one of its writes and from then on.
type failing struct {
	store.Backend
	left int
}

func (f *failing) write() error {
	if f.left--; f.left <= 0 {
		return errFull
	}
	return nil
}

func (f *failing) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Backend.Insert(ctx, coll, doc)
}

func (f *failing) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	if err := f.write(); err != nil {
		return 0, err
	}
	return f.Backend.InsertMany(ctx, coll, docs)
}

func (f *failing) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Backend.Replace(ctx, coll, rev, doc)
}

func TestOnlyAnEmptyStoreIsRestoredInto(t *testing.T) {
	raw, schemas := small(t, backup.Options{})
	f := opened(t, raw)
	for _, db := range []store.Backend{embedded(t), mongotest.Open(t)} {
		must(t, db.Ensure(t.Context(), store.Schema{Name: "somebody-elses"}))
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: "x"}, {Key: "rev", Value: int64(1)}})
		must(t, err)
		must(t, db.Insert(t.Context(), "somebody-elses", doc))
		is(t, f.Restore(t.Context(), backup.Target{Backend: db, Schemas: schemas, Now: time.Now, Progress: quiet}), backup.ErrFilled)
		filled, err := db.(store.Lister).Filled(t.Context())
		must(t, err)
		if len(filled) != 1 {
			t.Errorf("it has left %v", filled)
		}
	}
}

func TestAStoreThatKeepsSomethingElseIsNoRestore(t *testing.T) {
	raw, schemas := small(t, backup.Options{})
	f := opened(t, raw)
	db := &forgetful{Backend: embedded(t)}
	is(t, f.Restore(t.Context(), backup.Target{Backend: db, Schemas: schemas, Now: time.Now, Progress: quiet}), backup.ErrDiffers)
	is(t, backup.Usable(t.Context(), db), backup.ErrHalf)
}

// forgetful is a store that loses the last document of what it is given.
type forgetful struct{ store.Backend }

func (f *forgetful) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	if coll == "things" {
		docs = docs[:len(docs)-1]
	}
	return f.Backend.InsertMany(ctx, coll, docs)
}

func TestABackupOfANewerProgramIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	raw, schemas := small(t, backup.Options{})
	f := opened(t, raw)
	is(t, f.Fits(schemas[:2]), backup.ErrNewer)
	older := make([]store.Schema, len(schemas))
	copy(older, schemas)
	db := embedded(t)
	h := open(t, embedded(t))
	h.schemas = append(h.schemas[:0:0], schemas...)
	for i := range h.schemas {
		if h.schemas[i].Name == "things" {
			h.schemas[i].Shape = 3
		}
	}
	h.settle(t)
	raw, _ = backedUp(t, h.source(t), backup.Options{})
	is(t, opened(t, raw).Restore(t.Context(), backup.Target{Backend: db, Schemas: older, Now: time.Now, Progress: quiet}), backup.ErrNewer)
	if filled, err := db.(store.Lister).Filled(t.Context()); err != nil || len(filled) > 0 {
		t.Errorf("it holds %v (%v)", filled, err)
	}
}

func TestEveryChangedByteAndEveryMissingEndIsFound(t *testing.T) {
	for _, plain := range []bool{true, false} {
		raw, _ := small(t, backup.Options{Plain: plain})
		for at := range raw {
			bad := bytes.Clone(raw)
			bad[at] ^= 1 << (at % 8)
			if _, err := backup.Open(t.Context(), bytes.NewReader(bad), int64(len(bad)), quiet); err == nil {
				t.Fatalf("byte %d of %d may be changed", at, len(raw))
			}
		}
		for _, n := range []int{0, 1, 4, 30, 100, len(raw) / 2, len(raw) - 44, len(raw) - 8, len(raw) - 1} {
			_, err := backup.Open(t.Context(), bytes.NewReader(raw[:n]), int64(n), quiet)
			if n > 100 {
				is(t, err, backup.ErrShort)
			} else if err == nil {
				t.Fatalf("%d bytes are enough", n)
			}
		}
		longer := append(bytes.Clone(raw), 0)
		if _, err := backup.Open(t.Context(), bytes.NewReader(longer), int64(len(longer)), quiet); err == nil {
			t.Error("something may stand behind the end")
		}
	}
}

func TestWhatIsNoBackupIsSaidToBeNone(t *testing.T) {
	for _, text := range []string{"", "dear friends", string(make([]byte, 5000)), "\x30\x00\x00\x00\x02format\x00\x08\x00\x00\x00another\x00"} {
		_, err := backup.Open(t.Context(), bytes.NewReader([]byte(text)), int64(len(text)), quiet)
		is(t, err, backup.ErrForeign)
	}
	raw, _ := small(t, backup.Options{Plain: true})
	at := bytes.Index(raw, []byte("\x10form\x00"))
	raw[at+6] = 9
	_, err := backup.Open(t.Context(), bytes.NewReader(raw), int64(len(raw)), quiet)
	is(t, err, backup.ErrNewer)
}
