package match

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// grams are the words of a title, without repeats and sorted: Latin ones as they are, Chinese ones as runs of two
// characters, because nothing else parts them.
type grams []string

func gramsIn(title string) grams {
	var out grams
	var run []rune
	flush := func(han bool) {
		switch {
		case len(run) == 0:
		case !han || len(run) == 1:
			out = append(out, string(run))
		default:
			for i := range len(run) - 1 {
				out = append(out, string(run[i:i+2]))
			}
		}
		run = run[:0]
	}
	was := false // the run is Chinese
	for _, r := range strings.ToLower(title) {
		han := unicode.Is(unicode.Han, r)
		if !han && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush(was)
			continue
		}
		if han != was {
			flush(was)
			was = han
		}
		run = append(run, r)
	}
	flush(was)
	slices.Sort(out)
	return slices.Compact(out)
}

func (i *Item) gramsOf() grams {
	if i.words == nil {
		i.words = gramsIn(i.Title)
	}
	return i.words
}

// alike tells which words two titles share, and how alike that makes them in thousandths: what they share by the geometric
// mean of what they have (the cosine of both).
func (g grams) alike(h grams) (shared []string, value int64) {
	for a, b := 0, 0; a < len(g) && b < len(h); {
		switch strings.Compare(g[a], h[b]) {
		case 0:
			shared = append(shared, g[a])
			a, b = a+1, b+1
		case -1:
			a++
		default:
			b++
		}
	}
	if len(shared) == 0 {
		return nil, 0
	}
	return shared, int64(one * float64(len(shared)) / math.Sqrt(float64(len(g)*len(h))))
}

// without leaves out words that stand in every second title and tell nothing apart.
func (g grams) without(common map[string]bool) grams {
	out := slices.DeleteFunc(slices.Clone(g), func(w string) bool { return common[w] })
	if len(out) == 0 {
		return g
	}
	return out
}
