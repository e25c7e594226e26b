package journal

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Erase takes a person out of everything that the journal keeps: wherever they stand as who acted, or as a member of what
// an event carries, a commitment is left that nobody can open any more. Hashes, chains and proofs stay as they are. It
// says how many entries it has changed. Broken off, it is done again without harm, and goes on where it was.
func (j *Journal) Erase(ctx context.Context, person string) (int, error) {
	if person == "" || person == "system" {
		return 0, nil
	}
	erased := 0
	defer j.forget()
	for _, index := range []store.Index{byActor, byPerson} {
		scan := store.Scan{Collection: events, Index: index, Prefix: 1, Branches: [][]any{{person}}, Batch: pageSize}
		for {
			docs, err := j.some(ctx, scan, pageSize)
			if err != nil {
				return erased, err
			}
			for _, doc := range docs {
				if err := j.erase(ctx, doc, person); err != nil {
					return erased, err
				}
				erased++
			}
			if len(docs) == 0 { // what is erased has left the index
				break
			}
		}
	}
	return erased, nil
}

func (j *Journal) erase(ctx context.Context, doc bson.Raw, person string) error {
	id, _ := doc.Lookup("_id").StringValueOK()
	left, changed, err := ledger.Erase(doc, func(f *ledger.Field) bool { s, ok := f.Text(); return ok && s == person })
	if err == nil && changed {
		err = j.replace(ctx, doc, left)
	}
	if errors.Is(err, store.ErrConflict) {
		return nil // another node does the same; it is looked at again
	}
	if err != nil {
		return fmt.Errorf("journal: erase in %s: %w", id, err)
	}
	return nil
}

// replace keeps an entry in another form, where nobody else did meanwhile.
func (j *Journal) replace(ctx context.Context, was, is bson.Raw) error {
	rev, _ := was.Lookup("rev").AsInt64OK()
	is, err := ledger.Counted(is, rev+1)
	if err != nil {
		return err
	}
	return j.o.Backend.Replace(ctx, events, rev, is)
}

// adopt gives hashes to entries of before the journal had any. Where several nodes do it at once, the slower ones begin
// again.
func (r *relay) adopt(ctx context.Context) error {
	hashes := chain{}
	for at := int64(0); ; {
		docs, err := r.j.Documents(ctx, at, pageSize)
		if err != nil || len(docs) == 0 {
			return err
		}
		for _, doc := range docs {
			e, err := EntryOf(doc)
			if err != nil {
				return err
			}
			if at = e.Seq; e.Hash == nil {
				if e.Hash, err = r.adoptOne(ctx, doc, hashes[e.Subject]); err != nil {
					return fmt.Errorf("journal: hash of %s: %w", e.ID, err)
				}
			}
			hashes[e.Subject] = e.Hash
		}
	}
}

func (r *relay) adoptOne(ctx context.Context, doc bson.Raw, previous []byte) ([]byte, error) {
	salt, err := r.salt()
	if err != nil {
		return nil, err
	}
	sealed, hash, err := ledger.Seal(doc, salt, previous)
	if err != nil {
		return nil, err
	}
	if err := r.j.replace(ctx, doc, sealed); err != nil {
		if errors.Is(err, store.ErrConflict) {
			err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		return nil, err
	}
	return hash[:], nil
}
