package backup

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

func newer(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNewer, fmt.Sprintf(format, args...))
}

// marks holds the mark of a restore: while it is under way, nobody may use the store.
const marks = "restores"

// theMark is its document.
const theMark = "restore"

// mark says what is being restored, or was.
type mark struct {
	ID     string     `bson:"_id"`
	Rev    int64      `bson:"rev"`
	File   string     `bson:"file"` // digest of the backup
	Seq    int64      `bson:"seq"`
	Made   time.Time  `bson:"made"` // the backup
	Begun  time.Time  `bson:"begun"`
	DoneAt *time.Time `bson:"doneAt,omitempty"`
}

// MarkSchema is how marks are kept.
func MarkSchema() store.Schema { return store.Schema{Name: marks, Shape: 1} }

// Usable refuses a store with ErrHalf that a restore left half done.
func Usable(ctx context.Context, db store.Backend) error {
	if err := db.Ensure(ctx, MarkSchema()); err != nil {
		return fmt.Errorf("backup: prepare %s: %w", marks, err)
	}
	m, err := marked(ctx, db)
	if err == nil && m != nil && m.DoneAt == nil {
		err = ErrHalf
	}
	return err
}

// Half says whether a restore left a store half done, without making anything ready in it.
func Half(ctx context.Context, db interface {
	store.Reader
	store.Lister
},
) (bool, error) {
	filled, err := db.Filled(ctx)
	if err != nil || !slices.Contains(filled, marks) {
		return false, err
	}
	m, err := marked(ctx, db)
	return m != nil && m.DoneAt == nil, err
}

// marked is the store's mark; nil where it has none.
func marked(ctx context.Context, db store.Reader) (*mark, error) {
	doc, err := db.Get(ctx, marks, theMark)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // most stores were never restored
	}
	m := &mark{}
	if err == nil {
		err = bson.Unmarshal(doc, m)
	}
	if err != nil {
		return nil, fmt.Errorf("backup: the mark of a restore: %w", err)
	}
	return m, nil
}

// Target is where a backup is restored to.
type Target struct {
	Backend  store.Backend
	Schemas  []store.Schema // of every collection that the program keeps
	Now      func() time.Time
	Progress func(done, total int64)
}

// Restore writes what is in a file, which Check has found good, into an empty store. It marks the store first, compares
// afterwards everything that is there with the file, goes through the audit log once more, and only then takes the mark
// away. Broken off anywhere, it leaves a store that Usable refuses.
func (f *File) Restore(ctx context.Context, to Target) error {
	if err := f.Fits(to.Schemas); err != nil {
		return err
	}
	if l, ok := to.Backend.(store.Lister); ok {
		filled, err := l.Filled(ctx)
		if err == nil && len(filled) > 0 {
			err = fmt.Errorf("%w: it holds %s", ErrFilled, filled[0])
		}
		if err != nil {
			return err
		}
	}
	m, err := f.begin(ctx, to)
	if err != nil {
		return err
	}
	r := &restoring{Target: to, file: f, total: 2 * f.tail.documents()}
	if err := r.write(ctx); err != nil {
		return err
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	at := to.Now().UTC()
	m.DoneAt, m.Rev = &at, 2
	doc, err := bson.Marshal(m)
	if err == nil {
		err = to.Backend.Replace(ctx, marks, 1, doc)
	}
	if err != nil {
		return fmt.Errorf("backup: the mark of a restore: %w", err)
	}
	return nil
}

// begin marks the store and makes its collections ready.
func (f *File) begin(ctx context.Context, to Target) (*mark, error) {
	m := &mark{
		ID: theMark, Rev: 1, File: hex.EncodeToString(f.sum), Seq: f.tail.Seq, Made: f.head.Created, Begun: to.Now().UTC(),
	}
	err := to.Backend.Ensure(ctx, MarkSchema())
	var doc bson.Raw
	if err == nil {
		doc, err = bson.Marshal(m)
	}
	if err == nil {
		err = to.Backend.Insert(ctx, marks, doc)
	}
	if err != nil {
		return nil, fmt.Errorf("backup: the mark of a restore: %w", err)
	}
	for _, s := range to.Schemas {
		if err := to.Backend.Ensure(ctx, s); err != nil {
			return nil, fmt.Errorf("backup: prepare %s: %w", s.Name, err)
		}
	}
	return m, nil
}

// restoring is a restore under way.
type restoring struct {
	Target
	file  *File
	done  int64
	total int64
}

// Bounds of one write.
const (
	docsAtOnce  = 500
	bytesAtOnce = 4 << 20
)

// write writes everything.
func (r *restoring) write(ctx context.Context) error {
	var page []bson.Raw
	of, size := "", 0
	flush := func() error {
		if len(page) == 0 {
			return nil
		}
		if _, err := r.Backend.InsertMany(ctx, of, page); err != nil {
			return fmt.Errorf("backup: write %s: %w", of, err)
		}
		r.step(len(page))
		page, size = page[:0], 0
		return ctx.Err()
	}
	for one, err := range r.file.documents {
		if err != nil {
			return err
		}
		if one.coll != of || len(page) == docsAtOnce || size > bytesAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
		of, page, size = one.coll, append(page, one.doc), size+len(one.doc)
	}
	return flush()
}

func (r *restoring) step(n int) {
	r.done += int64(n)
	r.Progress(r.done, r.total)
}

// compare reads everything that is in the store now.
func (r *restoring) compare(ctx context.Context) error {
	keys, err := r.file.logKeys()
	if err != nil {
		return err
	}
	p := newProof(keys)
	for _, want := range r.file.tail.Collections {
		got := newTally(want.Name)
		scan := byID(want.Name)
		if want.Name == events {
			scan = journalFrom(0, r.file.tail.Seq)
			scan.Range.High = nil
		}
		for doc, err := range r.Backend.Find(ctx, scan) {
			if err == nil {
				err = p.take(want.Name, doc)
			}
			if err != nil {
				return fmt.Errorf("backup: read back %s: %w", want.Name, err)
			}
			if got.add(doc); got.Documents%progressEach == 0 {
				r.step(progressEach)
			}
		}
		if !got.sum().equal(want) {
			return fmt.Errorf("%w: %s has %d documents, and should have %d", ErrDiffers, want.Name, got.Documents, want.Documents)
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	if !bytes.Equal(p.root[:], r.file.tail.TreeRoot) {
		return fmt.Errorf("%w: its root is another", ErrLog)
	}
	r.Progress(r.total, r.total)
	return nil
}
