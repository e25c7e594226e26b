package record

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Merge changes a record by a merge patch (RFC 7396): what the patch has takes the place of what the record had, null
// takes it away, and what the patch does not name stays. The record itself stays as it is.
func (r *Record) Merge(patch JSON) (*Record, error) {
	n, err := parse(patch, recordRules())
	if err != nil {
		return nil, err
	}
	if n.kind != kindObject {
		return nil, fault.New(fault.Invalid, CodeNotObject, "got", n.kind.String())
	}
	return Parse(JSON(merged(r.root, n).text(nil)))
}

// merged is the standard's own function. Lists are taken whole, with the nulls in them. What is taken away is marked, and
// goes in one sweep: the work grows with the keys, and not with their square.
func merged(was, patch *node) *node {
	if patch.kind != kindObject {
		return patch
	}
	out := &node{kind: kindObject}
	if was != nil && was.kind == kindObject {
		out.members = slices.Clone(was.members)
	}
	place := out.places(len(patch.members))
	for _, m := range patch.members {
		i := place(m.key)
		switch {
		case i < 0 && m.value.kind != kindNull:
			out.members = append(out.members, member{m.key, merged(nil, m.value)})
		case i >= 0 && m.value.kind != kindNull:
			out.members[i].value = merged(out.members[i].value, m.value)
		case i >= 0:
			out.members[i].value = nil
		}
	}
	out.members = slices.DeleteFunc(out.members, func(m member) bool { return m.value == nil })
	return out
}

// Patch changes a record by the operations of a JSON Patch (RFC 6902), one after another, or not at all. The record
// itself stays as it is.
func (r *Record) Patch(patch JSON) (*Record, error) {
	n, err := parse(patch, rules{size: MaxRecord, depth: MaxDepth + 2, values: MaxNodes})
	if err != nil {
		return nil, err
	}
	if n.kind != kindArray {
		return nil, fault.New(fault.Invalid, CodePatchForm, "want", "[{op, path, value}]")
	}
	if len(n.items) > MaxOps {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxOps)
	}
	p := &patching{root: r.root.clone()}
	for i, op := range n.items {
		if err := p.apply(op); err != nil {
			return nil, fault.Of(err).At(strconv.Itoa(i))
		}
	}
	return Parse(JSON(p.root.text(nil)))
}

// patching is a record under a patch.
type patching struct {
	root   *node
	copied struct{ values, bytes int } // so far
}

// operation is one of a patch, as it was sent.
type operation struct {
	op    string
	path  []string
	from  []string
	value *node
	at    string // for what is told
}

// apply does one operation.
func (p *patching) apply(n *node) error {
	o, err := operationOf(n)
	if err != nil {
		return err
	}
	failed := fault.New(fault.Refused, CodePatch, "op", o.op, "at", clipped(o.at))
	switch o.op {
	case "add":
		if !p.add(o.path, o.value.clone()) {
			return failed
		}
	case "remove":
		if p.remove(o.path) == nil {
			return failed
		}
	case "replace":
		had := p.find(o.path)
		if had == nil {
			return failed
		}
		*had = *o.value.clone() // in its place
	case "test":
		if had := p.find(o.path); had == nil || !had.equal(o.value) {
			return failed
		}
	case "move":
		if within(o.path, o.from) && len(o.path) > len(o.from) {
			return failed
		}
		if moved := p.remove(o.from); moved == nil || !p.add(o.path, moved) {
			return failed
		}
	case "copy":
		had := p.find(o.from)
		if had == nil {
			return failed
		}
		if err := p.afford(had); err != nil {
			return err
		}
		if !p.add(o.path, had.clone()) {
			return failed
		}
	}
	return nil
}

// afford counts what is about to be copied, before it is. Each copy of a value into itself doubles it, also where it holds
// nothing but empty lists, so that values count beside the bytes of their texts; there is no value that takes less than a
// byte in a record.
func (p *patching) afford(n *node) error {
	values, bytes := n.weight()
	p.copied.values += values
	p.copied.bytes += bytes
	if p.copied.values > MaxNodes {
		return fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxNodes)
	}
	if size := p.copied.values + p.copied.bytes; size > MaxRecord {
		return fault.New(fault.Invalid, CodeTooLarge, "max", MaxRecord, "size", size)
	}
	return nil
}

