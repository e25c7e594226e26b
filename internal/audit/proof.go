package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// The faults of asking for proofs.
const (
	CodeNoSuchMoment fault.Code = "AUDIT_SIZE_UNKNOWN" // size
	CodeNotBegun     fault.Code = "AUDIT_NOT_BEGUN"    // no server has run on this store yet
)

// Checkpoint is how far the log has come, for everybody.
type Checkpoint struct {
	Origin    string
	Size      int64
	Root      string // base64
	Note      string
	SignedAt  time.Time
	Keys      []string
	Witnesses []*Witnessed
}

// Inclusion proves that an event is in the log.
type Inclusion struct {
	Event    id.Event
	Seq      int64
	Hash     string   // hex
	Leaf     string   // base64: the canonical bytes whose hash it is
	TreeSize int64    // of the checkpoint
	Root     string   // base64
	Proof    []string // base64, from the leaf upwards
	Note     string   // the signed checkpoint
}

// Consistency proves that the log of one moment begins as that of an earlier one.
type Consistency struct {
	From, To         int64
	FromRoot, ToRoot string // base64
	Proof            []string
}

// Checkpoint is the newest one.
func (s *Service) Checkpoint(ctx context.Context) (*Checkpoint, error) {
	h, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	by, err := s.WitnessedBy(ctx)
	if err != nil {
		return nil, err
	}
	t := h.tree()
	c := &Checkpoint{Origin: h.Origin, Size: h.Size, Root: t.Root().String(), Note: string(h.Note), SignedAt: h.At, Witnesses: by}
	for _, k := range s.keysOf(h) {
		c.Keys = append(c.Keys, k.String())
	}
	return c, nil
}

// ready is the head, of a log that may be asked before its first checkpoint.
func (s *Service) ready(ctx context.Context) (*head, error) {
	h, err := s.head(ctx)
	if err != nil || h.Rev > 0 {
		return h, err
	}
	if _, err := s.Step(ctx); err != nil {
		return nil, err
	}
	h, err = s.head(ctx)
	if err == nil && h.Rev == 0 {
		err = fault.New(fault.Refused, CodeNotBegun)
	}
	return h, err
}

// Inclusion proves that the event at a place is in the log. Whether the caller may know of it is asked before.
func (s *Service) Inclusion(ctx context.Context, seq int64) (*Inclusion, error) {
	h, err := s.ready(ctx)
	if err == nil && h.Size < seq { // it has just happened
		if err = s.Settle(ctx); err == nil {
			h, err = s.head(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	docs, err := s.Journal.Documents(ctx, seq-1, 1)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", id.Placed(seq))
	}
	return s.include(ctx, h, docs[0])
}

func (s *Service) include(ctx context.Context, h *head, doc []byte) (*Inclusion, error) {
	var e ledger.Event
	if err := e.Read(doc); err != nil {
		return nil, fmt.Errorf("audit: event: %w", err)
	}
	hash, leaf, err := e.Digest()
	if err != nil {
		return nil, fmt.Errorf("audit: event: %w", err)
	}
	t := h.tree()
	proof, err := tlog.ProveRecord(h.Size, e.Seq-1, t.Reader(s.tile(ctx)))
	if err != nil {
		return nil, fmt.Errorf("audit: proof: %w", err)
	}
	return &Inclusion{
		Event: id.Placed(e.Seq), Seq: e.Seq, Hash: hex.EncodeToString(hash[:]), Leaf: base64.StdEncoding.EncodeToString(leaf),
		TreeSize: h.Size, Root: t.Root().String(), Proof: texts(proof), Note: string(h.Note),
	}, nil
}

// Consistency proves that the log of to events begins with the log of from events; to is all there are where nil.
func (s *Service) Consistency(ctx context.Context, from int64, to *int64) (*Consistency, error) {
	h, err := s.ready(ctx)
	if err != nil {
		return nil, err
	}
	c := &Consistency{From: from, To: h.Size}
	if to != nil {
		c.To = *to
	}
	switch {
	case c.To < 1 || c.To > h.Size:
		return nil, fault.New(fault.Invalid, CodeNoSuchMoment, "size", h.Size).At("to")
	case from < 1 || from > c.To:
		return nil, fault.New(fault.Invalid, CodeNoSuchMoment, "size", c.To).At("from")
	}
	t := h.tree()
	reader := t.Reader(s.tile(ctx))
	proof, err := tlog.ProveTree(c.To, from, reader)
	if err != nil {
		return nil, fmt.Errorf("audit: proof: %w", err)
	}
	for _, one := range []struct {
		size int64
		root *string
	}{{from, &c.FromRoot}, {c.To, &c.ToRoot}} {
		root, err := tlog.TreeHash(one.size, reader)
		if err != nil {
			return nil, fmt.Errorf("audit: root: %w", err)
		}
		*one.root = root.String()
	}
	c.Proof = texts(proof)
	return c, nil
}

// rootAt is the root of the log when it had n events.
func (s *Service) rootAt(ctx context.Context, h *head, n int64) (ledger.Hash, error) {
	t := h.tree()
	root, err := tlog.TreeHash(n, t.Reader(s.tile(ctx)))
	if err != nil {
		return ledger.Hash{}, fmt.Errorf("audit: root: %w", err)
	}
	return root, nil
}

func texts(all []ledger.Hash) []string {
	out := make([]string, len(all))
	for i, h := range all {
		out[i] = h.String()
	}
	return out
}

func publicOf(k ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := k.Public().(ed25519.PublicKey)
	return public
}
