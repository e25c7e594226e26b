package batch

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Fill makes the input of a line of a table. An empty cell is absent. Each fault names its column.
func (f *Form) Fill(targets []Target, cells []string) (map[string]any, error) {
	var bad fault.List
	input := map[string]any{}
	for i, t := range targets {
		text := strings.TrimSpace(cells[i])
		if text == "" {
			continue
		}
		v, err := f.value(t.leaf, cells[i])
		if err != nil {
			fl := fault.Of(err)
			fl.Params["column"] = t.Column
			bad.Add(fl)
			continue
		}
		put(input, t.Path, v)
	}
	for name, v := range input {
		input[name] = packed(v)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return input, nil
}

// ObjectOf makes the input of a JSON line.
func (f *Form) ObjectOf(raw json.RawMessage) (map[string]any, error) {
	v, err := decoded(raw)
	input, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, fault.New(fault.Invalid, CodeNotObject, "value", cut(string(raw)))
	}
	var bad fault.List
	for name := range input {
		switch {
		case name == mutationID:
			bad.Add(fault.New(fault.Invalid, CodeReserved, "column", name))
		case f.input.Fields.ForName(name) == nil:
			bad.Add(fault.New(fault.Invalid, CodeUnknown, "column", name, "nearest", nearest(name, f.names([]string{name}))))
		}
	}
	for _, in := range f.input.Fields {
		if _, there := input[in.Name]; in.Type.NonNull && in.DefaultValue == nil && !there {
			bad.Add(fault.New(fault.Invalid, CodeMissing, "column", in.Name))
		}
	}
	slices.SortFunc(bad, func(a, b *fault.Fault) int {
		return strings.Compare(a.Params["column"].(string), b.Params["column"].(string))
	})
	return input, bad.Err()
}

// Column is the column of a table that a fault's path in the input is about: the one that fills that place, or the one
// that fills most of the way to it. Without columns it is the path itself.
func Column(targets []Target, path []string) string {
	best, most := strings.Join(path, "."), 0
	for _, t := range targets {
		n := 0
		for n < len(path) && n < len(t.Path) && path[n] == t.Path[n] {
			n++
		}
		if n > most {
			best, most = t.Column, n
		}
	}
	return best
}

// items are the elements of a list that columns fill, by their numbers.
type items map[int]any

// put lays a value down at its place.
func put(into map[string]any, path []string, v any) {
	if len(path) == 1 {
		into[path[0]] = v
		return
	}
	n, err := strconv.Atoi(path[1])
	if err != nil {
		below, _ := into[path[0]].(map[string]any)
		if below == nil {
			below = map[string]any{}
			into[path[0]] = below
		}
		put(below, path[1:], v)
		return
	}
	list, _ := into[path[0]].(items)
	if list == nil {
		list = items{}
		into[path[0]] = list
	}
	if len(path) == 2 {
		list[n] = v
		return
	}
	below, _ := list[n].(map[string]any)
	if below == nil {
		below = map[string]any{}
		list[n] = below
	}
	put(below, path[2:], v)
}

// packed makes lists of numbered elements, in their order; numbers that nothing was put at are passed over.
func packed(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for name, e := range x {
			x[name] = packed(e)
		}
	case items:
		numbers := make([]int, 0, len(x))
		for n := range x {
			numbers = append(numbers, n)
		}
		slices.Sort(numbers)
		list := make([]any, len(numbers))
		for i, n := range numbers {
			list[i] = packed(x[n])
		}
		return list
	}
	return v
}

var wholeOrDecimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// value reads a cell as what the schema wants there.
func (f *Form) value(t *ast.Type, text string) (any, error) {
	trimmed := strings.TrimSpace(text)
	if t.Elem != nil {
		return f.list(t.Elem, trimmed)
	}
	def := f.schema.Types[t.Name()]
	switch {
	case def.Kind == ast.InputObject, def.Name == "JSON":
		v, err := decoded([]byte(trimmed))
		if _, ok := v.(map[string]any); err != nil || !ok {
			return nil, fault.New(fault.Invalid, CodeNotObject, "value", cut(trimmed))
		}
		return v, nil
	case def.Kind == ast.Enum:
		return trimmed, nil
	case def.Name == "Int", def.Name == "Float":
		if !wholeOrDecimal.MatchString(trimmed) {
			return nil, fault.New(fault.Invalid, CodeNotNumber, "value", cut(trimmed))
		}
		return json.Number(trimmed), nil
	case def.Name == "Boolean":
		return truth(trimmed)
	}
	return text, nil
}

func truth(s string) (any, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "1", "是":
		return true, nil
	case "false", "no", "0", "否":
		return false, nil
	}
	return nil, fault.New(fault.Invalid, CodeNotTruth, "value", cut(s))
}

// list reads the JSON of a list, or plain values between semicolons.
func (f *Form) list(elem *ast.Type, text string) (any, error) {
	if strings.HasPrefix(text, "[") {
		v, err := decoded([]byte(text))
		if _, ok := v.([]any); err != nil || !ok {
			return nil, fault.New(fault.Invalid, CodeNotList, "value", cut(text))
		}
		return v, nil
	}
	if elem.Elem != nil || f.schema.Types[elem.Name()].Kind == ast.InputObject {
		return nil, fault.New(fault.Invalid, CodeNotList, "value", cut(text))
	}
	var all []any
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == '；' || r == '\n' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		v, err := f.value(elem, part)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// decoded reads one JSON value, numbers as they are written.
func decoded(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	return v, nil
}

// cut is a value from a file, as much of it as fits into a sentence.
func cut(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
