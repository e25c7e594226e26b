package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of settling.
const (
	batch      = 500
	fewChanged = 500 // subjects that are read again without first looking for what changed meanwhile
	mostRounds = 12
	mostAgain  = 50 // rounds over documents that stood in each other's way
)

// settling copies a store that cannot hold still, while others write, so that the copy is as one of its states.
//
// A document is copied whole, with its events that nobody has moved yet; so whatever it shows was told, either in its own
// outbox or in the journal as it was at that moment. The journal is read after it, so the second is in the copy too. What
// is missing is the other half: a document that was copied before the change of an event that then got into the journal.
// Those are known by that very journal and are read again, round by round, until few have changed meanwhile; then the
// journal's last place is the copy's, and those few are read a last time. What they show that was told behind that place
// goes back into the outbox of the copy, as if the relay had not come yet.
//
// What no event tells is read after that, and at the very last the keys with which others are encrypted. Cursors are read
// first, so that nothing counts as handled whose work is not in the copy; so is the head of the audit log, whose tree is
// then no larger than the journal.
//
// Two documents may stand in each other's way: one was copied before it gave up a unique value, the other after it took
// it. The copy refuses the second; then both are read again.
type settling struct {
	Source
	to       store.Backend
	progress func(done, total int64)

	seq    int64
	fixed  bool                  // whether seq is
	read   int64                 // how far the journal behind seq was read
	behind map[string][]bson.Raw // events behind seq, by their subject
	again  map[ref]bool          // documents to be read again
	done   int64
	total  int64
}

// ref is a document of a collection.
type ref struct{ coll, id string }

// copy makes the copy.
func (c *settling) copy(ctx context.Context) error {
	c.behind, c.again = map[string][]bson.Raw{}, map[ref]bool{}
	all := copied(c.Schemas)
	for _, s := range all {
		bare := store.Schema{Name: s.Name, Shape: s.Shape}
		for _, ix := range s.Indexes {
			if ix.Unique {
				bare.Indexes = append(bare.Indexes, ix)
			}
		}
		if err := c.to.Ensure(ctx, bare); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		n, err := c.Backend.Count(ctx, byID(s.Name), most)
		if err != nil {
			return fmt.Errorf("backup: %s: %w", s.Name, err)
		}
		c.total += int64(n)
	}
	from, err := last(ctx, c.Backend)
	if err != nil {
		return err
	}
	destroyed, err := c.destroyed(ctx)
	if err != nil {
		return err
	}
	first, end := []string{followers, places, auditLog}, []string{dataKeys, shares}
	rest := slices.DeleteFunc(names(all), func(name string) bool {
		return slices.Contains(first, name) || slices.Contains(end, name) || slices.Contains(c.Told, name)
	})
	if err := c.collections(ctx, slices.Concat(first, c.Told)); err != nil {
		return err
	}
	if err := c.rounds(ctx, from); err != nil {
		return err
	}
	if err := c.collections(ctx, slices.Concat(rest, end)); err != nil {
		return err
	}
	now, err := c.destroyed(ctx)
	if err == nil && now != destroyed {
		err = fmt.Errorf("%w: a key of personal data was destroyed", ErrUnsettled)
	}
	return err
}

func names(all []store.Schema) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Name
	}
	return out
}

// destroyed counts the destroyed keys of personal data: what was copied before may be under one.
func (c *settling) destroyed(ctx context.Context) (n int, err error) {
	for doc, err := range c.Backend.Find(ctx, byID(dataKeys)) {
		if err != nil {
			return 0, fmt.Errorf("backup: %s: %w", dataKeys, err)
		}
		if len(doc.Lookup("destroyedAt").Value) > 0 {
			n++
		}
	}
	return n, nil
}

// collections copies whole collections, and what stands in each other's way in them once more.
func (c *settling) collections(ctx context.Context, names []string) error {
	for _, name := range names {
		scan := byID(name)
		scan.Reverse = name == auditLog // what witnesses have signed, and then the head, which is no older
		var page []bson.Raw
		for doc, err := range c.Backend.Find(ctx, scan) {
			if err != nil {
				return fmt.Errorf("backup: %s: %w", name, err)
			}
			if page = append(page, doc); len(page) < batch {
				continue
			}
			if err := c.keep(ctx, name, page); err != nil {
				return err
			}
			page = page[:0]
		}
		if err := c.keep(ctx, name, page); err != nil {
			return err
		}
	}
	return c.untangle(ctx)
}

// keep copies a page.
func (c *settling) keep(ctx context.Context, coll string, page []bson.Raw) error {
	for left := page; len(left) > 0; {
		n, err := c.to.InsertMany(ctx, coll, left)
		if _, refused := errors.AsType[*store.ExistsError](err); refused {
			left = left[n:]
			err = c.put(ctx, coll, left[0])
			n = 1
		}
		if err != nil {
			return fmt.Errorf("backup: copy of %s: %w", coll, err)
		}
		left = left[n:]
	}
	c.done += int64(len(page))
	c.progress(c.done, max(c.done, 2*c.total))
	return nil
}

