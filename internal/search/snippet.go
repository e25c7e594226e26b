package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/words"
)

// Bounds of a snippet, in bytes of the text: about as much as two lines hold.
const (
	snippetLength = 240
	snippetBefore = 60 // of it, at most so much before the first hit
)

// span is where a hit stands in a text, in bytes.
type span struct{ from, to int }

// snippet cuts the piece of a thing's texts that has the most of what was looked for; the first one of those that are
// alike, so that the name wins.
func (a *ask) snippet(all []Text) *Snippet {
	var best *Snippet
	most := -1
	for _, t := range all {
		if t.Text == "" {
			continue
		}
		hits := a.hits(t)
		from, to := window(t.Text, hits)
		n := a.within(t.Text[from:to], t.Name)
		if n > most {
			best, most = &Snippet{Of: t.Of, Pieces: pieces(t.Text, from, to, hits)}, n
		}
	}
	if best == nil {
		return &Snippet{Pieces: []Piece{}}
	}
	return best
}

// found are the words of a text that were looked for.
func (a *ask) found(text string, name bool) []words.Word {
	all := words.Of(clip(text, maxTexts))
	if name {
		all = append(all, words.Characters(clip(text, maxName))...)
	}
	out := all[:0]
	for _, w := range all {
		if _, asked := a.place[w.Text]; asked {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b words.Word) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

// within counts how many different words that were looked for a text has.
func (a *ask) within(text string, name bool) int {
	seen := map[string]bool{}
	for _, w := range a.found(text, name) {
		seen[w.Text] = true
	}
	return len(seen)
}

// hits are the places of the words that were looked for, joined where they touch or overlap, in order.
func (a *ask) hits(t Text) []span {
	var out []span
	for _, w := range a.found(t.Text, t.Name) {
		if last := len(out) - 1; last >= 0 && w.Start <= out[last].to {
			out[last].to = max(out[last].to, w.End)
			continue
		}
		out = append(out, span{w.Start, w.End})
	}
	return out
}

// window is the stretch of a text that holds the most hits.
func window(text string, hits []span) (from, to int) {
	if len(text) <= snippetLength {
		return 0, len(text)
	}
	begin, most := 0, 0
	for i, first := range hits {
		sum := 0
		for _, h := range hits[i:] {
			if h.to > first.from+snippetLength-snippetBefore {
				break
			}
			sum += h.to - h.from
		}
		if sum > most {
			begin, most = first.from, sum
		}
	}
	from = whole(text, max(0, min(begin-snippetBefore, len(text)-snippetLength)))
	return from, whole(text, min(len(text), from+snippetLength))
}

// whole goes back to the beginning of a character.
func whole(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// pieces cut a stretch of a text at its hits.
func pieces(text string, from, to int, hits []span) []Piece {
	out := []Piece{}
	add := func(s string, hit bool) {
		if s = strings.ReplaceAll(s, "\n", " "); s != "" {
			out = append(out, Piece{s, hit})
		}
	}
	if from > 0 {
		add("…", false)
	}
	at := from
	for _, h := range hits {
		start, end := max(h.from, at), min(h.to, to)
		if start >= end {
			continue
		}
		add(text[at:start], false)
		add(text[start:end], true)
		at = end
	}
	add(text[at:to], false)
	if to < len(text) {
		add("…", false)
	}
	return out
}
