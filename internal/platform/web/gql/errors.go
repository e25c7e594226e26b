package gql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// Present makes of a fault what a client is told at the top level of a response: the sentence in the client's
// language, the stable code, the request's id and whether the same request may succeed later.
func Present(ctx context.Context, f *fault.Fault) *gqlerror.Error {
	request.From(ctx).Met(f.Code)
	return &gqlerror.Error{
		Message: catalogue.From(ctx).Say(f.Code, f.Params),
		Extensions: map[string]any{
			"code":      f.Code,
			"requestId": request.ID(ctx),
			"retryable": f.Kind == fault.Unavailable,
		},
	}
}

// presenter tells clients of the errors that resolvers return. Nothing of an error that is no fault ever reaches them:
// it is logged here, once, under the request's id.
type presenter struct{ log *slog.Logger }

func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	all := p.faults(ctx, err)
	out := Present(ctx, all[0])
	out.Path, out.Locations = place(ctx, err)
	p.note(ctx, all[0], out.Path, err)
	if steps := all[0].Path; len(steps) > 0 {
		out.Extensions["inputPath"] = steps
	}
	if len(all) > 1 {
		var each []map[string]any
		for _, f := range all {
			each = append(each, map[string]any{
				"code": f.Code, "inputPath": f.Path, "message": catalogue.From(ctx).Say(f.Code, f.Params),
			})
		}
		out.Extensions["errors"] = each
	}
	return out
}

// faults finds what went wrong. What is no fault is ours, unless time ran out or a value could not be coerced.
func (p presenter) faults(ctx context.Context, err error) []*fault.Fault {
	f := fault.Of(err)
	if f.Kind != fault.Internal || f.Code != fault.CodeInternal {
		return fault.All(err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return []*fault.Fault{fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)}
	case coercing(ctx):
		return []*fault.Fault{fault.New(fault.Invalid, CodeBadUserInput, "detail", cause(err)).Because(err)}
	}
	return []*fault.Fault{f}
}

// coercing says whether the field's arguments were still being read when the error came: the executor gives a field
// its arguments only when all of them fit.
func coercing(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	return fc != nil && fc.Args == nil && fc.Field.Field != nil && fc.Field.Definition != nil &&
		len(fc.Field.Definition.Arguments) > 0
}

// cause is the innermost text of a coercion error; it comes from the GraphQL library and names the client's own value.
func cause(err error) string {
	if g, ok := errors.AsType[*gqlerror.Error](err); ok {
		return g.Message
	}
	return err.Error()
}

func place(ctx context.Context, err error) (ast.Path, []gqlerror.Location) {
	if g, ok := errors.AsType[*gqlerror.Error](err); ok {
		return g.Path, g.Locations
	}
	return graphql.GetPath(ctx), nil
}

func (p presenter) note(ctx context.Context, f *fault.Fault, path ast.Path, err error) {
	attrs := []any{"requestId", request.ID(ctx), "operation", operationOf(ctx), "path", path.String(), "error", err}
	switch f.Kind {
	case fault.Internal:
		p.log.ErrorContext(ctx, "unexpected error", attrs...)
	case fault.Unavailable:
		p.log.WarnContext(ctx, "unavailable", attrs...)
	}
}

func operationOf(ctx context.Context) string {
	if i := request.From(ctx); i != nil {
		return i.Operation()
	}
	return ""
}

// recovered makes an error of a panic, with its stack for the log.
func (p presenter) recovered(_ context.Context, what any) error {
	return fmt.Errorf("panic: %v\n%s", what, debug.Stack())
}