// operationOf reads an operation. A value that is missing is no null.
func operationOf(n *node) (operation, error) {
	bad := fault.New(fault.Invalid, CodePatchForm, "want", "{op, path, value}")
	op, path, from := n.get("op"), n.get("path"), n.get("from")
	if n.kind != kindObject || op == nil || op.kind != kindText || path == nil || path.kind != kindText {
		return operation{}, bad
	}
	o := operation{op: op.raw, at: path.raw, value: n.get("value")}
	var ok bool
	if o.path, ok = stepsOf(path.raw); !ok {
		return o, bad.At("path")
	}
	switch op.raw {
	case "add", "replace", "test":
		if o.value == nil {
			return o, bad.At("value")
		}
	case "move", "copy":
		if from == nil || from.kind != kindText {
			return o, bad.At("from")
		}
		if o.from, ok = stepsOf(from.raw); !ok {
			return o, bad.At("from")
		}
	case "remove":
	default:
		return o, bad.At("op")
	}
	return o, nil
}

// stepsOf reads any pointer, also one that leads through lists.
func stepsOf(pointer string) ([]string, bool) {
	if pointer != "" && !strings.HasPrefix(pointer, "/") {
		return nil, false
	}
	return Pointer(pointer).Steps(), true
}

// within says whether a place is another one, or lies below it.
func within(path, of []string) bool {
	return len(path) >= len(of) && slices.Equal(path[:len(of)], of)
}

// find follows steps through objects and lists; nil where they lead nowhere.
func (p *patching) find(steps []string) *node {
	n := p.root
	for _, s := range steps {
		switch n.kind {
		case kindArray:
			i, ok := place(s, len(n.items)-1)
			if !ok {
				return nil
			}
			n = n.items[i]
		default:
			if n = n.get(s); n == nil {
				return nil
			}
		}
	}
	return n
}

func (p *patching) add(steps []string, v *node) bool {
	if len(steps) == 0 {
		p.root = v
		return true
	}
	above, last := p.find(steps[:len(steps)-1]), steps[len(steps)-1]
	switch {
	case above == nil:
		return false
	case above.kind == kindObject:
		above.set(last, v)
		return true
	case above.kind != kindArray:
		return false
	case last == "-":
		above.items = append(above.items, v)
		return true
	}
	i, ok := place(last, len(above.items))
	if ok {
		above.items = slices.Insert(above.items, i, v)
	}
	return ok
}

func (p *patching) remove(steps []string) *node {
	if len(steps) == 0 {
		return nil // a record is always there
	}
	above, last := p.find(steps[:len(steps)-1]), steps[len(steps)-1]
	switch {
	case above == nil:
		return nil
	case above.kind != kindArray:
		return above.cut(last)
	}
	i, ok := place(last, len(above.items)-1)
	if !ok {
		return nil
	}
	v := above.items[i]
	above.items = slices.Delete(above.items, i, i+1)
	return v
}

// place reads a place in a list: digits alone, without zeros before them.
func place(s string, most int) (int, bool) {
	i, err := strconv.Atoi(s)
	return i, err == nil && i >= 0 && i <= most && strconv.Itoa(i) == s
}

// clone copies a value with everything in it.
func (n *node) clone() *node {
	c := &node{kind: n.kind, raw: n.raw}
	for _, e := range n.items {
		c.items = append(c.items, e.clone())
	}
	for _, m := range n.members {
		c.members = append(c.members, member{m.key, m.value.clone()})
	}
	return c
}

// equal says whether two values mean the same: objects in any order, numbers however they are written.
func (n *node) equal(o *node) bool {
	if n.kind != o.kind || len(n.items) != len(o.items) || len(n.members) != len(o.members) {
		return false
	}
	for i := range n.items {
		if !n.items[i].equal(o.items[i]) {
			return false
		}
	}
	place := o.places(len(n.members))
	for _, m := range n.members {
		if i := place(m.key); i < 0 || !m.value.equal(o.members[i].value) {
			return false
		}
	}
	if n.kind != kindNumber {
		return n.raw == o.raw
	}
	a, okA := new(big.Rat).SetString(n.raw)
	b, okB := new(big.Rat).SetString(o.raw)
	return okA && okB && a.Cmp(b) == 0
}
