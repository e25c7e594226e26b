package gql

import (
	"bytes"
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"
)

// actual is what an answer would have cost, had its lists been known: each field in it counts one, or its weight. The
// answer is walked beside the selection, so the work is bounded by the answer, whatever the selection could stand for.
func (l Limits) actual(set ast.SelectionSet, data json.RawMessage) int {
	d := json.NewDecoder(bytes.NewReader(data))
	n, err := l.answered(d, []ast.SelectionSet{set})
	if err != nil {
		return 0
	}
	return n
}

// answered sums up the value that comes next. The sets are all selections that apply to it.
func (l Limits) answered(d *json.Decoder, sets []ast.SelectionSet) (int, error) {
	t, err := d.Token()
	if err != nil {
		return 0, err
	}
	switch t {
	case json.Delim('['):
		return l.members(d, sets)
	case json.Delim('{'):
		return l.fields(d, sets)
	}
	return 0, nil
}

func (l Limits) members(d *json.Decoder, sets []ast.SelectionSet) (int, error) {
	sum := 0
	for d.More() {
		n, err := l.answered(d, sets)
		if err != nil {
			return 0, err
		}
		sum = add(sum, n)
	}
	_, err := d.Token()
	return sum, err
}

func (l Limits) fields(d *json.Decoder, sets []ast.SelectionSet) (int, error) {
	known, seen, sum := named{}, map[*ast.FragmentDefinition]bool{}, 0
	for _, set := range sets {
		known.in(set, seen)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return 0, err
		}
		key, _ := name.(string)
		f := known[key] // nothing within a value that is JSON itself
		n, err := l.answered(d, f.below)
		if err != nil {
			return 0, err
		}
		sum = add(sum, add(l.weight(f.name), n))
	}
	_, err := d.Token()
	return sum, err
}

// weight is what a field costs by itself; nothing where there is no field.
func (l Limits) weight(name string) int {
	if name == "" {
		return 0
	}
	if w, ok := l.Weights[name]; ok {
		return w
	}
	return 1
}

// named are the fields of a selection by the names they are answered under.
type named map[string]struct {
	name  string
	below []ast.SelectionSet
}

// in gathers the fields of a selection, and of the fragments in it, each once.
func (k named) in(set ast.SelectionSet, seen map[*ast.FragmentDefinition]bool) {
	for _, s := range set {
		switch x := s.(type) {
		case *ast.Field:
			f := k[x.Alias]
			f.name = x.Name
			if len(x.SelectionSet) > 0 {
				f.below = append(f.below, x.SelectionSet)
			}
			k[x.Alias] = f
		case *ast.InlineFragment:
			k.in(x.SelectionSet, seen)
		case *ast.FragmentSpread:
			if x.Definition != nil && !seen[x.Definition] {
				seen[x.Definition] = true
				k.in(x.Definition.SelectionSet, seen)
			}
		}
	}
}
