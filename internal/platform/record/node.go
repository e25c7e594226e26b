package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// kind is what a node is.
type kind byte

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindArray
	kindObject
)

// String is the kind as JSON Schema calls it.
func (k kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// node is a JSON value that has kept the order of its keys and the form of its numbers.
type node struct {
	kind    kind
	raw     string // a number as it was written, the text itself, true or false
	items   []*node
	members []member
}

// member is a key of an object with its value.
type member struct {
	key   string
	value *node
}

// get finds a member; nil where there is none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].key == key {
			return n.members[i].value
		}
	}
	return nil
}

// few is how many keys are looked for one by one; more are worth an index.
const few = 8

// places finds the members of an object as it now is by their keys, so many times; -1 where there is none.
func (n *node) places(times int) func(key string) int {
	if times <= few || len(n.members) <= few {
		members := n.members
		return func(key string) int { return slices.IndexFunc(members, func(m member) bool { return m.key == key }) }
	}
	at := make(map[string]int, len(n.members))
	for i, m := range n.members {
		at[m.key] = i
	}
	return func(key string) int {
		if i, ok := at[key]; ok {
			return i
		}
		return -1
	}
}

// set puts a value under a key, at its old place or behind the others.
func (n *node) set(key string, v *node) {
	for i := range n.members {
		if n.members[i].key == key {
			n.members[i].value = v
			return
		}
	}
	n.members = append(n.members, member{key, v})
}

// cut takes a member out and gives its value; nil where there was none.
func (n *node) cut(key string) *node {
	for i, m := range n.members {
		if m.key == key {
			n.members = slices.Delete(n.members, i, i+1)
			return m.value
		}
	}
	return nil
}

// at follows steps through objects; nil where they lead nowhere.
func (n *node) at(steps []string) *node {
	for _, s := range steps {
		if n = n.get(s); n == nil {
			return nil
		}
	}
	return n
}

// text writes the value without needless space.
func (n *node) text(b []byte) []byte {
	switch n.kind {
	case kindNull:
		return append(b, "null"...)
	case kindText:
		return quoted(b, n.raw)
	case kindArray:
		b = append(b, '[')
		for i, e := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.text(b)
		}
		return append(b, ']')
	case kindObject:
		b = append(b, '{')
		for i, m := range n.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(quoted(b, m.key), ':')
			b = m.value.text(b)
		}
		return append(b, '}')
	}
	return append(b, n.raw...)
}

// quoted writes a text as JSON, without the escapes that only browsers want.
func quoted(b []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return append(b, bytes.TrimRight(out.Bytes(), "\n")...)
}

// plain is the value as the schema library reads it.
func (n *node) plain() any {
	switch n.kind {
	case kindNull:
		return nil
	case kindBool:
		return n.raw == "true"
	case kindNumber:
		return json.Number(n.raw)
	case kindText:
		return n.raw
	case kindArray:
		out := make([]any, len(n.items))
		for i, e := range n.items {
			out[i] = e.plain()
		}
		return out
	}
	out := make(map[string]any, len(n.members))
	for _, m := range n.members {
		out[m.key] = m.value.plain()
	}
	return out
}

// weight is how many values there are in it, and how many bytes its texts have.
func (n *node) weight() (values, bytes int) {
	values, bytes = 1, len(n.raw)
	for _, e := range n.items {
		v, b := e.weight()
		values, bytes = values+v, bytes+b
	}
	for _, m := range n.members {
		v, b := m.value.weight()
		values, bytes = values+v, bytes+b+len(m.key)
	}
	return values, bytes
}

// nodeOf makes a node of a decoded value of GraphQL. Its objects have no order: the keys are sorted.
func nodeOf(v any, depth int) (*node, error) {
	if depth > maxSchemaDepth {
		return nil, fault.New(fault.Invalid, fault.CodeTooDeep, "max", maxSchemaDepth)
	}
	switch x := v.(type) {
	case nil:
		return &node{}, nil
	case bool:
		return &node{kind: kindBool, raw: strconv.FormatBool(x)}, nil
	case string:
		return &node{kind: kindText, raw: x}, nil
	case json.Number:
		return &node{kind: kindNumber, raw: x.String()}, nil
	case int64:
		return &node{kind: kindNumber, raw: strconv.FormatInt(x, 10)}, nil
	case int:
		return &node{kind: kindNumber, raw: strconv.Itoa(x)}, nil
	case float64:
		raw, err := json.Marshal(x)
		if err != nil { // it is no number, or has no end
			return nil, fault.New(fault.Invalid, CodeNumber, "value", fmt.Sprint(x))
		}
		return &node{kind: kindNumber, raw: string(raw)}, nil
	case []any:
		out := &node{kind: kindArray, items: make([]*node, len(x))}
		for i, e := range x {
			var err error
			if out.items[i], err = nodeOf(e, depth+1); err != nil {
				return nil, fault.Of(err).At(strconv.Itoa(i))
			}
		}
		return out, nil
	case map[string]any:
		out := &node{kind: kindObject}
		for _, key := range slices.Sorted(maps.Keys(x)) {
			e, err := nodeOf(x[key], depth+1)
			if err != nil {
				return nil, fault.Of(err).At(key)
			}
			out.members = append(out.members, member{key, e})
		}
		return out, nil
	}
	return nil, fault.New(fault.Invalid, CodeNotJSON, "at", 0).Because(fmt.Errorf("got a %T", v))
}
