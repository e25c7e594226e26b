// Package audit keeps the log by which anyone can prove that nothing of what happened was lost or changed: it lays every
// event of the journal into one Merkle tree, signs checkpoints of it, takes counter-signatures of witnesses, and proves
// to everybody what they may know of.
//
// The tree follows the journal, its size is the place of the last event in it. Whatever is written for it is the same on
// every node and at every repeat; the head, which alone changes, is replaced only where nobody else did. So nodes need not
// agree on who does it.
package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Service keeps the log.
type Service struct {
	Journal *journal.Journal
	Now     func() time.Time
	Log     *slog.Logger
	// Origin is the name that a log begins under, and keeps: whoever follows it knows it by that. Where it is empty, as in
	// commands beside a server, a log that has not begun is left so.
	Origin string
	// Keys sign checkpoints, the current one first. The one before it signs along, so that who knows only that one learns
	// from a checkpoint they can trust that there is another.
	Keys func() []ed25519.PrivateKey
	// Witnesses are whose counter-signatures are taken.
	Witnesses []ledger.Key

	db    store.Backend
	table authz.Table
}

// Collections of the log.
const (
	logs  = "audit_log"
	tiles = "audit_tiles"
)

// headID is the document of the log's head in logs; beside it there is one of each witness.
const headID = "head"

// head is how far the log has come.
type head struct {
	ID     string    `bson:"_id"`
	Rev    int64     `bson:"rev"`
	Origin string    `bson:"origin"` // the log's name
	Size   int64     `bson:"size"`
	Edges  [][]byte  `bson:"edges"` // of the tree
	Note   []byte    `bson:"note"`  // the signed checkpoint
	At     time.Time `bson:"at"`    // when it was signed
}

func (h *head) tree() ledger.Tree {
	t := ledger.Tree{Size: h.Size, Edges: h.Edges}
	return t.Clone()
}

// Open makes the log ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.db, s.table = db, access.Table()
	for _, name := range []string{logs, tiles} {
		if err := db.Ensure(ctx, store.Schema{Name: name, Shape: 1}); err != nil {
			return nil, fmt.Errorf("audit: prepare %s: %w", name, err)
		}
	}
	return &s, nil
}

// head is the log's head; an empty one where nothing was signed yet.
func (s *Service) head(ctx context.Context) (*head, error) {
	h := &head{ID: headID, Origin: s.Origin}
	doc, err := s.db.Get(ctx, logs, headID)
	if errors.Is(err, store.ErrNotFound) {
		return h, nil
	}
	if err == nil {
		err = bson.Unmarshal(doc, h)
	}
	if err != nil {
		return nil, fmt.Errorf("audit: head: %w", err)
	}
	return h, nil
}

// tile loads a full tile.
func (s *Service) tile(ctx context.Context) func(level int, n int64) ([]byte, error) {
	return func(level int, n int64) ([]byte, error) {
		doc, err := s.db.Get(ctx, tiles, tileID(level, n))
		if errors.Is(err, store.ErrNotFound) {
			return nil, ledger.ErrNoTile
		}
		if err != nil {
			return nil, fmt.Errorf("audit: tile: %w", err)
		}
		_, data, _ := doc.Lookup("data").BinaryOK()
		return data, nil
	}
}

func tileID(level int, n int64) string { return fmt.Sprintf("%d/%d", level, n) }
