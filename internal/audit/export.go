package audit

import (
	"context"
	"fmt"
	"io"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Export writes the whole log so that anyone can check it without us: every event, the newest checkpoint, and what the
// witnesses have counter-signed. It says how many events that were.
func (s *Service) Export(ctx context.Context, to io.Writer, progress func(done, total int64)) (int64, error) {
	if err := s.Settle(ctx); err != nil {
		return 0, err
	}
	h, err := s.ready(ctx)
	if err != nil {
		return 0, err
	}
	of := ledger.Head{Size: h.Size, Checkpoint: h.Note, Keys: append(s.keysOf(h), s.Witnesses...)}
	if err := s.witnesses(ctx, &of); err != nil {
		return 0, err
	}
	w, err := ledger.NewWriter(to, of)
	if err != nil {
		return 0, err
	}
	for at := int64(0); at < h.Size; {
		docs, err := s.Journal.Documents(ctx, at, int(min(eventsAtOnce, h.Size-at)))
		if err != nil {
			return 0, err
		}
		for _, doc := range docs {
			if _, err := leafOf(doc, at+1); err != nil {
				return 0, err
			}
			if err := w.Add(doc); err != nil {
				return 0, err
			}
			at++
		}
		if len(docs) == 0 {
			break // Close tells what is missing
		}
		progress(at, h.Size)
	}
	return h.Size, w.Close()
}

// witnesses puts into an export what was ever counter-signed. Who exports beside the server, or when it is off, has not been
// told of its witnesses; what they have signed was taken from registered ones alone.
func (s *Service) witnesses(ctx context.Context, of *ledger.Head) error {
	scan := store.Scan{Collection: logs, Branches: [][]any{{}}, Range: store.Range{Low: witnessPrefix, High: witnessPrefix + "~"}, Batch: 10}
	for doc, err := range s.db.Find(ctx, scan) {
		var w Witnessed
		if err == nil {
			err = bson.Unmarshal(doc, &w)
		}
		if err != nil {
			return fmt.Errorf("audit: witnesses: %w", err)
		}
		key, err := ledger.ParseKey(w.Key)
		if err != nil {
			return fmt.Errorf("audit: witness %s: %w", w.Name, err)
		}
		if w.Size > of.Size {
			continue
		}
		of.Witnessed = append(of.Witnessed, []byte(w.Note))
		if !slices.Contains(texted(of.Keys), w.Key) {
			of.Keys = append(of.Keys, key)
		}
	}
	return nil
}

func texted(keys []ledger.Key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.String())
	}
	return out
}
