package report

import (
	"bytes"
	"fmt"
	"strconv"

	"codeberg.org/go-pdf/fpdf"
)

// The measures of a page, in millimetres: A4, upright.
const (
	pageWide, pageHigh = 210.0, 297.0
	edge               = 16.0              // left and right
	top, bottom        = 20.0, 277.0       // between them lies the text
	measure            = pageWide - 2*edge // how wide the text is
	point              = 25.4 / 72         // of a font's size
	leading            = 1.45              // of lines, in font sizes
)

// colour is red, green and blue.
type colour [3]int

func ink() colour   { return colour{28, 36, 48} }
func soft() colour  { return colour{91, 102, 117} }
func rule() colour  { return colour{217, 222, 230} }
func brand() colour { return colour{168, 32, 26} }
func white() colour { return colour{255, 255, 255} }
func hue(class string) colour {
	return map[string]colour{
		"kept": {47, 125, 79}, "late": {214, 154, 45}, "missed": {179, 54, 43}, "open": {170, 180, 194},
	}[class]
}

// sheets are the pages of a document as they are set.
type sheets struct {
	*press
	f    *fpdf.Fpdf
	leaf *leaf
	y    float64 // where the next thing goes
}

// pdf sets a document as PDF: text that can be searched and copied, with the glyphs of just the characters it has.
func (p *press) pdf(l *leaf) ([]byte, error) {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(edge, top, edge)
	f.SetTitle(l.Heading+" · "+l.Subject, true)
	f.SetCreator("Cobuild", true)
	f.SetProducer("Cobuild", true)
	f.SetLang(l.Tag)
	f.SetCreationDate(l.At)
	f.SetModificationDate(l.At)
	f.SetCatalogSort(true)
	for family, styles := range files() {
		for style, data := range styles {
			f.AddUTF8FontFromBytes(family, style, data)
		}
	}
	s := &sheets{press: p, f: f, leaf: l}
	s.page()
	s.cover()
	s.summary()
	s.blocks()
	s.list(l.Words.say("paper.byKind"), l.Words.say("paper.kind"), l.Kinds)
	s.contracts()
	s.notes()
	s.frame()
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		return nil, fmt.Errorf("report: pdf: %w", err)
	}
	return b.Bytes(), nil
}

func (s *sheets) page() {
	s.f.AddPage()
	s.y = top
}

// room begins a page where less than so much is left on this one. It says whether it did.
func (s *sheets) room(high float64) bool {
	if s.y+high <= bottom {
		return false
	}
	s.page()
	return true
}

// style is how a text looks.
type style struct {
	size float64 // in points
	bold bool
	in   colour
}

// font makes a font ready; Chinese has no bold one and is drawn with an outline instead.
func (s *sheets) font(family string, st style) {
	bold := ""
	if st.bold && family == latin {
		bold = "B"
	}
	s.f.SetFont(family, bold, st.size)
}

// width is how wide a text is, in millimetres.
func (s *sheets) width(text string, st style) float64 {
	w := 0.0
	for _, r := range s.runs(text) {
		s.font(r.family, st)
		w += s.f.GetStringWidth(r.text)
	}
	return w
}

// draw puts a text on its base line, and gives where it ends.
func (s *sheets) draw(x, y float64, text string, st style) float64 {
	s.f.SetTextColor(st.in[0], st.in[1], st.in[2])
	for _, r := range s.runs(text) {
		s.font(r.family, st)
		heavy := st.bold && r.family == han
		if heavy {
			s.f.SetDrawColor(st.in[0], st.in[1], st.in[2])
			s.f.SetLineWidth(st.size * 0.006)
			s.f.SetTextRenderingMode(2)
		}
		s.f.Text(x, y, r.text)
		if heavy {
			s.f.SetTextRenderingMode(0)
		}
		x += s.f.GetStringWidth(r.text)
	}
	return x
}

// right puts a text so that it ends at x.
func (s *sheets) right(x, y float64, text string, st style) {
	s.draw(x-s.width(text, st), y, text, st)
}

// set breaks a text into lines and puts them below one another, on new pages where needed.
func (s *sheets) set(x, wide float64, text string, st style, most int) {
	high := st.size * point * leading
	for _, line := range lines(text, wide, most, func(t string) float64 { return s.width(t, st) }) {
		s.room(high)
		s.draw(x, s.y+st.size*point, line, st)
		s.y += high
	}
}

func (s *sheets) fill(x, y, wide, high float64, in colour) {
	s.f.SetFillColor(in[0], in[1], in[2])
	s.f.Rect(x, y, wide, high, "F")
}

func (s *sheets) line(x, y, wide, thick float64, in colour) {
	s.f.SetDrawColor(in[0], in[1], in[2])
	s.f.SetLineWidth(thick)
	s.f.Line(x, y, x+wide, y)
}

// frame puts the running head on every page but the first, and the page's number on all.
func (s *sheets) frame() {
	small := style{8, false, soft()}
	pages := s.f.PageCount()
	for n := 1; n <= pages; n++ {
		s.f.SetPage(n)
		foot := s.leaf.Words.say("paper.page", "page", strconv.Itoa(n), "pages", strconv.Itoa(pages))
		s.right(pageWide-edge, 287, foot, small)
		s.draw(edge, 287, s.leaf.Compiled, small)
		if n == 1 {
			continue
		}
		wide := measure - s.width(s.leaf.Heading, small) - 6
		subject := lines(s.leaf.Subject, wide, 1, func(t string) float64 { return s.width(t, small) })[0]
		s.draw(edge, 13, subject, small)
		s.right(pageWide-edge, 13, s.leaf.Heading, small)
		s.line(edge, 15, measure, 0.2, rule())
	}
}
