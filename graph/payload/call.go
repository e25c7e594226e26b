package payload

import (
	"context"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Call is one mutation under way: what the client calls it, and what its input has wrong already before a room sees it.
type Call struct {
	ClientMutationID *string

	mu     sync.Mutex
	faults fault.List
}

type key struct{}

// With puts the mutation under way into its context.
func With(ctx context.Context, c *Call) context.Context { return context.WithValue(ctx, key{}, c) }

// Blame keeps a fault of an input value for the payload, at the place in the input that is being read. Outside a
// mutation it keeps nothing and says false: there the fault belongs at the top level.
func Blame(ctx context.Context, f *fault.Fault) bool {
	c := from(ctx)
	if c == nil {
		return false
	}
	c.Blame(f.At(inputPath(ctx)...))
	return true
}

// Blame keeps a fault of the input.
func (c *Call) Blame(f *fault.Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults.Add(f)
}

func from(ctx context.Context) *Call { c, _ := ctx.Value(key{}).(*Call); return c }

func (c *Call) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults.Err()
}

// inputPath is the way from the mutation's input to the value being read.
func inputPath(ctx context.Context) []string {
	var steps []string
	for p := graphql.GetPathContext(ctx); p != nil; p = p.Parent {
		switch {
		case p.Field != nil:
			steps = append([]string{*p.Field}, steps...)
		case p.Index != nil:
			steps = append([]string{strconv.Itoa(*p.Index)}, steps...)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	return steps[1:] // the first step is the argument itself
}
