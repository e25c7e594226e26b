package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

//go:embed font/DroidSansFallbackFull.ttf
var hanFont []byte

// press is what documents are made with. It is read once and may print several at a time.
type press struct {
	page   *template.Template
	policy string
	latin  *sfnt.Font
	han    *sfnt.Font
}

func newPress() (*press, error) {
	p := &press{policy: stylePolicy()}
	var err error
	if p.page, err = parsePage(); err != nil {
		return nil, fmt.Errorf("report: page: %w", err)
	}
	if p.latin, err = sfnt.Parse(goregular.TTF); err != nil {
		return nil, fmt.Errorf("report: latin font: %w", err)
	}
	if p.han, err = sfnt.Parse(hanFont); err != nil {
		return nil, fmt.Errorf("report: chinese font: %w", err)
	}
	return p, nil
}

// The families of a document's fonts.
const (
	latin = "latin"
	han   = "han"
)

func files() map[string]map[string][]byte {
	return map[string]map[string][]byte{latin: {"": goregular.TTF, "B": gobold.TTF}, han: {"": hanFont}}
}

// run is a piece of text that one font can draw.
type run struct {
	family string
	text   string
}

// geta stands for a character that no font has, as printers have long set it (〓).
const geta = '\u3013'

// runs cuts a text by the fonts that can draw it: Latin letters by the one, everything else by the other, and what
// neither has as a geta mark.
func (p *press) runs(s string) []run {
	var out []run
	var buf sfnt.Buffer
	for _, r := range s {
		family := han
		switch {
		case unicode.IsSpace(r):
			r, family = ' ', latin
		case r < 0x2000 && p.has(&buf, p.latin, r):
			family = latin
		case p.has(&buf, p.han, r):
		case p.has(&buf, p.latin, r):
			family = latin
		default:
			r = geta
		}
		if n := len(out); n > 0 && out[n-1].family == family {
			out[n-1].text += string(r)
		} else {
			out = append(out, run{family, string(r)})
		}
	}
	return out
}

// has says whether a font has a character. Those beyond the basic plane cannot be set at all.
func (p *press) has(buf *sfnt.Buffer, f *sfnt.Font, r rune) bool {
	if r > 0xffff {
		return false
	}
	g, err := f.GlyphIndex(buf, r)
	return err == nil && g != 0
}

// Characters that must not begin a line, and that must not end one.
const (
	closers = "，。、；：！？）》】」』”’%‰·…,.;:!?)]}"
	openers = "（《【「『“‘([{"
)

// pieces cuts a text where a line may end: into Latin words, and single Chinese characters with the punctuation that
// belongs to them.
func pieces(s string) []string {
	var out []string
	glue := false // the last piece wants what follows
	for _, r := range s {
		n := len(out)
		switch {
		case n > 0 && (glue || strings.ContainsRune(closers, r) || narrow(r) && endsNarrow(out[n-1])):
			out[n-1] += string(r)
		default:
			out = append(out, string(r))
		}
		glue = strings.ContainsRune(openers, r)
	}
	return out
}

// narrow says whether a character is a part of a word, and not a word of its own.
func narrow(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.Is(unicode.Han, r) && r < 0x2e80
}

func endsNarrow(s string) bool {
	rs := []rune(s)
	return narrow(rs[len(rs)-1])
}

// lines breaks a text where it grows wider than a line, at most so many times; what is left is cut with an ellipsis. A
// word that is wider than a line is cut anywhere.
func lines(s string, wide float64, most int, width func(string) float64) []string {
	var out []string
	line := ""
	for _, piece := range split(pieces(s), wide, width) {
		if width(strings.TrimRight(line+piece, " ")) <= wide || line == "" {
			line += piece
			continue
		}
		if out = append(out, strings.TrimRight(line, " ")); len(out) == most {
			return cut(out, wide, width)
		}
		line = strings.TrimLeft(piece, " ")
	}
	return append(out, strings.TrimRight(line, " "))
}

// split cuts the pieces that are wider than a line.
func split(all []string, wide float64, width func(string) float64) []string {
	var out []string
	for _, s := range all {
		if width(s) <= wide {
			out = append(out, s)
			continue
		}
		for _, r := range s {
			out = append(out, string(r))
		}
	}
	return out
}

// cut ends the last line with an ellipsis.
func cut(out []string, wide float64, width func(string) float64) []string {
	last := []rune(out[len(out)-1])
	for len(last) > 0 && width(string(last)+"…") > wide {
		last = last[:len(last)-1]
	}
	return append(slices.Clone(out[:len(out)-1]), string(last)+"…")
}
