// Package gql answers GraphQL over HTTP: one thin transport, the limits that hold before anything runs, and the way
// errors reach a client. It knows no room and no schema of its own.
package gql

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/limit"
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

	// Charge takes an operation's price from its caller's budget before it runs. Nil charges nobody.
	Charge Charge
	// Gate lets in only so many operations at once. Nil lets in all.
	Gate *limit.Gate
	// Deadline is how long a query or mutation may run before its work is broken off; 0 for as long as its caller waits.
	Deadline time.Duration
	// Caller names whose memory of registered queries a request uses. Nil is one for all.
	Caller func(ctx context.Context) string
	// TrustedOnly runs no document but those that Trust has named.
	TrustedOnly bool

	Live    Live    // bounds of connections that stay open
	Callers Callers // who is calling on them
	// Alike says of a subscription that what it tells depends on the rights of who asks, and not on who that is. Nil says
	// so of none.
	Alike func(*ast.OperationDefinition) bool
	// Heard tells how far this node has heard of what happened; nil where nothing is known.
	Heard   func() int64
	Metrics prometheus.Registerer // takes how many there are; may be nil
}

// Engine answers GraphQL requests: an http.Handler.
type Engine struct {
	c       Config
	exec    *executor.Executor
	docs    *documents
	present presenter

	registered *registry
	trusted    atomic.Pointer[Manifest]

	live    *lasting
	echoes  *echoes
	circles *circles
}

// New makes an engine.
func New(c Config) *Engine {
	if c.Open == nil {
		c.Open = func(context.Context) bool { return false }
	}
	e := &Engine{c: c, exec: executor.New(c.Schema), docs: newDocuments(), present: presenter{c.Log}, registered: newRegistry()}
	e.trusted.Store(&Manifest{})
	if c.Alike == nil {
		e.c.Alike = func(*ast.OperationDefinition) bool { return false }
	}
	if c.Heard == nil {
		e.c.Heard = func() int64 { return 0 }
	}
	e.c.Live = c.Live.filled(c.Deadline)
	e.live = newLasting(e.c.Live, c.Metrics)
	e.echoes, e.circles = newEchoes(c.Callers.Now), &circles{by: map[string]*circle{}}
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

// begin makes a request ready to run, or says why it is not run: its document is found or parsed, held against the
// limits, validated, its variables are coerced, and its price is known and paid before the first resolver is called.
func (e *Engine) begin(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	b := billOf(ctx)
	if f := e.charge(ctx, b, 0); f != nil { // who has nothing left costs us nothing more
		return nil, gqlerror.List{Present(ctx, f)}
	}
	op, errs := e.ready(ctx, p, b)
	if len(errs) > 0 {
		_ = e.charge(ctx, b, unfitPrice) // what is wrong with it is told all the same
		b.status, b.retry = 0, 0
		return nil, errs
	}
	if errs := e.pay(ctx, op, b); len(errs) > 0 {
		return nil, errs
	}
	return op, nil
}

// ready makes a request ready to be paid.
func (e *Engine) ready(ctx context.Context, p *graphql.RawParams, b *bill) (*graphql.OperationContext, gqlerror.List) {
	if f := e.resolve(p); f != nil && !own(ctx) {
		return nil, gqlerror.List{Present(ctx, f)}
	}
	open := e.c.Open(ctx)
	doc, errs := e.document(ctx, p.Query, open)
	if len(errs) > 0 {
		return nil, errs
	}
	e.register(ctx, p)
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
	b.price = e.c.Limits.price(op)
	if err := e.c.Limits.affordable(b.price); err != nil {
		return nil, gqlerror.List{Present(ctx, err)}
	}
	op.DisableIntrospection = !open
	return op, nil
}

// run executes what begin made ready, as soon as there is room for it and for no longer than the deadline. What has
// come through the gate already, as a whole request over HTTP, does not wait again.
func (e *Engine) run(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	ctx, leave, err := e.c.Gate.Enter(ctx)
	if err != nil {
		return &graphql.Response{Errors: gqlerror.List{Present(ctx, fault.Of(err))}}
	}
	defer leave()
	if e.c.Deadline > 0 {
		timed, cancel := context.WithTimeout(ctx, e.c.Deadline)
		defer cancel()
		ctx = timed
	}
	handle, ctx := e.exec.DispatchOperation(ctx, op)
	resp := handle(ctx)
	if resp == nil { // the caller has gone, or time ran out before the first field
		err := fault.New(fault.Unavailable, fault.CodeUnavailable).Because(ctx.Err())
		resp = &graphql.Response{Errors: gqlerror.List{Present(ctx, err)}}
	}
	return e.tellCost(op, resp)
}

// tellCost adds what an operation cost to its answer.
func (e *Engine) tellCost(op *graphql.OperationContext, resp *graphql.Response) *graphql.Response {
	if b, ok := op.Stats.GetExtension("cost").(*bill); ok {
		if resp.Extensions == nil {
			resp.Extensions = map[string]any{}
		}
		resp.Extensions["cost"] = b.told(e.c.Limits.actual(op.Operation.SelectionSet, resp.Data))["cost"]
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
