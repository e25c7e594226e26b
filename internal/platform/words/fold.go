package words

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text in the form in which words are compared. Each of its bytes knows which bytes of the text as it was
// given it stands for.
type folded struct {
	text     []byte
	from, to []int
}

// fold brings a text into that form.
func fold(text string) *folded {
	f := &folded{text: make([]byte, 0, len(text)), from: make([]int, 0, len(text)), to: make([]int, 0, len(text))}
	for start := 0; start < len(text); {
		end := start + max(norm.NFKC.NextBoundaryInString(text[start:], true), 1)
		part := norm.NFKC.String(text[start:end])
		f.add(part, start, end, part == text[start:end])
		start = end
	}
	return f
}

// add takes up a part of the text. Where the part is as it was given, each character stands for itself; else each of them
// stands for the whole.
func (f *folded) add(part string, start, end int, same bool) {
	for at := 0; at < len(part); {
		r, n := utf8.DecodeRuneInString(part[at:])
		from, to := start, end
		if same {
			from, to = start+at, start+at+n
		}
		at += n
		if r < utf8.RuneSelf || !unicode.Is(unicode.Latin, r) {
			f.put(unicode.ToLower(r), from, to)
			continue
		}
		for _, bare := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, bare) {
				f.put(unicode.ToLower(bare), from, to)
			}
		}
	}
}

func (f *folded) put(r rune, from, to int) {
	was := len(f.text)
	f.text = utf8.AppendRune(f.text, r)
	for range len(f.text) - was {
		f.from, f.to = append(f.from, from), append(f.to, to)
	}
}
