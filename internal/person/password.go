package person

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The lengths of a password, in characters.
const (
	MinPassword = 10
	MaxPassword = 128
)

// common is a list of the commonest passwords that are long enough to be allowed, in lower case.
//
//go:embed common.txt
var common string

// Passwords hashes and compares passwords, a few at a time: every hash takes 19 MiB, and a crowd at the door must not
// take them all at once.
type Passwords struct {
	params  argon2id.Params
	slots   chan struct{} // those being hashed
	queue   chan struct{} // those, and the ones waiting
	nobody  func() string // the hash that stands in for that of an account that does not exist
	refused map[string]bool
}

// NewPasswords makes a hasher with the parameters that OWASP recommends for Argon2id: 19 MiB, two passes, one thread.
func NewPasswords() *Passwords {
	return WithParams(argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
}

// waitingMost is how many may wait for each one that is hashed; whoever comes then is told to come again.
const waitingMost = 32

// WithParams makes a hasher with other parameters: for tests, where a hash need not be dear. Hashes made with others
// than these still compare, and are renewed when their owner signs in.
func WithParams(params argon2id.Params) *Passwords {
	n := max(1, runtime.GOMAXPROCS(0))
	p := &Passwords{
		params:  params,
		slots:   make(chan struct{}, n),
		queue:   make(chan struct{}, n*(1+waitingMost)),
		refused: map[string]bool{},
	}
	p.nobody = sync.OnceValue(func() string {
		h, _ := argon2id.CreateHash("nobody has this password", &p.params)
		return h
	})
	for word := range strings.Lines(common) {
		p.refused[strings.TrimSpace(word)] = true
	}
	return p
}

// hash makes the hash of a password that check has allowed.
func (p *Passwords) hash(ctx context.Context, password string) (hash, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	h, err := argon2id.CreateHash(norm.NFC.String(password), &p.params)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return hash(h), nil
}

// matches compares a password with a hash. With an empty hash it takes as long and says no. stale says that the hash
// was made with other parameters than today's.
func (p *Passwords) matches(ctx context.Context, password string, h hash) (ok, stale bool, err error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	against := string(h)
	if against == "" {
		against = p.nobody()
	}
	if utf8.RuneCountInString(password) > MaxPassword { // nobody's: not worth bringing into its normal form
		password = ""
	}
	same, params, err := argon2id.CheckHash(norm.NFC.String(password), against)
	if err != nil {
		return false, false, fmt.Errorf("password: %w", err)
	}
	return same && h != "", *params != p.params, nil
}

// enter waits for a turn to hash; the caller leaves when done.
func (p *Passwords) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.queue <- struct{}{}:
	default:
		return nil, fault.New(fault.Unavailable, fault.CodeUnavailable)
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots; <-p.queue }, nil
	case <-ctx.Done():
		<-p.queue
		return nil, fault.New(fault.Unavailable, fault.CodeUnavailable).Because(ctx.Err())
	}
}

// check refuses a password that is too short or too long, unreadable, the same as one of the account's names, or among
// the first that anybody would guess.
func (p *Passwords) check(password string, names ...string) error {
	if !utf8.ValidString(password) {
		return fault.New(fault.Invalid, fault.CodeNotUTF8)
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		return fault.New(fault.Invalid, fault.CodeControl)
	}
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return fault.New(fault.Invalid, fault.CodeTooShort, "min", MinPassword)
	case n > MaxPassword:
		return fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxPassword)
	}
	plain := folded(password)
	if slices.ContainsFunc(names, func(n string) bool { return n != "" && folded(n) == plain }) {
		return fault.New(fault.Refused, CodePasswordLogin)
	}
	if p.refused[plain] || monotonous(plain) {
		return fault.New(fault.Refused, CodePasswordCommon)
	}
	return nil
}

// monotonous says whether a text is one or two characters over and over.
func monotonous(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		if seen[r] = true; len(seen) > 2 {
			return false
		}
	}
	return true
}
