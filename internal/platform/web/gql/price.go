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

// price is about the work behind the largest answer an operation can get: each field counts one or what Limits.Weights
// says, once for each member of the lists it is in; a page counts its members even where none of their fields is asked
// for. Each condition of a filter counts one, and a count of a filtered list counts its weight once for each of them,
// because each is held against whatever is looked at.
func (l Limits) price(op *graphql.OperationContext) int {
	p := pricing{
		weights: l.Weights, lists: l.Lists, vars: op.Variables,
		fragments: map[*ast.FragmentDefinition]cost{}, breadths: map[string]int{},
	}
	return p.set(op.Operation.SelectionSet).once
}

// affordable refuses an operation whose price is over the limit, however much its caller has left.
func (l Limits) affordable(price int) *fault.Fault {
	if price > l.Price {
		return fault.New(fault.Invalid, CodeTooCostly, "price", price, "max", l.Price)
	}
	return nil
}

// pricing sums up an operation in one pass: a fragment costs the same wherever it is used, so it is priced once, and a
// variable is as broad wherever it is used.
type pricing struct {
	weights   map[string]int
	lists     map[string]int
	vars      map[string]any
	fragments map[*ast.FragmentDefinition]cost
	breadths  map[string]int // by variable
}

// cost is the price of a selection. Outside connections all of it is once; the rest of a connection's depends on the
// arguments of the field that answers it.
type cost struct {
	once    int
	each    int // for each member of the page
	counted int // for each condition of the filter
}

func (c cost) plus(d cost) cost {
	return cost{add(c.once, d.once), add(c.each, d.each), add(c.counted, d.counted)}
}

func (p pricing) set(set ast.SelectionSet) cost {
	var sum cost
	for _, s := range set {
		switch x := s.(type) {
		case *ast.Field:
			sum = sum.plus(p.field(x))
		case *ast.InlineFragment:
			sum = sum.plus(p.set(x.SelectionSet))
		case *ast.FragmentSpread:
			sum = sum.plus(p.fragment(x.Definition))
		}
	}
	return sum
}

func (p pricing) fragment(f *ast.FragmentDefinition) cost {
	if f == nil {
		return cost{}
	}
	if price, ok := p.fragments[f]; ok {
		return price
	}
	p.fragments[f] = cost{}
	p.fragments[f] = p.set(f.SelectionSet)
	return p.fragments[f]
}

func (p pricing) field(f *ast.Field) cost {
	weight, weighed := p.weights[f.Name]
	if !weighed {
		weight = 1
	}
	size, conditions, below := p.size(f), p.conditions(f), p.set(f.SelectionSet)
	price := add(weight, conditions)
	if f.Definition != nil && connection(f.Definition.Type.Name()) {
		price = add(price, times(size, add(1, below.each)))
		price = add(price, add(below.once, times(max(conditions, 1), below.counted)))
	} else {
		price = add(price, times(size, below.once))
	}
	switch {
	case f.ObjectDefinition == nil || !connection(f.ObjectDefinition.Name):
		return cost{once: price}
	case f.Definition != nil && f.Definition.Type.Elem != nil:
		return cost{each: price}
	case weighed:
		return cost{counted: price}
	}
	return cost{once: price}
}

func connection(name string) bool { return strings.HasSuffix(name, "Connection") }

// conditions is how many conditions the field's filter has, and how many values they name.
func (p pricing) conditions(f *ast.Field) int {
	if a := f.Arguments.ForName("filter"); a != nil {
		return p.breadth(a.Value)
	}
	return 0
}

func (p pricing) breadth(v *ast.Value) int {
	switch v.Kind {
	case ast.NullValue:
		return 0
	case ast.Variable:
		n, ok := p.breadths[v.Raw]
		if !ok {
			n = breadth(p.vars[v.Raw])
			p.breadths[v.Raw] = n
		}
		return n
	case ast.ObjectValue, ast.ListValue:
		n := 0
		for _, c := range v.Children {
			n = add(n, p.breadth(c.Value))
		}
		return max(n, 1)
	}
	return 1
}

// breadth is how many values are in a value of a variable; an empty object or list is one.
func breadth(v any) int {
	n := 0
	switch x := v.(type) {
	case nil:
		return 0
	case map[string]any:
		for _, e := range x {
			n = add(n, breadth(e))
		}
	case []any:
		for _, e := range x {
			n = add(n, breadth(e))
		}
	}
	return max(n, 1)
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
	for _, name := range []string{"ids", "representations"} {
		if named, ok := args[name].([]any); ok {
			return len(named)
		}
	}
	list := f.Definition.Type.Elem != nil
	switch {
	case connection(f.Definition.Type.Name()):
		return page
	case connection(f.ObjectDefinition.Name), !list:
		return 1
	case strings.HasPrefix(f.ObjectDefinition.Name, "__"):
		return namesList
	}
	if n, known := p.lists[f.ObjectDefinition.Name+"."+f.Name]; known {
		return n
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
