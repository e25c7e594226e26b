package gql

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// ServeHTTP answers GET and POST after the GraphQL-over-HTTP specification.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if upgrade(r) {
		e.socket(graphql.StartOperationTrace(r.Context()), w, r)
		return
	}
	ctx, bill := billed(graphql.StartOperationTrace(r.Context()), r)
	w.Header().Add("Vary", "Accept")
	form, ok := negotiate(r.Header)
	defer e.rescue(ctx, w, form)
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		notAllowed(ctx, w, form, methods)
		return
	case !ok:
		Refuse(ctx, w, http.StatusNotAcceptable, fault.New(fault.Invalid, CodeNotAcceptable))
		return
	}
	p, why := read(w, r)
	if why != nil {
		_ = e.charge(ctx, bill, unfitPrice) // what is wrong with it is told all the same
		bill.retry = 0
		refuse(ctx, w, form, why.status, gqlerror.List{Present(ctx, why.fault)})
		return
	}
	p.Headers = r.Header
	e.answer(ctx, w, r, form, p)
}

const methods = "GET, POST, OPTIONS"

func (e *Engine) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, form string, p *graphql.RawParams) {
	op, errs := e.begin(ctx, p)
	bill := billOf(ctx)
	switch {
	case len(errs) > 0 && bill.status > 0:
		refuse(ctx, w, form, bill.status, errs)
	case len(errs) > 0 && form == eventType:
		e.tellAll(ctx, w, &graphql.Response{Errors: errs})
	case len(errs) > 0:
		refuse(ctx, w, form, unfit(form), errs)
	case r.Method == http.MethodGet && op.Operation.Operation == ast.Mutation:
		notAllowed(ctx, w, form, http.MethodPost)
	case bill.priceOnly:
		write(ctx, w, form, http.StatusOK, encode(&graphql.Response{Extensions: bill.told(0)}))
	case form == eventType, op.Operation.Operation == ast.Subscription && wishesOf(r.Header).events.q > 0:
		e.events(ctx, w, r, op)
	case op.Operation.Operation == ast.Subscription:
		refuse(ctx, w, form, unfit(form), gqlerror.List{Present(ctx, fault.New(fault.Invalid, CodeSubscription))})
	default:
		write(ctx, w, form, http.StatusOK, encode(e.run(ctx, op)))
	}
}

// unfit is the status of a request that is well formed but cannot be executed.
func unfit(form string) int {
	if form == graphqlType {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func notAllowed(ctx context.Context, w http.ResponseWriter, form, allow string) {
	w.Header().Set("Allow", allow)
	f := fault.New(fault.Invalid, CodeMethod, "allow", allow)
	refuse(ctx, w, form, http.StatusMethodNotAllowed, gqlerror.List{Present(ctx, f)})
}

// Refuse answers a request with one error and no data, before it came to the engine or at another address. A client that
// reads the newer form gets it: such clients look for an error's code there alone, and in the older form see the status.
func Refuse(ctx context.Context, w http.ResponseWriter, status int, f *fault.Fault) {
	form, _ := negotiate(http.Header{"Accept": request.Accept(ctx)})
	refuse(ctx, w, form, status, gqlerror.List{Present(ctx, f)})
}

// refuse answers with errors alone: there is no data key where nothing was executed.
func refuse(ctx context.Context, w http.ResponseWriter, form string, status int, errs gqlerror.List) {
	all := map[string]any{"errors": errs}
	if b := billOf(ctx); b.standing != nil {
		all["extensions"] = b.told(0)
	}
	body, err := json.Marshal(all)
	if err != nil { // parameters that JSON cannot hold: the code alone must do
		body = []byte(`{"errors":[{"message":"` + string(fault.CodeInternal) + `"}]}`)
	}
	write(ctx, w, form, status, body)
}

func write(ctx context.Context, w http.ResponseWriter, form string, status int, body []byte) {
	if form == eventType { // what is wrong with the request itself is told as HTTP tells it
		form = jsonType
	}
	h := w.Header()
	billOf(ctx).head(h)
	h.Set("Content-Type", form+"; charset=utf-8")
	h.Set("Content-Language", catalogue.From(ctx).Language())
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller who has gone is no error of ours
}

// encode writes a response, errors first so that a reader sees them before the data. The data is written as it is.
func encode(resp *graphql.Response) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	part := func(name string, v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			raw = []byte("null")
		}
		b.WriteString(strconv.Quote(name) + ":")
		b.Write(raw)
		b.WriteByte(',')
	}
	if len(resp.Errors) > 0 {
		part("errors", resp.Errors)
	}
	if len(resp.Extensions) > 0 {
		part("extensions", resp.Extensions)
	}
	b.WriteString(`"data":`)
	if len(resp.Data) == 0 {
		b.WriteString("null")
	}
	b.Write(resp.Data)
	b.WriteByte('}')
	return b.Bytes()
}

// rescue answers in place of a panic outside any resolver.
func (e *Engine) rescue(ctx context.Context, w http.ResponseWriter, form string) {
	what := recover()
	if what == nil {
		return
	}
	if what == http.ErrAbortHandler { //nolint:errorlint // the standard library's own sentinel, as it compares it
		panic(what)
	}
	refuse(ctx, w, form, http.StatusInternalServerError, gqlerror.List{Present(ctx, e.panicked(ctx, what))})
}

// panicked writes down a panic with its stack, and gives what is told of it.
func (e *Engine) panicked(ctx context.Context, what any) *fault.Fault {
	f := fault.New(fault.Internal, fault.CodeInternal).Because(e.present.recovered(ctx, what))
	e.c.Log.ErrorContext(ctx, "panic", "requestId", request.ID(ctx), "error", fmt.Sprint(f.Err))
	return f
}
