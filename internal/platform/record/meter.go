package record

import (
	"math/big"
	"slices"
	"strings"
)

// Work is reckoned before it is done, because the library has no way to be stopped: it knows of no context. What a record
// costs is counted value by value, along the sub-schemas that each value meets, in units of about ten nanoseconds of one
// core. The count errs to the dear side: it takes every alternative, and both sides of every condition.
const (
	mostWork = 40_000_000 // of one record: about half a second

	workMeeting = 150    // a value meets a sub-schema; most of it is for telling what is wrong
	workName    = 20     // a name is looked for in an object, and told where it is missing
	workOption  = 2      // a value is compared with one of a list, where both are no numbers
	workNumber  = 150    // a number is read as an exact fraction
	workZeros   = 10     // for each of the places by which a power of ten moves it
	workKey     = 10     // a key is noted as one that nothing has described yet
	workStep    = 2      // an instruction of a pattern is run for a byte
	workLetter  = 1_000  // a character of a text that has to be a pattern is read
	workFolds   = 100    // as much more, where large and small letters are the same
	workProgram = 20_000 // such a pattern is made
)

// meter reckons what it takes to hold a record against a schema.
type meter struct {
	spent int
	zeros int // of the number in the record that has the most of them
}

// costly says whether it takes more than is given.
func (s *Schema) costly(root *node) bool {
	m := &meter{zeros: mostZeros(root)}
	m.meet(root, s.plan, 0)
	return m.spent > mostWork
}

func mostZeros(n *node) int {
	most := 0
	if n.kind == kindNumber {
		most = zeros(n.raw)
	}
	for _, e := range n.items {
		most = max(most, mostZeros(e))
	}
	for _, m := range n.members {
		most = max(most, mostZeros(m.value))
	}
	return most
}

// meet reckons a value that meets a sub-schema, so deep in those that it met before. It ends with the means.
func (m *meter) meet(v *node, p *plan, deep int) {
	m.spent += workMeeting + deep
	if m.spent > mostWork {
		return
	}
	switch v.kind {
	case kindText:
		m.text(v.raw, p)
	case kindNumber:
		m.spent += p.options*workOption + m.number(p)
	case kindObject:
		m.object(v, p, deep)
	case kindArray:
		m.list(v, p)
	}
	for _, q := range p.same {
		if m.meet(v, q, deep+1); m.spent > mostWork {
			return
		}
	}
}

// number is what it takes to compare one with those of a plan: both are read anew each time.
func (m *meter) number(p *plan) int {
	return p.numbers*(2*workNumber+m.zeros*workZeros) + p.zeros*workZeros
}

// options is what it takes to compare an object or a list with those of a plan, as far as both go.
func (m *meter) options(p *plan) int {
	if p.options == 0 {
		return 0
	}
	return p.options*workOption + m.number(p)
}

func (m *meter) text(s string, p *plan) {
	m.spent += p.options*(workOption+len(s)/64) + (len(s)+8)*p.program*workStep + len(s)/2
	if !p.pattern || len(s) > maxProgram {
		return
	}
	m.spent += workProgram
	if folds(s) {
		m.spent += len(s) * workLetter * workFolds
	} else {
		m.spent += len(s) * workLetter
	}
}

func (m *meter) object(v *node, p *plan, deep int) {
	m.spent += m.options(p) + p.names*workName
	if p.noted {
		m.spent += len(v.members) * workKey
	}
	key := &node{kind: kindText}
	for _, e := range v.members {
		m.spent += (len(e.key)+8)*p.keys*workStep + 1
		if q := p.named[e.key]; q != nil {
			m.meet(e.value, q, 0)
		}
		for _, q := range p.members {
			m.meet(e.value, q, 0)
		}
		for _, q := range p.brought[e.key] {
			m.meet(v, q, deep+1)
		}
		if key.raw = e.key; p.keyNames != nil {
			m.meet(key, p.keyNames, 0)
		}
		if m.spent > mostWork {
			return
		}
	}
}

func (m *meter) list(v *node, p *plan) {
	m.spent += m.options(p)
	if p.noted {
		m.spent += len(v.items) * workKey
	}
	if p.unique {
		m.compared(v)
	}
	for i, e := range v.items {
		if i < len(p.prefix) {
			m.meet(e, p.prefix[i], 0)
		}
		for _, q := range p.items {
			m.meet(e, q, 0)
		}
		if m.spent > mostWork {
			return
		}
	}
}

// compared reckons what it takes to find two items that are the same. The library compares those of the same hash with each
// other, and hashes what is in an item one after another, without the sign of numbers and without the ends of lists: a
// thousand different lists can have one hash. What is hashed is put together here as it is there.
func (m *meter) compared(v *node) {
	alike := map[string]int{}
	for _, e := range v.items {
		values, bytes := e.weight()
		one := values*(workNumber+m.zeros*workZeros) + bytes
		hashed := ""
		if m.spent += one; m.spent <= mostWork {
			hashed = string(e.hashed(nil))
		}
		if m.spent += alike[hashed] * one; m.spent > mostWork {
			return
		}
		alike[hashed]++
	}
}

// hashed is what the library hashes of a value.
func (n *node) hashed(b []byte) []byte {
	switch n.kind {
	case kindObject:
		b = append(b, 0)
		sorted := slices.SortedFunc(slices.Values(n.members), func(x, y member) int { return strings.Compare(x.key, y.key) })
		for _, m := range sorted {
			b = m.value.hashed(append(append(b, 4), m.key...))
		}
	case kindArray:
		b = append(b, 1)
		for _, e := range n.items {
			b = e.hashed(b)
		}
	case kindNull:
		b = append(b, 2)
	case kindBool:
		b = append(b, 3, byte(len(n.raw)&1)) // false has five letters
	case kindText:
		b = append(append(b, 4), n.raw...)
	case kindNumber:
		if r, ok := new(big.Rat).SetString(n.raw); ok {
			b = append(append(append(b, 5), r.Num().Bytes()...), r.Denom().Bytes()...)
		}
	}
	return b
}
