// Package keyring keeps the server's own secrets: one small file, readable by its owner alone, shared by every node.
//
// For each kind of key the newest one in use makes what is new; older ones live on to verify or decrypt what they
// made. Rotating adds a key and retires the one before it; nothing made earlier is lost. No key is ever printed.
package keyring

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// What can be wrong with a keyring. They are for the operator, at the command line and in the log.
var (
	ErrExposed = errors.New("keyring: others than its owner can read or write the file; run chmod 600 on it")
	ErrDamaged = errors.New("keyring: the file is damaged")
	ErrBusy    = errors.New("keyring: the file is being written, or a writing was cut short")
	ErrUnknown = errors.New("keyring: there is no such key")
	ErrSealed  = errors.New("keyring: the sealed text is not ours, was changed, or belongs elsewhere")
)

// Keyring is the open file. All methods may be called by many goroutines; what one call returns is of one file.
type Keyring struct {
	path    string
	held    atomic.Pointer[content]
	writing sync.Mutex
}

// Create makes a new keyring with one key of each kind. A file that is already there is left alone and refused with
// fs.ErrExist.
func Create(path string, now time.Time, random io.Reader) (*Keyring, error) {
	c := content{}
	for _, kind := range Kinds() {
		k, err := makeKey(kind, now, random)
		if err != nil {
			return nil, err
		}
		c[kind] = []Key{k}
	}
	if err := c.write(path, true); err != nil {
		return nil, err
	}
	return with(path, c), nil
}

// Open reads a keyring. A file that others can read is refused with ErrExposed, a broken one with ErrDamaged.
func Open(path string) (*Keyring, error) {
	c, err := read(path)
	if err != nil {
		return nil, err
	}
	return with(path, c), nil
}

func with(path string, c content) *Keyring {
	k := &Keyring{path: path}
	k.held.Store(&c)
	return k
}

// Reload reads the file again, as after a rotation by another process. Where that fails, the keys held stay.
func (k *Keyring) Reload() error {
	c, err := read(k.path)
	if err != nil {
		return err
	}
	k.held.Store(&c)
	return nil
}

// Rotate adds a fresh key of a kind and retires the one in use, in the file and here. Other nodes learn of it by
// Reload. It builds on what the file holds now, and refuses with ErrBusy where another process is writing it.
func (k *Keyring) Rotate(kind Kind, now time.Time, random io.Reader) (Key, error) {
	if !slices.Contains(Kinds(), kind) {
		return Key{}, fmt.Errorf("%w: no kind %q", ErrUnknown, kind)
	}
	fresh, err := makeKey(kind, now, random)
	if err != nil {
		return Key{}, err
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	c, err := update(k.path, func(c content) content { return c.rotated(kind, fresh) })
	if err != nil {
		return Key{}, err
	}
	k.held.Store(&c)
	return fresh, nil
}

// Current is the key of a kind that makes what is new.
func (k *Keyring) Current(kind Kind) Key {
	key, _ := k.content().current(kind)
	return key
}

// All lists the keys of a kind, newest first, the retired ones included.
func (k *Keyring) All(kind Kind) []Key { return slices.Clone(k.content()[kind]) }

// Key finds a key of a kind by its identifier; ErrUnknown where there is none.
func (k *Keyring) Key(kind Kind, id string) (Key, error) {
	key, ok := k.content().find(kind, id)
	if !ok {
		return Key{}, fmt.Errorf("%w: %s/%q", ErrUnknown, kind, id)
	}
	return key, nil
}

// String names the file and how many keys it holds, never their material.
func (k *Keyring) String() string {
	n := 0
	for _, keys := range k.content() {
		n += len(keys)
	}
	return fmt.Sprintf("keyring %s (%d keys)", k.path, n)
}

// Format prints String whatever the verb.
func (k *Keyring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.String()) }

// LogValue is what a log gets to see.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k *Keyring) content() content { return *k.held.Load() }

func (c content) current(kind Kind) (Key, bool) {
	i := slices.IndexFunc(c[kind], func(k Key) bool { return k.RetiredAt == nil })
	if i < 0 {
		return Key{}, false
	}
	return c[kind][i], true
}

func (c content) find(kind Kind, id string) (Key, bool) {
	i := slices.IndexFunc(c[kind], func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, false
	}
	return c[kind][i], true
}

// sort brings a kind's keys into order, newest first; among those of one moment the file's order stands.
func (c content) sort(kind Kind) {
	slices.SortStableFunc(c[kind], func(a, b Key) int { return b.CreatedAt.Compare(a.CreatedAt) })
}

// rotated is the content with one key more, which takes over from those in use.
func (c content) rotated(kind Kind, fresh Key) content {
	next := content{}
	for k, keys := range c {
		next[k] = slices.Clone(keys)
	}
	at := fresh.CreatedAt
	for i := range next[kind] {
		if next[kind][i].RetiredAt == nil {
			next[kind][i].RetiredAt = &at
		}
	}
	next[kind] = slices.Insert(next[kind], 0, fresh)
	next.sort(kind)
	return next
}
