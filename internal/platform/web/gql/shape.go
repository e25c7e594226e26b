package gql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// A selection is what somebody wants to be told of each object of one type, again and again: what stands between the braces
// of a query, without the query. It has no variables and no fragments of its own.

// SelectionError is what is wrong with a selection, and where.
type SelectionError struct {
	Line, Column int
	Detail       string
}

// Error names the place.
func (e *SelectionError) Error() string {
	return fmt.Sprintf("gql: selection, line %d, column %d: %s", e.Line, e.Column, e.Detail)
}

// CostlyError says that a selection costs more for one object than it may.
type CostlyError struct{ Price, Most int }

// Error names the price.
func (e *CostlyError) Error() string {
	return fmt.Sprintf("gql: a selection of price %d, of which %d are allowed", e.Price, e.Most)
}

// frame is the query in which a selection is answered, for many objects at once.
func frame(on, selection string) string {
	return "query Selection($ids: [ID!]!) { nodes(ids: $ids) { ... on " + on + " " + selection + "\n} }"
}

// CheckSelection refuses what is no selection of a type's fields, or costs more for one object than most: as a
// *SelectionError or *CostlyError.
func (e *Engine) CheckSelection(on, text string, most int) error {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, e.c.Limits.Tokens)
	if err != nil {
		return misplaced(asGQL(err))
	}
	if len(doc.Operations) != 1 || len(doc.Fragments) > 0 || !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return &SelectionError{1, 1, "a selection stands between one pair of braces, as { seq type }"}
	}
	chosen := doc.Operations[0].SelectionSet
	used := variables{}
	used.set(chosen)
	for name := range used {
		return &SelectionError{1, 1, "a selection has no variables, and this one uses $" + name}
	}
	whole, err := parser.ParseQuery(&ast.Source{Input: frame(on, "{ id }")})
	if err != nil {
		return fmt.Errorf("gql: %w", err)
	}
	op := whole.Operations[0]
	nodes, _ := op.SelectionSet[0].(*ast.Field)
	inline, _ := nodes.SelectionSet[0].(*ast.InlineFragment)
	inline.SelectionSet = chosen
	if f := e.c.Limits.bounded(whole, true); f != nil {
		return &SelectionError{1, 1, fmt.Sprintf("it is too large or too deep: %v", f.Params)}
	}
	if errs := validator.ValidateWithRules(e.Schema(), whole, rulesFor(true)); len(errs) > 0 {
		return misplaced(errs[0])
	}
	price := e.c.Limits.price(&graphql.OperationContext{Operation: op, Variables: map[string]any{"ids": []any{"one"}}})
	if price > most {
		return &CostlyError{price, most}
	}
	return nil
}

func misplaced(err *gqlerror.Error) error {
	out := &SelectionError{1, 1, strings.TrimSuffix(err.Message, ".")}
	if len(err.Locations) > 0 {
		out.Line, out.Column = err.Locations[0].Line, err.Locations[0].Column
	}
	return out
}

// Shaped is a selection answered about one object.
type Shaped struct {
	Data json.RawMessage // nil where the object is hidden from the caller, or is not of the type
	Err  error           // why there is no whole answer; the same question may have one later
}

// Shape answers a selection that was checked about objects, in their order, by the rights of the caller at this moment. It
// pays nothing: what a selection may cost is bounded when it is made.
func (e *Engine) Shape(ctx context.Context, on, selection string, ids []string) ([]Shaped, error) {
	names := make([]any, len(ids))
	for i, one := range ids {
		names[i] = one
	}
	ctx = graphql.StartOperationTrace(ctx)
	p := &graphql.RawParams{Query: frame(on, selection), Variables: map[string]any{"ids": names}}
	op, errs := e.ready(ctx, p, &bill{})
	if len(errs) > 0 {
		return nil, fmt.Errorf("gql: selection: %w", errs)
	}
	handle, ctx := e.exec.DispatchOperation(ctx, op)
	resp := handle(ctx)
	if resp == nil {
		return nil, fault.New(fault.Unavailable, fault.CodeUnavailable).Because(ctx.Err())
	}
	return shaped(resp, len(ids))
}

// shaped takes the answer about each object out of a response.
func shaped(resp *graphql.Response, n int) ([]Shaped, error) {
	var data struct{ Nodes []json.RawMessage }
	if err := json.Unmarshal(resp.Data, &data); err != nil || len(data.Nodes) != n {
		return nil, fmt.Errorf("gql: selection: %w", errors.Join(err, resp.Errors))
	}
	out := make([]Shaped, n)
	for i, raw := range data.Nodes {
		if string(raw) != "null" {
			out[i].Data = raw
		}
	}
	for _, err := range resp.Errors {
		code, _ := err.Extensions["code"].(fault.Code)
		if code != fault.CodeInternal && code != fault.CodeUnavailable {
			continue // what the caller may not see is null, and that is the answer
		}
		i, ok := ast.PathIndex(0), false
		if len(err.Path) > 1 {
			i, ok = err.Path[1].(ast.PathIndex)
		}
		if !ok || int(i) >= n {
			return nil, fmt.Errorf("gql: selection: %w", err)
		}
		out[i] = Shaped{Err: err}
	}
	return out, nil
}