// put copies a document in place of an earlier copy. Whoever holds a unique value of it goes, and both are read again.
func (c *settling) put(ctx context.Context, coll string, doc bson.Raw) error {
	id, _ := doc.Lookup("_id").StringValueOK()
	for {
		had, err := c.to.Get(ctx, coll, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			err = c.to.Insert(ctx, coll, doc)
		case err == nil:
			rev, _ := had.Lookup("rev").AsInt64OK()
			err = c.to.Replace(ctx, coll, rev, doc)
		}
		exists, taken := errors.AsType[*store.ExistsError](err)
		if !taken {
			return err
		}
		if err := c.evict(ctx, coll, exists.Index, doc); err != nil {
			return err
		}
		c.again[ref{coll, id}] = true
	}
}

// evict takes the copies out that hold a unique value of a document.
func (c *settling) evict(ctx context.Context, coll, index string, doc bson.Raw) error {
	for _, s := range c.Schemas {
		for _, ix := range s.Indexes {
			if s.Name != coll || ix.Name() != index {
				continue
			}
			scan := store.Scan{Collection: coll, Index: ix, Prefix: len(ix.On), Branches: valuesOf(doc, ix), Batch: batch}
			for held, err := range c.to.Find(ctx, scan) {
				if err != nil {
					return err
				}
				id, _ := held.Lookup("_id").StringValueOK()
				c.again[ref{coll, id}] = true
				if err := c.drop(ctx, coll, held); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// valuesOf are the values that a document has in a unique index.
func valuesOf(doc bson.Raw, ix store.Index) [][]any {
	out := [][]any{nil}
	for _, f := range ix.On {
		values, _, _ := store.At(doc, f.Path)
		var next [][]any
		for _, head := range out {
			for _, v := range values {
				next = append(next, append(slices.Clone(head), v))
			}
		}
		out = next
	}
	return out[:min(len(out), store.MaxBranches)]
}

func (c *settling) drop(ctx context.Context, coll string, held bson.Raw) error {
	id, _ := held.Lookup("_id").StringValueOK()
	rev, _ := held.Lookup("rev").AsInt64OK()
	return c.to.Delete(ctx, coll, id, rev)
}

// rounds reads again what has changed since a place in the journal, until the copy has a place.
func (c *settling) rounds(ctx context.Context, from int64) error {
	for round := 1; !c.fixed; round++ {
		to, err := last(ctx, c.Backend)
		if err != nil {
			return err
		}
		changed, err := c.subjects(ctx, from, to)
		if err != nil {
			return err
		}
		if len(changed) <= fewChanged || round == mostRounds {
			c.seq, c.read, c.fixed = to, to, true
		}
		for some := range slices.Chunk(changed, batch) {
			for _, coll := range c.Told {
				if err := c.reread(ctx, coll, some); err != nil {
					return err
				}
			}
		}
		from = to
	}
	return c.untangle(ctx)
}

// subjects are those of the events between two places, each once.
func (c *settling) subjects(ctx context.Context, after, to int64) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for doc, err := range c.Backend.Find(ctx, journalFrom(after, to)) {
		if err != nil {
			return nil, fmt.Errorf("backup: the journal: %w", err)
		}
		if s, _ := doc.Lookup("subject").StringValueOK(); !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out, nil
}

// untangle reads again what stood in each other's way.
func (c *settling) untangle(ctx context.Context) error {
	for range mostAgain {
		if len(c.again) == 0 {
			return nil
		}
		ids := map[string][]string{}
		for r := range c.again {
			ids[r.coll] = append(ids[r.coll], r.id)
		}
		clear(c.again)
		for coll, some := range ids {
			if err := c.reread(ctx, coll, some); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%w: unique values go from one to the other", ErrUnsettled)
}

// reread copies documents once more. What is gone goes from the copy too.
func (c *settling) reread(ctx context.Context, coll string, ids []string) error {
	docs, err := c.Backend.GetMany(ctx, coll, ids)
	if err != nil {
		return fmt.Errorf("backup: %s: %w", coll, err)
	}
	if err := c.lookBehind(ctx); err != nil {
		return err
	}
	for i, doc := range docs {
		if doc == nil {
			had, err := c.to.Get(ctx, coll, ids[i])
			if err == nil {
				err = c.drop(ctx, coll, had)
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("backup: copy of %s: %w", coll, err)
			}
			continue
		}
		doc, err := takeBack(doc, c.behind[ids[i]])
		if err == nil {
			err = c.put(ctx, coll, doc)
		}
		if err != nil {
			return fmt.Errorf("backup: copy of %s %s: %w", coll, ids[i], err)
		}
	}
	return nil
}

// lookBehind reads what the journal has got behind the copy's place.
func (c *settling) lookBehind(ctx context.Context) error {
	if !c.fixed {
		return nil
	}
	scan := journalFrom(c.read, 0)
	scan.Range.High = nil
	for doc, err := range c.Backend.Find(ctx, scan) {
		if err != nil {
			return fmt.Errorf("backup: the journal: %w", err)
		}
		s, _ := doc.Lookup("subject").StringValueOK()
		c.behind[s] = append(c.behind[s], doc)
		c.read, _ = doc.Lookup("seq").AsInt64OK()
	}
	return nil
}
