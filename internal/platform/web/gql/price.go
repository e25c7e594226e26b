package gql

import (
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// How long a list is taken to be before it is read.
const (
	shortList = 10 // a list without a size of its own, as the parties of a contract
	page      = 20 // a connection that was not told how many
	namesList = 4  // a list in the schema's description of itself
)

// affordable refuses an operation whose price is over the limit. The price is about the number of values in the largest
// answer: each field counts one, and once for each member of the lists it is in.
func (l Limits) affordable(op *graphql.OperationContext) *fault.Fault {
	p := pricing{vars: op.Variables, fragments: map[*ast.FragmentDefinition]int{}}
	if price := p.set(op.Operation.SelectionSet); price > l.Price {
		return fault.New(fault.Invalid, CodeTooCostly, "price", price, "max", l.Price)
	}
	return nil
}

// pricing sums up an operation in one pass: a fragment costs the same wherever it is used, so it is priced once.
type pricing struct {
	vars      map[string]any
	fragments map[*ast.FragmentDefinition]int
}

func (p pricing) set(set ast.SelectionSet) int {
	sum := 0
	for _, s := range set {
		switch x := s.(type) {
		case *ast.Field:
			sum = add(sum, add(1, times(p.size(x), p.set(x.SelectionSet))))
		case *ast.InlineFragment:
			sum = add(sum, p.set(x.SelectionSet))
		case *ast.FragmentSpread:
			sum = add(sum, p.fragment(x.Definition))
		}
	}
	return sum
}

func (p pricing) fragment(f *ast.FragmentDefinition) int {
	if f == nil {
		return 0
	}
	if price, ok := p.fragments[f]; ok {
		return price
	}
	p.fragments[f] = 0
	p.fragments[f] = p.set(f.SelectionSet)
	return p.fragments[f]
}

// size is how often the fields below a field are answered. A connection has the size asked for; its edges and nodes
// are that list already.
func (p pricing) size(f *ast.Field) int {
	if f.Definition == nil || f.ObjectDefinition == nil || len(f.SelectionSet) == 0 {
		return 1
	}
	args := f.ArgumentMap(p.vars)
	for _, name := range []string{"first", "last"} {
		if n, ok := whole(args[name]); ok && n > 0 {
			return n
		}
	}
	if ids, ok := args["ids"].([]any); ok {
		return len(ids)
	}
	list := f.Definition.Type.Elem != nil
	switch {
	case strings.HasSuffix(f.Definition.Type.Name(), "Connection"):
		return page
	case strings.HasSuffix(f.ObjectDefinition.Name, "Connection"), !list:
		return 1
	case strings.HasPrefix(f.ObjectDefinition.Name, "__"):
		return namesList
	}
	return shortList
}

// whole reads a whole number as literals and variables carry it.
func whole(v any) (int, bool) {
	switch x := v.(type) {
	case int64:
		return int(x), true
	case int:
		return x, true
	case interface{ String() string }: // json.Number
		n, err := strconv.Atoi(x.String())
		return n, err == nil
	}
	return 0, false
}
