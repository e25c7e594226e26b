package contract

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// DifferenceKind is what became of a part of a text.
type DifferenceKind string

// The kinds of differences.
const (
	Added   DifferenceKind = "ADDED"
	Removed DifferenceKind = "REMOVED"
	Changed DifferenceKind = "CHANGED"
)

// Difference is one part of a text that differs between two versions. Clauses and commitments are told by their keys,
// parties by their organisations, so that moving one changes nothing else.
type Difference struct {
	Path   []string // as ["commitments", "m1", "quantity"]
	Kind   DifferenceKind
	Before *string // plain text as it is, anything else as JSON
	After  *string
}

// Differences tells what a later text changed of an earlier one, in the order of the paths. Where clauses, commitments or
// parties that both have changed places, that is a difference of its own, as ["clausesOrder"].
func Differences(before, after *Text) []*Difference {
	d := differ{out: []*Difference{}}
	b, a := plain(before), plain(after)
	for list := range keyed() {
		b[list+order], a[list+order] = shared(b[list+order], a[list+order]), shared(a[list+order], b[list+order])
	}
	d.compare(nil, b, a)
	return d.out
}

// keyed names the lists of a text and what tells their members apart.
func keyed() map[string]string {
	return map[string]string{"parties": "organisation", "clauses": "key", "commitments": "key", "sharing": "key"}
}

// order ends the name under which a list's order stands beside it.
const order = "Order"

// shared leaves of one list what the other has too.
func shared(of, with any) []any {
	mine, _ := of.([]any)
	other, _ := with.([]any)
	return slices.DeleteFunc(slices.Clone(mine), func(k any) bool { return !slices.Contains(other, k) })
}

type differ struct{ out []*Difference }

func (d *differ) compare(path []string, before, after any) {
	b, both := before.(map[string]any)
	a, also := after.(map[string]any)
	if both && also {
		keys := slices.Sorted(maps.Keys(b))
		for k := range a {
			if _, known := b[k]; !known {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			d.member(append(slices.Clone(path), k), b, a, k)
		}
		return
	}
	if !reflect.DeepEqual(before, after) {
		d.out = append(d.out, &Difference{Path: path, Kind: Changed, Before: said(before), After: said(after)})
	}
}

func (d *differ) member(path []string, before, after map[string]any, key string) {
	b, had := before[key]
	a, has := after[key]
	switch {
	case had && has:
		d.compare(path, b, a)
	case had:
		d.out = append(d.out, &Difference{Path: path, Kind: Removed, Before: said(b)})
	default:
		d.out = append(d.out, &Difference{Path: path, Kind: Added, After: said(a)})
	}
}

// plain is a text as JSON values, its lists told by the keys of their members.
func plain(t *Text) map[string]any {
	raw, err := json.Marshal(t)
	if err != nil { // strings, numbers and JSON that was read before: it can be written
		return nil
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil
	}
	for list, key := range keyed() {
		all, _ := m[list].([]any)
		byKey, keys := map[string]any{}, make([]any, 0, len(all))
		for _, v := range all {
			o, _ := v.(map[string]any)
			k, _ := o[key].(string)
			delete(o, key)
			byKey[k] = o
			keys = append(keys, k)
		}
		m[list] = byKey
		m[list+order] = keys
	}
	return m
}

// said is a value as people read it.
func said(v any) *string {
	if s, ok := v.(string); ok {
		return &s
	}
	raw, err := json.Marshal(v)
	s := string(raw)
	if err != nil {
		s = ""
	}
	return &s
}
