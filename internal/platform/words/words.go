// Package words takes texts apart into the words by which they are found: ideographs by twos, everything else by the
// word boundaries of Unicode (UAX 29).
//
// Before that a text is folded, so that what people take for the same is the same: full-width and other compatibility
// forms become the usual ones (NFKC), letters become small and lose their accents. Words are not brought to a stem: names
// and numbers would suffer, and by far the most texts here are Chinese, which has none. Traditional characters are not
// made simplified ones: which one stands for which depends on the word.
package words

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	unicodetokens "github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
)

// Version counts the changes of how texts are taken apart. What was kept under another one is to be made anew.
const Version = 1

// longest is how many characters of a word count.
const longest = 32

// Word is a word of a text: folded, and where it stands.
type Word struct {
	Text       string
	Start, End int  // bytes in the text as it was given
	Pair       bool // two ideographs; the next one may begin with the second of them
}

// Of takes a text apart. A single ideograph among others is a word only where it has no neighbour.
func Of(text string) []Word {
	f := fold(text)
	return f.words(cjk.NewCJKBigramFilter(false).Filter(f.tokens()))
}

// Characters are the single ideographs of a text, each as a word.
func Characters(text string) []Word {
	f := fold(text)
	var single analysis.TokenStream
	for _, t := range f.tokens() {
		if t.Type != analysis.Ideographic {
			continue
		}
		for at, r := range string(t.Term) {
			n := utf8.RuneLen(r)
			single = append(single, &analysis.Token{Term: t.Term[at : at+n], Start: t.Start + at, End: t.Start + at + n})
		}
	}
	return f.words(single)
}

// Fold is a text in the form in which words are compared, with single spaces for all that lies between its words.
func Fold(text string) string {
	f := fold(text)
	var b strings.Builder
	end := 0
	for i, t := range f.tokens() {
		if i > 0 && t.Start > end {
			b.WriteByte(' ')
		}
		b.Write(t.Term)
		end = t.End
	}
	return b.String()
}

// tokens are a folded text's words before ideographs are paired.
func (f *folded) tokens() analysis.TokenStream {
	return unicodetokens.NewUnicodeTokenizer().Tokenize(f.text)
}

// words puts tokens where they stand in the text as it was given.
func (f *folded) words(tokens analysis.TokenStream) []Word {
	out := make([]Word, 0, len(tokens))
	for _, t := range tokens {
		if t.Start >= t.End || t.End > len(f.text) {
			continue
		}
		out = append(out, Word{
			Text: clip(t.Term), Start: f.from[t.Start], End: f.to[t.End-1], Pair: t.Type == analysis.Double,
		})
	}
	return out
}

// clip keeps the beginning of a long word.
func clip(word []byte) string {
	n := 0
	for at := range string(word) {
		if n == longest {
			return string(word[:at])
		}
		n++
	}
	return string(word)
}
