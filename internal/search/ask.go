package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
	"github.com/cobuild/cobuild/internal/platform/words"
)

// ask is what somebody looks for.
type ask struct {
	text  string   // as it was typed
	fold  string   // in the form in which names are compared
	terms []string // the words of it as they are kept, each once
	place map[string]int
	parts []part // in the order in which they were typed
}

// part is a part of what was typed that belongs together: a word of letters, or a run of ideographs.
type part struct {
	typed string
	fold  string
	terms []int // places among the ask's
}

// askFor reads what somebody looks for.
func askFor(typed string) (*ask, error) {
	var faults fault.List
	typed = text.Line(&faults, "text", typed, 1, MaxText)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	a := &ask{text: typed, fold: words.Fold(typed), place: map[string]int{}}
	end := -1
	for _, w := range words.Of(typed) {
		at := a.term(w.Text)
		last := len(a.parts) - 1
		if w.Pair && w.Start < end {
			p := &a.parts[last]
			p.typed = typed[end-len(p.typed) : w.End]
			p.terms = append(p.terms, at)
		} else {
			a.parts = append(a.parts, part{typed: typed[w.Start:w.End], terms: []int{at}})
		}
		end = w.End
	}
	if len(a.parts) == 0 {
		return nil, fault.New(fault.Invalid, CodeNoWords).At("text")
	}
	for i := range a.parts {
		p := &a.parts[i]
		slices.Sort(p.terms)
		p.terms = slices.Compact(p.terms)
		p.fold = words.Fold(p.typed)
	}
	return a, nil
}

// term is the place of a word among the ask's.
func (a *ask) term(w string) int {
	at, known := a.place[w]
	if !known {
		at = len(a.terms)
		a.place[w] = at
		a.terms = append(a.terms, w)
	}
	return at
}

// least is how many of n must be there: both of two, and of more than that half of them.
func least(n int) int {
	if n <= 2 {
		return n
	}
	return (n + 1) / 2
}

// name is the ask as cursors know it.
func (a *ask) name(kinds []Kind) string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = string(k)
	}
	return cards + " " + strings.Join(all, ",") + " " + a.fold
}

// chosen checks which kinds are asked for; all where none is named.
func (s *Service) chosen(kinds []Kind) ([]Source, error) {
	if kinds == nil {
		return s.Sources, nil
	}
	if len(kinds) == 0 {
		return nil, fault.New(fault.Invalid, fault.CodeTooFew, "min", 1).At("types")
	}
	var out []Source
	for i, k := range kinds {
		at := slices.IndexFunc(s.Sources, func(c Source) bool { return c.Kind == k })
		if at < 0 {
			return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", "SearchType").At("types", strconv.Itoa(i))
		}
		if slices.Contains(kinds[:i], k) {
			return nil, fault.New(fault.Invalid, fault.CodeDuplicate, "value", k).At("types", strconv.Itoa(i))
		}
		out = append(out, s.Sources[at])
	}
	return out, nil
}
