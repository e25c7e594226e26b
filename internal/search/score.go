package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// The weights of a score. A word in a name counts for more than one in a text, a rare word for more than a common one, a
// short name for more than a long one; and a name that is what was typed comes before all that only have its words.
const (
	nameWeight = 3.0
	textWeight = 1.0
	usualName  = 12.0    // words of a name of the usual length
	everything = 100_000 // by how many things a word's rarity is measured

	wholeName = 1.5 // added shares of the whole: the name is what was typed,
	nameBegin = 0.5 // it begins so,
	partInIt  = 0.5 // or a part of what was typed stands in it as it was typed
)

// ranked are the cards that fit, the best first; those that fit alike in the order of their identifiers.
func (h *hunt) ranked() []found {
	worth := make([]float64, len(h.often))
	for i, n := range h.often {
		worth[i] = math.Log(1 + everything/float64(max(n, 1)))
	}
	var out []found
	for _, c := range h.seen {
		if f, fits := h.ask.score(c, worth); fits {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, compare)
	return out
}

func compare(a, b found) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

// score says whether a card fits, and how well.
func (a *ask) score(c *sight, worth []float64) (found, bool) {
	f := found{id: c.id}
	whole, sum := 0.0, 0.0
	for i, p := range a.parts {
		has, of, got := 0, 0.0, 0.0
		for _, t := range p.terms {
			of += worth[t]
			if c.weights[t] != 0 {
				has++
				got += worth[t] * c.weight(t)
			}
		}
		whole += of
		if has < least(len(p.terms)) {
			continue
		}
		f.parts = append(f.parts, i)
		if sum += got; strings.Contains(c.name, p.fold) {
			sum += partInIt * of
		}
	}
	if len(f.parts) < least(len(a.parts)) {
		return f, false
	}
	switch {
	case c.name == a.fold:
		sum += wholeName * whole
	case strings.HasPrefix(c.name, a.fold):
		sum += nameBegin * whole
	}
	f.score = int(math.Round(1000 * sum))
	return f, true
}

// weight is what a word of a card counts for.
func (c *sight) weight(term int) float64 {
	if c.weights[term] == inName {
		return nameWeight / (0.5 + 0.5*float64(c.size)/usualName)
	}
	return textWeight
}
