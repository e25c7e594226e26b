package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// most is more documents than any collection has.
const most = 1 << 40

// Write writes a backup of a store that is in use, and says what is in it. What it has written is of no use unless it
// returns without an error.
func (s Source) Write(ctx context.Context, to io.Writer, o Options) (Summary, error) {
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	job := &writing{Source: s, o: o}
	if h, ok := s.Backend.(store.Holder); ok {
		err := h.Hold(ctx, func(still store.Reader) (err error) {
			job.from, job.journal = still, still
			if job.seq, err = last(ctx, still); err == nil {
				err = job.write(ctx, to)
			}
			return err
		})
		return job.Summary, err
	}
	still, forget, err := s.Scratch()
	if err != nil {
		return Summary{}, fmt.Errorf("backup: a place to copy to first: %w", err)
	}
	err = job.settled(ctx, still)
	if err == nil {
		err = job.write(ctx, to)
	}
	return job.Summary, errors.Join(err, forget())
}

// writing is one backup under way.
type writing struct {
	Source
	Summary
	o Options

	from    store.Reader // documents that hold still
	journal store.Reader // the journal, of which nothing changes up to seq
	seq     int64
	out     *writer
	done    int64
	total   int64
	keys    map[string]bool // of the keyring, that documents name
	waiting int64
	proof   *proof
}

// settled copies the store to scratch, so that the copy is as a state of it.
func (w *writing) settled(ctx context.Context, scratch store.Backend) error {
	c := &settling{Source: w.Source, to: scratch, progress: w.o.Progress}
	if err := c.copy(ctx); err != nil {
		return err
	}
	w.from, w.journal, w.seq = scratch, w.Backend, c.seq
	return nil
}

// write writes the whole file.
func (w *writing) write(ctx context.Context, to io.Writer) error {
	h := head{Format: format, Form: form, Program: w.Program, Created: w.Now().UTC(), Compression: packedZstd}
	if w.o.Plain {
		h.Compression = packedPlain
	}
	all := copied(w.Schemas)
	for _, s := range all {
		h.Collections = append(h.Collections, shape{s.Name, max(s.Shape, 1)})
	}
	h.Collections = append(h.Collections, shape{events, 1})
	if err := w.countAll(ctx, all); err != nil {
		return err
	}
	var err error
	if w.out, err = newWriter(to, h); err != nil {
		return err
	}
	w.keys, w.proof = map[string]bool{}, newProof(w.LogKeys)
	for _, s := range all {
		if err := w.collection(ctx, s.Name, w.from.Find(ctx, byID(s.Name))); err != nil {
			return fmt.Errorf("backup: %s: %w", s.Name, err)
		}
	}
	if err := w.collection(ctx, events, w.journal.Find(ctx, journalFrom(0, w.seq))); err != nil {
		return fmt.Errorf("backup: %s: %w", events, err)
	}
	return w.end()
}

// countAll finds out how much there is to do.
func (w *writing) countAll(ctx context.Context, all []store.Schema) error {
	w.done, w.total = 0, w.seq
	for _, s := range all {
		n, err := w.from.Count(ctx, byID(s.Name), most)
		if err != nil {
			return fmt.Errorf("backup: %s: %w", s.Name, err)
		}
		w.total += int64(n)
	}
	return nil
}

// collection writes one collection.
func (w *writing) collection(ctx context.Context, name string, docs func(func(bson.Raw, error) bool)) error {
	if err := w.out.begin(name); err != nil {
		return err
	}
	for doc, err := range docs {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		keep, err := w.look(name, doc)
		if err != nil {
			return err
		}
		if keep {
			if err := w.out.add(doc); err != nil {
				return err
			}
			w.Documents++
		}
		if w.done++; w.done%progressEach == 0 {
			w.o.Progress(w.done, max(w.total, w.done))
		}
	}
	return w.out.finish()
}

// progressEach is how many documents pass between two reports.
const progressEach = 1000

// look learns from a document what the tail says, and whether the document is one to keep.
func (w *writing) look(coll string, doc bson.Raw) (keep bool, err error) {
	switch coll {
	case events:
		return true, w.proof.add(doc)
	case auditLog:
		return true, w.proof.log(doc)
	case tiles:
		if !fullTile(doc, w.proof.size) {
			return false, nil
		}
		w.proof.tile(doc)
		return true, nil
	}
	if box, ok := doc.Lookup("outbox").ArrayOK(); ok {
		all, err := box.Values()
		if err != nil {
			return false, err
		}
		w.waiting += int64(len(all))
	}
	return true, keysIn(doc, w.Keys, w.keys)
}

// fullTile says whether a tile is full in a tree of a size. Others may be written ahead of the tree.
func fullTile(doc bson.Raw, size int64) bool {
	var level int
	var n int64
	id, _ := doc.Lookup("_id").StringValueOK()
	if _, err := fmt.Sscanf(id, "%d/%d", &level, &n); err != nil || level < 0 || level > 7 {
		return false
	}
	return n < size>>(ledger.Height*(level+1))
}

// end writes the tail.
func (w *writing) end() error {
	if err := w.proof.end(); err != nil {
		return err
	}
	if w.proof.tree.Size != w.seq {
		return fmt.Errorf("%w: the journal ends at %d, not at %d", ErrLog, w.proof.tree.Size, w.seq)
	}
	t := tail{
		Seq: w.seq, Waiting: w.waiting, TreeSize: w.proof.size, TreeRoot: w.proof.root[:],
		Keys: slices.Sorted(maps.Keys(w.keys)),
	}
	if w.seq > 0 {
		t.Head = slices.Clone(w.proof.event.Hash)
	}
	for _, k := range w.LogKeys {
		t.LogKeys = append(t.LogKeys, k.String())
	}
	var err error
	w.Seq = w.seq
	w.Bytes, err = w.out.close(t)
	w.o.Progress(w.done, w.done)
	return err
}

// last is the journal's last place.
func last(ctx context.Context, from store.Reader) (int64, error) {
	scan := store.Scan{Collection: events, Index: bySeq, Branches: [][]any{{}}, Reverse: true, Batch: 1}
	scan.Range = store.Range{Low: int64(0)}
	for doc, err := range from.Find(ctx, scan) {
		if err != nil {
			return 0, fmt.Errorf("backup: the journal's end: %w", err)
		}
		seq, _ := doc.Lookup("seq").AsInt64OK()
		return seq, nil
	}
	return 0, nil
}
