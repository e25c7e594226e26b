package gql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"

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
	all := slices.Clone(p.faults(ctx, err))
	out := Present(ctx, all[0])
	var in []string
	out.Path, in, out.Locations = place(ctx, err)
	p.note(ctx, all[0], out.Path, err)
	for i, f := range all {
		all[i] = narrow(ctx, f.At(in...))
	}
	if in := all[0].Path; len(in) > 0 {
		out.Extensions["inputPath"] = in
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

// place is where an error points: into the response and, from the field's arguments on, into the input. The executor
// writes both in one path while it reads arguments.
func place(ctx context.Context, err error) (path ast.Path, in []string, at []gqlerror.Location) {
	g, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		return graphql.GetPath(ctx), nil, nil
	}
	path = g.Path
	if fc := graphql.GetFieldContext(ctx); fc != nil && coercing(ctx) {
		if field := fc.Path(); len(path) > len(field) && slices.Equal(path[:len(field)], field) {
			return field, steps(path[len(field):]), g.Locations
		}
	}
	return path, nil, g.Locations
}

// steps are a path's steps as a fault has them.
func steps(path ast.Path) []string {
	var all []string
	for _, s := range path {
		all = append(all, fmt.Sprint(s))
	}
	return all
}

// narrow leads a fault about too many values from the filter it was found in to the list that has too many.
func narrow(ctx context.Context, f *fault.Fault) *fault.Fault {
	fc := graphql.GetFieldContext(ctx)
	most, ok := f.Params["max"].(int)
	if f.Code != fault.CodeTooMany || !ok || fc == nil || fc.Field.Field == nil || !graphql.HasOperationContext(ctx) {
		return f
	}
	at := f.Path
	if len(at) == 0 {
		at = []string{"filter"}
	}
	var v any = fc.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	for _, s := range at {
		v = within(v, s)
	}
	below, found := tooLong(v, most)
	if !found {
		return f
	}
	g := *f
	g.Path = slices.Concat(at, below)
	return &g
}

// within takes one step into an input value; nil where there is nothing.
func within(v any, step string) any {
	switch x := v.(type) {
	case map[string]any:
		return x[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(x) {
			return x[i]
		}
	}
	return nil
}

// tooLong is the way to the first list with more members than most.
func tooLong(v any, most int) ([]string, bool) {
	switch x := v.(type) {
	case []any:
		if len(x) > most {
			return nil, true
		}
		for i, e := range x {
			if below, found := tooLong(e, most); found {
				return append([]string{strconv.Itoa(i)}, below...), true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(x)) {
			if below, found := tooLong(x[name], most); found {
				return append([]string{name}, below...), true
			}
		}
	}
	return nil, false
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
