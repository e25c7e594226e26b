package match

import (
	"cmp"
	"slices"
	"strings"
)

// Filed is a category of the tree under which needs and resources are filed.
type Filed struct {
	Code   string
	Parent string // code; empty at the top
	En, Zh string // names
}

// tree is the categories at one moment.
type tree struct {
	of    map[string]Filed
	codes []string            // sorted
	above map[string][]string // of each, from its parent to the top
}

func treeOf(all []Filed) *tree {
	t := &tree{of: make(map[string]Filed, len(all)), above: make(map[string][]string, len(all))}
	for _, f := range all {
		t.of[f.Code] = f
		t.codes = append(t.codes, f.Code)
	}
	slices.Sort(t.codes)
	for _, f := range all {
		for p := f.Parent; p != "" && !slices.Contains(t.above[f.Code], p); p = t.of[p].Parent {
			t.above[f.Code] = append(t.above[f.Code], p)
		}
	}
	return t
}

// kinship is how the category of a resource stands to that of a need.
type kinship string

// The kinships.
const (
	same    kinship = "SAME"
	wider   kinship = "WIDER"   // the resource is filed more widely than the need
	closer  kinship = "CLOSER"  // the resource is filed more closely than the need
	sibling kinship = "SIBLING" // both lie under the same one
	serving kinship = "SERVING" // the weights say that the one serves the other
	alike   kinship = "ALIKE"   // filed apart, but their titles say nearly the same
	apart   kinship = "APART"
)

// related is how two categories stand, how good that is in thousandths, and over how many steps of the tree.
type related struct {
	code  string
	how   kinship
	value int64
	steps int
}

// kin tells how a resource's category stands to a need's: the best of what the tree and the weights say.
func (t *tree) kin(w *CategoryWeights, need, resource string) related {
	best := related{how: apart}
	take := func(r related) {
		if r.value > best.value {
			best = r
		}
	}
	if need == resource {
		return related{how: same, value: w.Same}
	}
	if n := slices.Index(t.above[need], resource); n >= 0 {
		take(related{how: wider, value: w.Wider, steps: n + 1})
	}
	if n := slices.Index(t.above[resource], need); n >= 0 {
		take(related{how: closer, value: w.Closer, steps: n + 1})
	}
	if p := t.of[need].Parent; p != "" && p == t.of[resource].Parent {
		take(related{how: sibling, value: w.Sibling, steps: 2})
	}
	for _, s := range w.Serving {
		if t.under(need, s.Need) && t.under(resource, s.Resource) {
			take(related{how: serving, value: s.Value})
		}
	}
	return best
}

// under says whether a category is another one or lies below it.
func (t *tree) under(code, top string) bool {
	return code == top || slices.Contains(t.above[code], top)
}

// relatives are the categories on the other side that one stands near to, the nearest first.
func (t *tree) relatives(w *CategoryWeights, side Side, code string) []related {
	var out []related
	for _, c := range t.codes {
		need, resource := code, c
		if side == ResourceSide {
			need, resource = c, code
		}
		if r := t.kin(w, need, resource); r.value > 0 {
			r.code = c
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b related) int {
		return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.code, b.code))
	})
	return out
}

// name is what people call a category; the code where the tree has it no more.
func (t *tree) name(code string) word {
	f, ok := t.of[code]
	if !ok {
		return word{code, code}
	}
	return word{f.En, f.Zh}
}
