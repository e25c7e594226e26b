package backup

import (
	"bytes"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Check reads everything in the file: whether each collection is what the tail says, no document is there twice, the
// journal has no gap, and the audit log holds.
func (f *File) Check(ctx context.Context, progress func(done, total int64)) error {
	keys, err := f.logKeys()
	if err != nil {
		return err
	}
	c := &checking{file: f, proof: newProof(keys)}
	total := f.tail.documents()
	for one, err := range f.documents {
		if err == nil {
			err = c.document(one.coll, one.doc)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if c.done++; c.done%progressEach == 0 {
			progress(c.done, total)
		}
	}
	return c.end()
}

func (f *File) logKeys() ([]ledger.Key, error) {
	var all []ledger.Key
	for _, s := range f.tail.LogKeys {
		k, err := ledger.ParseKey(s)
		if err != nil {
			return nil, broken("%q is no key of a log", s)
		}
		all = append(all, k)
	}
	return all, nil
}

// checking is a file as far as it was read.
type checking struct {
	file  *File
	proof *proof
	now   *tally
	had   []count
	done  int64
}

// document takes the next one.
func (c *checking) document(coll string, doc bson.Raw) error {
	if c.now == nil || c.now.Name != coll {
		if err := c.next(coll); err != nil {
			return err
		}
	}
	id, ok := doc.Lookup("_id").StringValueOK()
	if err := doc.Validate(); err != nil || !ok {
		return broken("a document of %s cannot be read", coll)
	}
	c.now.add(doc)
	if err := c.proof.take(coll, doc); err != nil || coll == events {
		return err
	}
	if id <= c.now.last && c.now.Documents > 1 {
		return broken("%s in %s is there twice or in the wrong place", id, coll)
	}
	c.now.last = id
	return nil
}

// next goes on to the next collection.
func (c *checking) next(coll string) error {
	if c.now != nil {
		c.had = append(c.had, c.now.sum())
	}
	known := slices.ContainsFunc(c.file.head.Collections, func(s shape) bool { return s.Name == coll })
	again := slices.ContainsFunc(c.had, func(d count) bool { return d.Name == coll })
	after := slices.ContainsFunc(c.had, func(d count) bool { return d.Name == events })
	if !known || again || after {
		return broken("%s stands in the wrong place", coll)
	}
	c.now = newTally(coll)
	return nil
}

// end compares with the tail.
func (c *checking) end() error {
	if c.now != nil {
		c.had = append(c.had, c.now.sum())
	}
	t := &c.file.tail
	for _, want := range t.Collections {
		got := newTally(want.Name).sum()
		if i := slices.IndexFunc(c.had, func(d count) bool { return d.Name == want.Name }); i >= 0 {
			got = c.had[i]
			c.had = slices.Delete(c.had, i, i+1)
		}
		if !got.equal(want) {
			return broken("%s has %d documents, not the %d that it says", want.Name, got.Documents, want.Documents)
		}
	}
	if len(c.had) > 0 {
		return broken("of %s it says nothing", c.had[0].Name)
	}
	if err := c.proof.end(); err != nil {
		return err
	}
	p := c.proof
	if p.tree.Size != t.Seq || p.size != t.TreeSize || !bytes.Equal(p.root[:], t.TreeRoot) || !bytes.Equal(p.event.Hash, t.Head) {
		return broken("its journal or its audit log is not the one it names")
	}
	return nil
}

// Fits says whether a program that keeps such collections can have what is in the file.
func (f *File) Fits(schemas []store.Schema) error {
	for _, has := range f.head.Collections {
		i := slices.IndexFunc(schemas, func(s store.Schema) bool { return s.Name == has.Name })
		if i < 0 {
			return newer("it holds %s", has.Name)
		}
		if known := max(schemas[i].Shape, 1); has.Shape > known {
			return newer("%s is of form %d, this program knows %d", has.Name, has.Shape, known)
		}
	}
	return nil
}
