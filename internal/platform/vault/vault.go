// Package vault keeps the keys under which personal texts are encrypted, and encrypts with them.
//
// There are three layers. The keyring, a file apart from the store, wraps the data keys. A data key is in the store, so
// that all nodes share it; one is in use, the others decrypt what is not yet moved to it. And every person has a secret
// of their own, without which no data key opens what is theirs: it is destroyed when they are erased, and whatever copy
// of their documents turns up later says nothing.
//
// A text is found by a keyed hash beside it (Blind), never by itself.
package vault

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// What can be wrong. They are for the operator, at the command line and in the log.
var (
	ErrKeyring = errors.New("vault: the keyring is not the one that this store was written with; start with that one, or with an empty store")
	ErrKey     = errors.New("vault: the key of a personal text is not there")
	ErrSealed  = errors.New("vault: a personal text was changed, or stands where it does not belong")
)

// The times of keys.
const (
	Age   = 90 * 24 * time.Hour // after which a data key is followed by a new one, where nobody says otherwise
	fresh = time.Minute         // for so long a node goes by what it knows of the keys
	grace = 10 * time.Minute    // after which no node encrypts with a key that was followed
	most  = 100                 // documents moved at once
)

// Config is what a vault stands on.
type Config struct {
	Ring   *keyring.Keyring // whose key of the kind Data wraps what is kept here
	Now    func() time.Time
	Random io.Reader
	Age    time.Duration // of a data key before the next one; 0 for the usual
}

// Vault has the keys. All methods may be called by many goroutines.
type Vault struct {
	Config
	keys   *store.Collection[*dataKey]
	shares *store.Collection[*share]
	moving []Moving

	mu      sync.Mutex
	sealing map[string]bool  // collections with encrypted texts, by their names
	known   map[int64][]byte // data keys by their numbers
	started map[int64]time.Time
	now     int64 // number of the one in use
	blind   []byte
	seen    time.Time // when the keys were last looked at
	idle    time.Time // until when there is nothing to move
	own     map[string]*share
	boxes   map[boxOf]cipher.AEAD
}

// Moving is a collection whose documents move from one data key to the next.
type Moving interface {
	Name() string
	Reseal(ctx context.Context, key int64, most int) (int, error)
	Stale(ctx context.Context, key int64, most int) (int, error)
}

// dataKey is a wrapped key. The one under the name blind makes the hashes by which texts are found; it stays.
type dataKey struct {
	store.Meta[string] `bson:",inline"`

	Number      int64      `bson:"number"` // 0 for blind
	Wrapped     []byte     `bson:"wrapped,omitempty"`
	DestroyedAt *time.Time `bson:"destroyedAt,omitempty"`
}

const blindName = "blind"

func keyName(n int64) string { return fmt.Sprintf("data-%06d", n) }

const byNumber store.Field[int64] = "number"

// Open makes the vault ready, and its first key where there is none. With a keyring that does not open what is there, it
// is ErrKeyring, and nothing was written.
func Open(ctx context.Context, db store.Backend, c Config) (*Vault, error) {
	if c.Age == 0 {
		c.Age = Age
	}
	v := &Vault{Config: c, sealing: map[string]bool{}, own: map[string]*share{}, boxes: map[boxOf]cipher.AEAD{}}
	v.moving = []Moving{secrets{v}}
	var err error
	if v.keys, err = store.Open(ctx, db, store.Options[*dataKey]{
		Schema: store.Schema{Name: "data_keys", Indexes: []store.Index{store.Lookup(byNumber.Asc())}}, Now: c.Now, Policy: ours[*dataKey](),
	}); err != nil {
		return nil, err
	}
	if v.shares, err = store.Open(ctx, db, store.Options[*share]{
		Schema: store.Schema{Name: "personal_keys", Indexes: []store.Index{store.Lookup(store.SealedWith.Asc())}}, Now: c.Now, Policy: ours[*share](),
	}); err != nil {
		return nil, err
	}
	if err := v.load(ctx); err != nil {
		return nil, err
	}
	if v.blind == nil || v.now == 0 {
		if err := errors.Join(v.add(ctx, blindName, 0), v.add(ctx, keyName(1), 1)); err != nil {
			return nil, err
		}
		err = v.load(ctx)
	}
	return v, err
}

// ours lets the vault itself do what it does; nothing of it is shown to anybody.
func ours[T any]() store.Policy[T] {
	return store.Policy[T]{
		May:    func(context.Context, string, T) error { return nil },
		Filter: func(context.Context) store.Filter { return store.Filter{} },
	}
}

// add keeps a fresh key under a name, unless another node was faster.
func (v *Vault) add(ctx context.Context, name string, number int64) error {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(v.Random, raw); err != nil {
		return fmt.Errorf("vault: no randomness: %w", err)
	}
	k := &dataKey{Number: number}
	k.ID = name
	var err error
	if k.Wrapped, err = v.Ring.Seal(keyring.Data, raw, []byte(name)); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	_, err = v.keys.Add(store.WithoutOnce(ctx), "", k)
	if fault.Is(err, fault.CodeTaken) {
		return nil
	}
	return err
}

// load looks at the keys anew.
func (v *Vault) load(ctx context.Context) error {
	known, started := map[int64][]byte{}, map[int64]time.Time{}
	var blind []byte
	for k, err := range v.keys.Walk(ctx, store.Filter{}, byNumber.Asc()) {
		if err != nil {
			return err
		}
		if k.DestroyedAt != nil {
			continue
		}
		raw, err := v.Ring.Unseal(keyring.Data, k.Wrapped, []byte(k.ID))
		if err != nil {
			return fmt.Errorf("%w (%s: %w)", ErrKeyring, k.ID, err)
		}
		if k.ID == blindName {
			blind = raw
			continue
		}
		known[k.Number], started[k.Number] = raw, k.CreatedAt
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known, v.started, v.blind, v.seen, v.now = known, started, blind, v.Now(), 0
	for n := range known {
		v.now = max(v.now, n)
	}
	maps.DeleteFunc(v.boxes, func(of boxOf, _ cipher.AEAD) bool { return known[of.key] == nil })
	return nil
}

// current is the number of the key in use, as of a minute ago at most.
func (v *Vault) current(ctx context.Context) (int64, error) {
	v.mu.Lock()
	n, old := v.now, v.Now().Sub(v.seen) >= fresh
	v.mu.Unlock()
	if !old {
		return n, nil
	}
	if err := v.load(ctx); err != nil {
		return 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now, nil
}

// numbers are those of the keys that are there, the one in use last.
func (v *Vault) numbers() []int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.known))
}
