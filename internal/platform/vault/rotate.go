package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Watch names collections whose documents move from key to key, beside those named before: one that is not named keeps
// texts that nothing opens once their key is destroyed.
func (v *Vault) Watch(all ...Moving) { v.moving = append(v.moving, all...) }

// Rotate puts a new data key in use, and gives its number. What is encrypted under older ones moves to it in the
// background; when nothing is left under one, it is destroyed.
func (v *Vault) Rotate(ctx context.Context) (int64, error) {
	if err := v.load(ctx); err != nil {
		return 0, err
	}
	all := v.numbers()
	if err := v.add(ctx, keyName(all[len(all)-1]+1), all[len(all)-1]+1); err != nil {
		return 0, err
	}
	if err := v.load(ctx); err != nil {
		return 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.idle = time.Time{}
	return v.now, nil
}

// Tick does what time asks for: a new key by age, keys wrapped anew after the keyring's has changed, and some of the moving
// from old keys to the one in use. It says how much was done, and goes on where it was cut short.
func (v *Vault) Tick(ctx context.Context, now time.Time) (int, error) {
	v.mu.Lock()
	idle := now.Before(v.idle)
	v.mu.Unlock()
	if idle {
		return 0, nil
	}
	if err := v.load(ctx); err != nil {
		return 0, err
	}
	if n, err := v.rewrap(ctx); n > 0 || err != nil {
		return n, err
	}
	v.mu.Lock()
	current, old := v.now, now.Sub(v.started[v.now]) >= v.Age
	v.mu.Unlock()
	if old {
		_, err := v.Rotate(ctx)
		return 1, err
	}
	n, err := v.move(ctx, current)
	if n == 0 && err == nil {
		n, err = v.retire(ctx, current, now)
	}
	if n == 0 || err != nil { // what fails is tried again in a minute, like everything else
		v.mu.Lock()
		v.idle = now.Add(fresh)
		v.mu.Unlock()
	}
	return n, err
}

// move encrypts some of what is under older keys anew.
func (v *Vault) move(ctx context.Context, current int64) (int, error) {
	sum := 0
	var bad error
	for _, c := range v.moving {
		n, err := c.Reseal(ctx, current, most)
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("vault: %s: %w", c.Name(), err))
		}
		sum += n
	}
	return sum, bad
}

// retire destroys keys under which nothing is left. It waits until no node can still be writing with them.
func (v *Vault) retire(ctx context.Context, current int64, now time.Time) (int, error) {
	all := v.numbers()
	v.mu.Lock()
	since := v.started[current]
	v.mu.Unlock()
	if len(all) < 2 || now.Sub(since) < grace {
		return 0, nil
	}
	if left := v.unwatched(); len(left) > 0 {
		return 0, fmt.Errorf("vault: no key is destroyed while nothing moves the texts of %v", left)
	}
	for _, c := range v.moving {
		if left, err := c.Stale(ctx, current, 1); left > 0 || err != nil {
			return 0, err
		}
	}
	n := 0
	for _, old := range all[:len(all)-1] {
		at := now.UTC().Truncate(time.Millisecond)
		_, err := v.keys.Touch(store.WithoutOnce(ctx), "", keyName(old), func(k *dataKey) error {
			k.Wrapped, k.DestroyedAt = nil, &at
			return nil
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, v.load(ctx)
}

// unwatched are the collections with encrypted texts that nobody named to Watch.
func (v *Vault) unwatched() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v.sealing)), func(name string) bool {
		return slices.ContainsFunc(v.moving, func(m Moving) bool { return m.Name() == name })
	})
}

// errWrapped ends a change that another node has made.
var errWrapped = errors.New("vault: wrapped with the keyring's key in use")

// rewrap wraps keys anew that are wrapped with a key of the keyring that was retired.
func (v *Vault) rewrap(ctx context.Context) (int, error) {
	n := 0
	for k, err := range v.keys.Walk(ctx, store.Filter{}, byNumber.Asc()) {
		if err != nil {
			return n, err
		}
		if !v.worn(k) {
			continue
		}
		_, err := v.keys.Touch(store.WithoutOnce(ctx), "", k.ID, func(k *dataKey) error {
			if !v.worn(k) {
				return errWrapped
			}
			raw, err := v.Ring.Unseal(keyring.Data, k.Wrapped, []byte(k.ID))
			if err != nil {
				return err
			}
			k.Wrapped, err = v.Ring.Seal(keyring.Data, raw, []byte(k.ID))
			return err
		})
		if err != nil && !errors.Is(err, errWrapped) {
			return n, fmt.Errorf("vault: %s: %w", k.ID, err)
		}
		n++
	}
	return n, nil
}

func (v *Vault) worn(k *dataKey) bool {
	with, ok := keyring.SealedBy(k.Wrapped)
	return k.DestroyedAt == nil && ok && with != v.Ring.Current(keyring.Data).ID
}

// Key is a data key as operators see it.
type Key struct {
	Number    int64     `json:"number"`
	StartedAt time.Time `json:"startedAt"`
	InUse     bool      `json:"inUse"`
}

// Status is how far the moving is.
type Status struct {
	Keys  []Key          `json:"keys"`  // those not destroyed, the one in use last
	Left  map[string]int `json:"left"`  // documents under older keys, for each collection
	Exact bool           `json:"exact"` // whether no more than Most were counted anywhere
}

// Most is how many documents Status counts in a collection.
const Most = 10_000

// Status counts what is still under older keys.
func (v *Vault) Status(ctx context.Context) (Status, error) {
	if err := v.load(ctx); err != nil {
		return Status{}, err
	}
	s := Status{Left: map[string]int{}, Exact: true}
	v.mu.Lock()
	current := v.now
	for n, at := range v.started {
		s.Keys = append(s.Keys, Key{n, at, n == current})
	}
	v.mu.Unlock()
	slices.SortFunc(s.Keys, func(a, b Key) int { return int(a.Number - b.Number) })
	for _, c := range v.moving {
		n, err := c.Stale(ctx, current, Most)
		if err != nil {
			return Status{}, err
		}
		s.Left[c.Name()] = n
		s.Exact = s.Exact && n < Most
	}
	return s, nil
}
