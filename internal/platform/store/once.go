package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// A change remembers the client's own identifier for this long, and at most so many of them.
const (
	RememberFor  = 72 * time.Hour
	RememberMost = 64
)

// Once is a client's own identifier for one mutation, so that sending it again does not do it again.
type Once struct {
	ID       string // as the client sent it
	Key      string // hash of the caller and ID
	Hash     string // hash of the input
	Replayed bool   // set when the store found the mutation done before
}

type (
	onceKey  struct{}
	actorKey struct{}
)

// NewOnce makes a Once for a caller, the caller's identifier and the input's canonical bytes.
func NewOnce(actor, id string, input []byte) *Once {
	key := sha256.Sum256([]byte(actor + "\x00" + id))
	sum := sha256.Sum256(input)
	return &Once{ID: id, Key: hex.EncodeToString(key[:16]), Hash: hex.EncodeToString(sum[:])}
}

// WithOnce puts it into the context of a mutation.
func WithOnce(ctx context.Context, o *Once) context.Context {
	return context.WithValue(ctx, onceKey{}, o)
}

// WithoutOnce is for a mutation's side steps, which have their own ways of being repeatable.
func WithoutOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, (*Once)(nil))
}

// OnceFrom finds it again; nil where the client named none.
func OnceFrom(ctx context.Context) *Once { return onceFrom(ctx) }

func onceFrom(ctx context.Context) *Once {
	o, _ := ctx.Value(onceKey{}).(*Once)
	return o
}

// NewID makes the identifier of a new object. Where the client named the mutation it is derived from the caller and that
// name, so that a repeat finds what the first one made; else it is fresh.
func NewID[I ~string](ctx context.Context, kind id.Kind, now time.Time, random io.Reader) I {
	if once := onceFrom(ctx); once != nil {
		return id.Derived[I](kind, string(kind), once.Key)
	}
	return id.New[I](kind, now, random)
}

// find says whether the mutation is among those done, and refuses the same identifier with another input.
func (o *Once) find(done []Replay) (bool, error) {
	for _, r := range done {
		if r.Key != o.Key {
			continue
		}
		if r.Hash != o.Hash {
			return false, fault.New(fault.Refused, fault.CodeMismatch, "id", o.ID).At("clientMutationId")
		}
		o.Replayed = true
		return true, nil
	}
	return false, nil
}

// Did says whether the mutation is among those that an object remembers, for whoever looks before there is anything to
// write. The same identifier with another input is refused.
func (o *Once) Did(done []Replay) (bool, error) { return o.find(done) }

// remember adds a change to those done and lets go of the oldest beyond the bounds. That by which the object was made
// stays for as long as the object does: its identifier can never be given again.
func remember(done []Replay, r Replay, now time.Time) []Replay {
	kept := make([]Replay, 0, len(done)+1)
	for i, d := range done {
		if d.Made || now.Sub(d.At) < RememberFor && len(done)-i < RememberMost {
			kept = append(kept, d)
		}
	}
	return append(kept, r)
}

// WithActor names who acts, for the events.
func WithActor(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

type behalfKey struct{}

// WithBehalf says how to find out under which delegation the actor acts, from the organisations that an object stands to;
// nil where the actor acts under none.
func WithBehalf(ctx context.Context, by func(audience []string) string) context.Context {
	return context.WithValue(ctx, behalfKey{}, by)
}

func behalf(ctx context.Context, audience []string) string {
	if by, _ := ctx.Value(behalfKey{}).(func([]string) string); by != nil {
		return by(audience)
	}
	return ""
}

// ActorFrom finds the name again; "system" where nobody was named.
func ActorFrom(ctx context.Context) string {
	if s, ok := ctx.Value(actorKey{}).(string); ok && s != "" {
		return s
	}
	return "system"
}
