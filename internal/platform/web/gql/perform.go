package gql

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Performed is what became of an operation that the program ran in somebody's name.
type Performed struct {
	Data   json.RawMessage
	Errors gqlerror.List
	Wait   time.Duration // after how long to try again, where it was not run; 0 where it was
}

// breath is after how long to try again what was held back by a passing want.
const breath = time.Second

// Perform runs an operation in the name of the actor in ctx, just as if they had sent it: it is held against the same
// limits, paid from their budget and let in at the same gate. Where only time is wanting, it says how much.
func (e *Engine) Perform(ctx context.Context, query string, vars map[string]any) Performed {
	b := &bill{}
	ctx = context.WithValue(graphql.StartOperationTrace(ctx), billKey{}, b)
	ctx = context.WithValue(ctx, ownKey{}, true)
	op, errs := e.begin(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if len(errs) > 0 {
		return Performed{Errors: errs, Wait: b.retry}
	}
	resp := e.run(ctx, op)
	p := Performed{Data: resp.Data, Errors: resp.Errors}
	if passing(resp) {
		p.Wait = breath
	}
	return p
}

// passing says whether all that is wrong with an answer may be right at the next try.
func passing(resp *graphql.Response) bool {
	for _, err := range resp.Errors {
		if again, _ := err.Extensions["retryable"].(bool); !again {
			return false
		}
	}
	return len(resp.Errors) > 0
}

type ownKey struct{}

// own says whether the program has written the document that is being run, after one that its caller was allowed to
// send.
func own(ctx context.Context) bool { is, _ := ctx.Value(ownKey{}).(bool); return is }

// Check holds a document against everything that holds before it runs, for the actor in ctx, and gives it back as
// validated: a copy of the caller's own. Where it does not hold, the errors say why and where.
func (e *Engine) Check(ctx context.Context, query string) (*ast.QueryDocument, gqlerror.List) {
	p := &graphql.RawParams{Query: query}
	if f := e.resolve(p); f != nil {
		return nil, gqlerror.List{Present(ctx, f)}
	}
	return e.read(ctx, p.Query, e.c.Open(ctx))
}

// Price is what an operation costs, or why it could not run at any price.
func (e *Engine) Price(ctx context.Context, query string, vars map[string]any) (int, gqlerror.List) {
	b := &bill{}
	ctx = context.WithValue(graphql.StartOperationTrace(ctx), ownKey{}, true)
	_, errs := e.ready(ctx, &graphql.RawParams{Query: query, Variables: vars}, b)
	return b.price, errs
}

// PlaceOf is where in the document an error is; its beginning where that is not known.
func PlaceOf(err *gqlerror.Error) gqlerror.Location {
	if len(err.Locations) > 0 {
		return err.Locations[0]
	}
	return gqlerror.Location{Line: 1, Column: 1}
}

// CodeOf is the code that clients are told.
func CodeOf(err *gqlerror.Error) fault.Code {
	c, _ := err.Extensions["code"].(fault.Code)
	return cmp.Or(c, fault.CodeInternal)
}
