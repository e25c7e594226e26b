package audit

import (
	"context"
	"io"

	"github.com/cobuild/cobuild/internal/platform/ledger"
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
	by, err := s.WitnessedBy(ctx)
	if err != nil {
		return 0, err
	}
	of := ledger.Head{Size: h.Size, Checkpoint: h.Note, Keys: append(s.keysOf(h), s.Witnesses...)}
	for _, w := range by {
		if w.Size <= h.Size {
			of.Witnessed = append(of.Witnessed, []byte(w.Note))
		}
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
