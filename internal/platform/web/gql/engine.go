// Package gql answers GraphQL over HTTP: one thin transport, the limits that hold before anything runs, and the way
// errors reach a client. It knows no room and no schema of its own.
package gql

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// Config is what an engine needs.
type Config struct {
	Schema graphql.ExecutableSchema
	Limits Limits
	// Open says whether the caller may introspect the schema and be helped with its names. Nil opens it to nobody.
	Open func(ctx context.Context) bool
	// Around surrounds each field of the root types. May be nil.
	Around graphql.RootFieldMiddleware
	// Log takes unexpected errors.
	Log *slog.Logger
}

// Engine answers GraphQL requests: an http.Handler.
type Engine struct {
	c       Config
	exec    *executor.Executor
	docs    *documents
	present presenter
}

// New makes an engine.
func New(c Config) *Engine {
	if c.Open == nil {
		c.Open = func(context.Context) bool { return false }
	}
	e := &Engine{c: c, exec: executor.New(c.Schema), docs: newDocuments(), present: presenter{c.Log}}
	e.exec.SetErrorPresenter(e.present.present)
	e.exec.SetRecoverFunc(e.present.recovered)
	e.exec.SetQueryCache(prepared{})
	if c.Around != nil {
		e.exec.AroundRootFields(c.Around)
	}
	return e
}

// Schema is the schema the engine answers.
func (e *Engine) Schema() *ast.Schema { return e.c.Schema.Schema() }

// begin makes a request ready to run, or says why it is not run: its document is parsed, held against the limits,
// validated, its variables are coerced and its price is known before the first resolver is called.
func (e *Engine) begin(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	open := e.c.Open(ctx)
	doc, errs := e.document(ctx, p.Query, open)
	if len(errs) > 0 {
		return nil, errs
	}
	asked := doc.Operations.ForName(p.OperationName)
	if asked == nil {
		return nil, gqlerror.List{Present(ctx, fault.New(fault.Invalid, CodeNoOperation))}
	}
	request.From(ctx).Name(class(asked))
	if err := strict(e.Schema(), asked, p.Variables); err != nil { // first, because it says better what is wrong
		return nil, e.coded(ctx, CodeBadUserInput, gqlerror.List{err})
	}
	op, err := e.exec.CreateOperationContext(context.WithValue(ctx, docKey{}, doc), p)
	if len(err) > 0 {
		return nil, e.coded(ctx, CodeBadUserInput, err)
	}
	if err := e.c.Limits.affordable(op); err != nil {
		return nil, gqlerror.List{Present(ctx, err)}
	}
	op.DisableIntrospection = !open
	return op, nil
}

// run executes what begin made ready.
func (e *Engine) run(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	handle, ctx := e.exec.DispatchOperation(ctx, op)
	resp := handle(ctx)
	if resp == nil { // the caller has gone, or time ran out before the first field
		err := fault.New(fault.Unavailable, fault.CodeUnavailable).Because(ctx.Err())
		resp = &graphql.Response{Errors: gqlerror.List{Present(ctx, err)}}
	}
	return resp
}

// coded gives errors of the GraphQL library a code and a sentence; what they say in English becomes its detail. There is
// no response yet for them to point into, but there may be a variable.
func (e *Engine) coded(ctx context.Context, code fault.Code, errs gqlerror.List) gqlerror.List {
	out := make(gqlerror.List, 0, len(errs))
	for _, err := range errs[:min(len(errs), maxErrors)] {
		f := fault.New(fault.Invalid, code, "detail", strings.TrimSuffix(err.Message, "."))
		g := Present(ctx, f)
		g.Locations = err.Locations
		if in := inputPath(err.Path); len(in) > 0 {
			g.Extensions["inputPath"] = in
		}
		out = append(out, g)
	}
	return out
}

// inputPath is the way to a value from the variable it is in, which the library puts behind the word "variable".
func inputPath(path ast.Path) []string {
	if len(path) > 0 && path[0] == ast.PathName("variable") {
		path = path[1:]
	}
	return steps(path)
}

// maxErrors bounds how many errors of one document are told.
const maxErrors = 20

// class names an operation by the schema's words: the root field it asks for, or "several".
func class(op *ast.OperationDefinition) string {
	var names []string
	for _, s := range op.SelectionSet {
		name := "several"
		if f, ok := s.(*ast.Field); ok {
			name = f.Name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) != 1 {
		return string(op.Operation) + " several"
	}
	return string(op.Operation) + " " + names[0]
}
