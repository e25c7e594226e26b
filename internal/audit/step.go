package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/mod/sumdb/note"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of the log's work.
const (
	eventsAtOnce = 1000                   // laid into the tree before the next checkpoint
	rest         = 250 * time.Millisecond // between checkpoints, while events come
	look         = time.Second            // how often to look for events that other nodes have moved
)

// Run lays events into the tree as they come, until ctx ends. An event is in a signed checkpoint within a second.
func (s *Service) Run(ctx context.Context) error {
	woken := s.Journal.Tail()
	for ctx.Err() == nil {
		if err := s.Settle(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "audit: the log could not grow and will be tried again", "error", err)
		}
		pause(ctx, rest, nil)
		pause(ctx, look, woken)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-woken:
	case <-t.C:
	}
}

// Settle lays everything that the journal has into the tree.
func (s *Service) Settle(ctx context.Context) error {
	for {
		n, err := s.Step(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// Step lays the next events into the tree, writes the tiles that they fill and signs a checkpoint. It says how many events
// that were, also where another node was faster.
func (s *Service) Step(ctx context.Context) (int, error) {
	h, err := s.head(ctx)
	if err != nil {
		return 0, err
	}
	if h.Origin == "" {
		return 0, nil
	}
	docs, err := s.Journal.Documents(ctx, h.Size, eventsAtOnce)
	if err != nil || len(docs) == 0 && h.Rev > 0 {
		return 0, err
	}
	t := h.tree()
	var full []ledger.Tile
	for _, doc := range docs {
		leaf, err := leafOf(doc, t.Size+1)
		if err != nil {
			return 0, err
		}
		full = append(full, t.Add(leaf)...)
	}
	if err := s.keep(ctx, full); err != nil {
		return 0, err
	}
	if err := s.sign(ctx, h, &t); err != nil {
		return 0, err
	}
	return len(docs), nil
}

// leafOf is the hash of the event that has the place.
func leafOf(doc bson.Raw, seq int64) (ledger.Hash, error) {
	got, _ := doc.Lookup("seq").AsInt64OK()
	_, hash, _ := doc.Lookup("hash").BinaryOK()
	if got != seq || len(hash) != ledger.HashSize {
		return ledger.Hash{}, fmt.Errorf("audit: the journal has no event with a hash at place %d", seq)
	}
	return ledger.Hash(hash), nil
}

// keep writes full tiles, which share a commit. Another node may have written some of the very same.
func (s *Service) keep(ctx context.Context, full []ledger.Tile) error {
	docs := make([]bson.Raw, len(full))
	for i, t := range full {
		var err error
		if docs[i], err = bson.Marshal(bson.D{{Key: "_id", Value: tileID(t.Level, t.N)}, {Key: "rev", Value: int64(1)}, {Key: "data", Value: t.Data}}); err != nil {
			return fmt.Errorf("audit: tile: %w", err)
		}
	}
	for len(docs) > 0 {
		kept, err := s.db.InsertMany(ctx, tiles, docs)
		if err == nil {
			return nil
		}
		if _, exists := errors.AsType[*store.ExistsError](err); !exists {
			return fmt.Errorf("audit: tile: %w", err)
		}
		docs = docs[kept+1:] // the one that is there already is left out
	}
	return nil
}

// sign signs a checkpoint of the tree and makes it the head, where no other node has moved the head meanwhile.
func (s *Service) sign(ctx context.Context, was *head, t *ledger.Tree) error {
	c := ledger.Checkpoint{Origin: was.Origin, Size: t.Size, Root: t.Root()}
	var signers []note.Signer
	for _, k := range s.Keys() {
		signers = append(signers, ledger.LogSigner(was.Origin, k))
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		return fmt.Errorf("audit: checkpoint: %w", err)
	}
	now := head{ID: headID, Rev: was.Rev + 1, Origin: was.Origin, Size: t.Size, Edges: t.Edges, Note: signed, At: s.Now().UTC().Truncate(time.Millisecond)}
	doc, err := bson.Marshal(now)
	if err == nil && was.Rev == 0 {
		err = s.db.Insert(ctx, logs, doc)
	} else if err == nil {
		err = s.db.Replace(ctx, logs, was.Rev, doc)
	}
	if _, exists := errors.AsType[*store.ExistsError](err); exists || errors.Is(err, store.ErrConflict) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("audit: head: %w", err)
	}
	return nil
}
