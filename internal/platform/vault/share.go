package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// share is the secret of one person, without which no data key opens what is theirs. It is kept apart from what it
// protects, encrypted under a data key, and when it is destroyed a mark stays that it was.
type share struct {
	store.Meta[string] `bson:",inline"`

	Secret      []byte     `bson:"secret,omitempty"`
	SealedWith  int64      `bson:"sealedWith"`
	DestroyedAt *time.Time `bson:"destroyedAt,omitempty"`

	clear []byte
}

// remembered is how many people's secrets a node keeps in memory.
const remembered = 20_000

// boxOf names what encrypts: a person's secret, none for what is nobody's own yet, under a data key.
type boxOf struct {
	person string
	key    int64
}

// sharesOf finds people's secrets, those not yet known in one question.
func (v *Vault) sharesOf(ctx context.Context, people []string) (map[string]*share, error) {
	out := map[string]*share{}
	var ask []string
	v.mu.Lock()
	for _, p := range people {
		if s := v.own[p]; s != nil {
			out[p] = s
		} else if _, asked := out[p]; !asked && p != "" {
			out[p], ask = nil, append(ask, p)
		}
	}
	v.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	found, err := v.shares.GetMany(ctx, ask)
	if err != nil {
		return nil, err
	}
	for i, s := range found {
		if s == nil {
			continue
		}
		if err := v.unlock(ctx, s); err != nil {
			return nil, err
		}
		v.remember(s)
		out[ask[i]] = s
	}
	return out, nil
}

func (v *Vault) remember(s *share) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.own) >= remembered {
		clear(v.own)
		clear(v.boxes)
	}
	v.own[s.ID] = s
}

// unlock decrypts a person's secret.
func (v *Vault) unlock(ctx context.Context, s *share) error {
	if s.DestroyedAt != nil {
		return nil
	}
	box, err := v.box(ctx, boxOf{key: s.SealedWith}, nil)
	if err != nil {
		return err
	}
	if s.clear, err = box.Open(nil, nil, s.Secret, s.place()); err != nil {
		return fmt.Errorf("%w: the secret of %s", ErrSealed, s.ID)
	}
	return nil
}

// lock encrypts a person's secret under the key in use.
func (v *Vault) lock(ctx context.Context, s *share) error {
	n, err := v.current(ctx)
	if err != nil {
		return err
	}
	box, err := v.box(ctx, boxOf{key: n}, nil)
	if err != nil {
		return err
	}
	s.SealedWith, s.Secret = n, box.Seal(nil, nil, s.clear, s.place())
	return nil
}

func (s *share) place() []byte { return []byte("personal_keys\x00" + s.ID) }

// shareFor finds a person's secret, and makes it where there is none.
func (v *Vault) shareFor(ctx context.Context, person string) (*share, error) {
	ctx = store.WithoutOnce(ctx)
	for range 3 {
		found, err := v.sharesOf(ctx, []string{person})
		if err != nil || found[person] != nil {
			return found[person], err
		}
		s := &share{clear: make([]byte, 32)}
		s.ID = person
		if _, err := io.ReadFull(v.Random, s.clear); err != nil {
			return nil, fmt.Errorf("vault: no randomness: %w", err)
		}
		if err := v.lock(ctx, s); err != nil {
			return nil, err
		}
		kept, err := v.shares.Add(ctx, "", s)
		if fault.Is(err, fault.CodeTaken) { // somebody else was faster
			continue
		}
		if err != nil {
			return nil, err
		}
		v.remember(kept)
		return kept, nil
	}
	return nil, fmt.Errorf("%w: the secret of %s", ErrKey, person)
}

// Destroy ends a person's secret for good: whatever was encrypted with it stays closed, here and in every copy.
// Destroying it again changes nothing.
func (v *Vault) Destroy(ctx context.Context, person string) error {
	ctx = store.WithoutOnce(ctx)
	at := v.Now().UTC().Truncate(time.Millisecond)
	gone := &share{DestroyedAt: &at}
	gone.ID = person
	_, err := v.shares.Add(ctx, "", gone)
	if fault.Is(err, fault.CodeTaken) {
		gone, err = v.shares.Touch(ctx, "", person, func(s *share) error {
			s.Secret, s.SealedWith = nil, 0
			if s.DestroyedAt == nil {
				s.DestroyedAt = &at
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.own[person] = gone
	maps.DeleteFunc(v.boxes, func(of boxOf, _ cipher.AEAD) bool { return of.person == person })
	return nil
}

// box is what encrypts for a person under a data key.
func (v *Vault) box(ctx context.Context, of boxOf, secret []byte) (cipher.AEAD, error) {
	v.mu.Lock()
	box, key := v.boxes[of], v.known[of.key]
	v.mu.Unlock()
	if box != nil {
		return box, nil
	}
	if key == nil { // another node may have made it a moment ago
		if err := v.load(ctx); err != nil {
			return nil, err
		}
		v.mu.Lock()
		key = v.known[of.key]
		v.mu.Unlock()
	}
	if key == nil {
		return nil, fmt.Errorf("%w: data key %d", ErrKey, of.key)
	}
	raw, err := hkdf.Key(sha256.New, key, secret, "cobuild personal text", 32)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if box, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.boxes[of] = box
	return box, nil
}

// secrets moves people's secrets to a newer data key, as a collection does with its documents.
type secrets struct{ *Vault }

// Name is the collection's.
func (m secrets) Name() string { return m.shares.Name() }

// stale finds secrets under older keys; a destroyed one is under none and stays.
func (m secrets) stale(ctx context.Context, key int64, limit int) ([]*share, error) {
	l, err := m.shares.List(ctx, store.Query{
		Where: store.And(store.SealedWith.Gt(0), store.SealedWith.Lt(key)), Limit: limit,
	})
	return l.Items, err
}

// Stale counts the secrets under older keys than one.
func (m secrets) Stale(ctx context.Context, key int64, limit int) (int, error) {
	found, err := m.stale(ctx, key, limit)
	return len(found), err
}

// Reseal encrypts secrets anew that are under older keys than one.
func (m secrets) Reseal(ctx context.Context, key int64, limit int) (int, error) {
	found, err := m.stale(ctx, key, limit)
	if err != nil {
		return 0, err
	}
	for _, s := range found {
		_, err := m.shares.Touch(store.WithoutOnce(ctx), "", s.ID, func(s *share) error {
			if s.DestroyedAt != nil {
				return nil
			}
			if err := m.unlock(ctx, s); err != nil {
				return err
			}
			return m.lock(ctx, s)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(found), nil
}

// personOf is the person whose document it is.
func personOf(doc bson.Raw) string {
	id, _ := doc.Lookup("_id").StringValueOK()
	return id
}
