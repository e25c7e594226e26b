package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The faults of counter-signing.
const (
	CodeWitnessUnknown fault.Code = "AUDIT_WITNESS_UNKNOWN" // no registered witness has signed
	CodeNotOurs        fault.Code = "AUDIT_NOT_THIS_LOG"    // the checkpoint is none of this log's
)

// Witnessed is the newest checkpoint that a witness has counter-signed.
type Witnessed struct {
	ID   string    `bson:"_id"`
	Rev  int64     `bson:"rev"`
	Name string    `bson:"name"` // of the witness
	Key  string    `bson:"key"`
	Size int64     `bson:"size"` // how many events it has seen
	At   time.Time `bson:"at"`   // when it signed, by its own clock
	Note string    `bson:"note"` // the checkpoint with its signature and the log's
}

// LogKeys are the public keys by which the log's checkpoints are checked, the current one first.
func (s *Service) LogKeys(ctx context.Context) ([]ledger.Key, error) {
	h, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	return s.keysOf(h), nil
}

func (s *Service) keysOf(h *head) []ledger.Key {
	var all []ledger.Key
	for _, k := range s.Keys() {
		all = append(all, ledger.LogKey(h.Origin, publicOf(k)))
	}
	return all
}

// Countersign takes a checkpoint that a registered witness has counter-signed. An older one than its last is left alone.
func (s *Service) Countersign(ctx context.Context, raw []byte) error {
	h, err := s.head(ctx)
	if err != nil {
		return err
	}
	signed, err := ledger.OpenNote(raw, s.keysOf(h)...)
	if err != nil || signed.Origin != h.Origin {
		return fault.New(fault.Invalid, CodeNotOurs).Because(err)
	}
	if err := s.ours(ctx, h, signed.Checkpoint); err != nil {
		return err
	}
	taken := 0
	for _, k := range s.Witnesses {
		by, err := ledger.OpenNote(raw, k)
		if err != nil {
			continue
		}
		at, _ := by.SignedTime(k)
		if err := s.witnessed(ctx, k, Witnessed{Size: by.Size, At: at, Note: string(raw)}); err != nil {
			return err
		}
		taken++
	}
	if taken == 0 {
		return fault.New(fault.Forbidden, CodeWitnessUnknown)
	}
	return nil
}

// ours refuses a checkpoint that the log has outgrown in another way.
func (s *Service) ours(ctx context.Context, h *head, c ledger.Checkpoint) error {
	if c.Size < 1 || c.Size > h.Size {
		return fault.New(fault.Invalid, CodeNotOurs)
	}
	root, err := s.rootAt(ctx, h, c.Size)
	if err == nil && root != c.Root {
		err = fault.New(fault.Invalid, CodeNotOurs)
	}
	return err
}

// witnessed keeps a witness's newest signature.
func (s *Service) witnessed(ctx context.Context, k ledger.Key, w Witnessed) error {
	w.ID, w.Name, w.Key = witnessID(k), k.Name(), k.String()
	doc, err := s.db.Get(ctx, logs, w.ID)
	var was Witnessed
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return fmt.Errorf("audit: witness: %w", err)
	default:
		if err := bson.Unmarshal(doc, &was); err != nil {
			return fmt.Errorf("audit: witness: %w", err)
		}
		if was.Size >= w.Size && !w.At.After(was.At) || was.Size > w.Size {
			return nil
		}
	}
	w.Rev = was.Rev + 1
	raw, err := bson.Marshal(w)
	if err == nil && was.Rev == 0 {
		err = s.db.Insert(ctx, logs, raw)
	} else if err == nil {
		err = s.db.Replace(ctx, logs, was.Rev, raw)
	}
	if _, exists := errors.AsType[*store.ExistsError](err); exists || errors.Is(err, store.ErrConflict) {
		return nil // the same witness at another node; it comes again
	}
	if err != nil {
		return fmt.Errorf("audit: witness: %w", err)
	}
	return nil
}

// witnessPrefix begins the identifiers of what witnesses have counter-signed.
const witnessPrefix = "witness/"

func witnessID(k ledger.Key) string {
	return fmt.Sprintf(witnessPrefix+"%08x/%s", k.KeyHash(), strings.ToLower(k.Name()))
}

// WitnessedBy is what the registered witnesses have counter-signed last, the most first.
func (s *Service) WitnessedBy(ctx context.Context) ([]*Witnessed, error) {
	ids := make([]string, len(s.Witnesses))
	for i, k := range s.Witnesses {
		ids[i] = witnessID(k)
	}
	docs, err := s.db.GetMany(ctx, logs, ids)
	if err != nil {
		return nil, fmt.Errorf("audit: witnesses: %w", err)
	}
	out := []*Witnessed{}
	for _, doc := range docs {
		if doc == nil {
			continue
		}
		w := &Witnessed{}
		if err := bson.Unmarshal(doc, w); err != nil {
			return nil, fmt.Errorf("audit: witnesses: %w", err)
		}
		out = append(out, w)
	}
	slices.SortStableFunc(out, func(a, b *Witnessed) int { return int(b.Size - a.Size) })
	return out, nil
}
