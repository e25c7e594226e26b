// Package payload is what mutations answer: their object, or what is wrong and can be mended by the caller.
package payload

import (
	"context"
	"reflect"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Of is the payload of a mutation about one object. The object is nil where there are errors.
type Of[T any] struct {
	Object T
	Answer
}

// Answer is what every payload has.
type Answer struct {
	ClientMutationID *string
	Replayed         bool // the same mutation was done before; the object is as it is today
	Errors           []UserError
}

// Do carries out a room's verb and makes its payload. What only we can mend, and who must sign in first, is an error
// of its own for the top level of the response.
func Do[In, T any](ctx context.Context, in In, verb func(context.Context, In) (T, error)) (*Of[T], error) {
	p := &Of[T]{Answer: Answer{Errors: []UserError{}}}
	c := from(ctx)
	if c != nil {
		p.ClientMutationID = c.ClientMutationID
		if err := c.err(); err != nil {
			p.Errors = userErrors(ctx, fault.All(err))
			return p, nil
		}
	}
	object, err := verb(ctx, in)
	if err != nil {
		all := fault.All(err)
		for _, f := range all {
			if !mendable(f.Kind) {
				return nil, err
			}
		}
		p.Errors = userErrors(ctx, placed[In](all))
		return p, nil
	}
	p.Object = object
	if once := store.OnceFrom(ctx); once != nil {
		p.Replayed = once.Replayed
	}
	return p, nil
}

// placed leads what was not found, where nothing else is said of it, to the input's own identifier.
func placed[In any](all []*fault.Fault) []*fault.Fault {
	if _, named := reflect.TypeFor[In]().FieldByName("ID"); !named {
		return all
	}
	out := make([]*fault.Fault, len(all))
	for i, f := range all {
		out[i] = f
		if f.Kind == fault.NotFound && len(f.Path) == 0 {
			out[i] = f.At("id")
		}
	}
	return out
}

func mendable(k fault.Kind) bool {
	switch k {
	case fault.Invalid, fault.Refused, fault.NotFound, fault.Forbidden, fault.Conflict:
		return true
	}
	return false
}
