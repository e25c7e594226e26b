package journal

import (
	"context"
	"fmt"
	"io"
	"maps"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// chain remembers of subjects the hash of their last entry. It is only ever as good as the relay's knowledge of the last
// place: an entry that was chained to another than the last one has a place that is taken, and is refused.
type chain map[string][]byte

// mostChained bounds the subjects that are remembered; the others are looked up.
const mostChained = 50_000

// keep takes over what was entered.
func (c *chain) keep(more chain) {
	if *c == nil || len(*c)+len(more) > mostChained {
		*c = chain{}
	}
	maps.Copy(*c, more)
}

// write makes the documents of events at the next places, each with the hash that proves it and that of its subject's
// event before.
func (r *relay) write(ctx context.Context, all []store.Event) (docs []bson.Raw, next chain, err error) {
	next = chain{}
	for i, e := range all {
		previous, err := r.previous(ctx, e, next)
		if err != nil {
			return nil, nil, err
		}
		doc, err := bson.Marshal(Entry{Event: e, Seq: r.last + int64(i) + 1, Rev: 1})
		if err != nil {
			return nil, nil, fmt.Errorf("event %s: %w", e.ID, err)
		}
		salt, err := r.salt()
		if err != nil {
			return nil, nil, fmt.Errorf("event %s: %w", e.ID, err)
		}
		sealed, hash, err := ledger.Seal(doc, salt, previous)
		if err != nil {
			return nil, nil, fmt.Errorf("event %s: %w", e.ID, err)
		}
		docs, next[e.Subject] = append(docs, sealed), hash[:]
	}
	return docs, next, nil
}

// previous is the hash of a subject's last event; nil where it has none.
func (r *relay) previous(ctx context.Context, e store.Event, next chain) ([]byte, error) {
	for _, known := range []chain{next, r.chain} {
		if h := known[e.Subject]; h != nil {
			return h, nil
		}
	}
	if e.ID == e.Subject+":1:0" {
		return nil, nil // told by the very write that made it
	}
	scan := store.Scan{Collection: events, Index: ofSubject, Prefix: 1, Branches: [][]any{{e.Subject}}, Reverse: true, Batch: 1}
	for doc, err := range r.j.o.Backend.Find(ctx, scan) {
		if err != nil {
			return nil, fmt.Errorf("journal: the event before %s: %w", e.ID, err)
		}
		_, h, _ := doc.Lookup("hash").BinaryOK()
		if len(h) != ledger.HashSize {
			return nil, fmt.Errorf("journal: the event before %s has no hash", e.ID)
		}
		return h, nil
	}
	return nil, nil
}

func (r *relay) salt() ([]byte, error) {
	salt := make([]byte, ledger.SaltSize)
	_, err := io.ReadFull(r.j.o.Random, salt)
	return salt, err
}
