package report

import "strconv"

// cover is the head of the first page: what this is, about whom, and for which days.
func (s *sheets) cover() {
	l := s.leaf
	s.fill(edge, s.y, measure, 1, brand())
	s.y += 4
	s.set(edge, measure, l.Words.say("paper.product"), style{10, true, brand()}, 1)
	s.f.Bookmark(l.Heading, 0, -1)
	s.set(edge, measure, l.Heading, style{20, true, ink()}, 2)
	s.set(edge, measure, l.Subject, style{13, true, ink()}, 6)
	if l.Around != "" {
		s.set(edge, measure, l.Around, style{10, false, soft()}, 4)
	}
	s.y += 1
	x := s.draw(edge, s.y+3.2, l.Period, style{9, false, soft()})
	x = s.draw(x+6, s.y+3.2, l.Compiled, style{9, false, soft()})
	if l.Provisional != "" {
		s.draw(x+6, s.y+3.2, l.Provisional, style{9, true, brand()})
	}
	s.y += 6
}

// heading begins a part of the document, with room for some of what follows.
func (s *sheets) heading(text string, follows float64) {
	s.y += 5
	s.room(9 + follows)
	s.font(latin, style{12.5, true, ink()})
	s.f.Bookmark(text, 0, s.y)
	s.set(edge, measure, text, style{12.5, true, ink()}, 1)
	s.y += 1
}

// summary is the figures that stand out, and what became of all that was due, as one bar.
func (s *sheets) summary() {
	l := s.leaf
	s.heading(l.Words.say("paper.summary"), 40)
	const gap, high = 2.5, 19.0
	wide := (measure - gap*float64(len(l.Cards)-1)) / float64(len(l.Cards))
	for i, c := range l.Cards {
		x := edge + float64(i)*(wide+gap)
		label, value := style{8, false, soft()}, style{17, true, ink()}
		if i == 0 {
			s.fill(x, s.y, wide, high, brand())
			label.in, value.in = white(), white()
		} else {
			s.f.SetDrawColor(rule()[0], rule()[1], rule()[2])
			s.f.SetLineWidth(0.25)
			s.f.Rect(x, s.y, wide, high, "D")
		}
		y := s.y + 4.6
		for _, line := range lines(c.Label, wide-5, 2, func(t string) float64 { return s.width(t, label) }) {
			s.draw(x+2.5, y, line, label)
			y += 3.4
		}
		s.draw(x+2.5, s.y+high-3.2, c.Value, value)
	}
	s.y += high + 4
	if l.Empty != "" {
		s.set(edge, measure, l.Empty, style{10, false, soft()}, 2)
	}
	s.mosaic()
}

func (s *sheets) mosaic() {
	l := s.leaf
	if len(l.Shares) == 0 {
		return
	}
	s.set(edge, measure, l.Words.say("paper.mosaic"), style{9, false, soft()}, 1)
	for _, x := range l.Shares {
		s.fill(edge+measure*x.From/100, s.y, measure*x.Percent/100, 4, hue(x.Class))
	}
	s.y += 7
	x, label := edge, style{9, false, ink()}
	for _, part := range l.Shares {
		s.fill(x, s.y, 2.4, 2.4, hue(part.Class))
		x = s.draw(x+3.6, s.y+2.3, part.Label+" ", label)
		x = s.draw(x, s.y+2.3, strconv.Itoa(part.Count), style{9, true, ink()}) + 6
	}
	s.y += 5
}

// blocks are the small tables of figures, in two columns.
func (s *sheets) blocks() {
	const gap = 8.0
	wide := (measure - gap) / 2
	s.y += 4
	begin, page := s.y, s.f.PageNo()
	var reach [2]float64
	reach[0], reach[1] = begin, begin
	for i, b := range s.leaf.Blocks {
		col := 0
		if i > 0 && reach[1] < reach[0] {
			col = 1
		}
		high := 8 + 6*float64(len(b.Rows))
		if reach[col]+high > bottom && reach[1-col]+high <= bottom {
			col = 1 - col
		}
		if reach[col]+high > bottom && reach[col] > begin {
			s.page()
			begin, page = s.y, s.f.PageNo()
			reach[0], reach[1] = begin, begin
			col = 0
		}
		reach[col] = s.block(b, edge+float64(col)*(wide+gap), reach[col], wide) + 4
		if s.f.PageNo() != page { // a block longer than a page has begun others
			begin, page = reach[col], s.f.PageNo()
			reach[0], reach[1] = begin, begin
		}
	}
	s.y = max(reach[0], reach[1])
}

// block sets a small table at a place, and gives where it ends.
func (s *sheets) block(b block, x, y, wide float64) float64 {
	s.y = y
	s.draw(x, s.y+4, b.Title, style{10.5, true, ink()})
	s.y += 6
	s.line(x, s.y, wide, 0.45, ink())
	for _, r := range b.Rows {
		if s.room(6) {
			s.line(x, s.y, wide, 0.45, ink())
		}
		value := style{9.5, false, ink()}
		most := wide - s.width(r.Value, value) - 4
		label := lines(r.Label, most, 1, func(t string) float64 { return s.width(t, value) })[0]
		s.draw(x+0.5, s.y+4.2, label, value)
		s.right(x+wide-0.5, s.y+4.2, r.Value, value)
		s.y += 6
		s.line(x, s.y, wide, 0.2, rule())
	}
	return s.y
}

// The columns of lists: where the numbers end, and the bar.
const (
	nameWide = 74.0
	barWide  = 22.0
)

func columns() []float64 { return []float64{87, 101, 112, 126, 138, 153} }

// contracts lists what every contract and every party of it comes to.
func (s *sheets) contracts() {
	l := s.leaf
	if len(l.Contracts) == 0 {
		s.heading(l.Words.say("paper.contracts"), 8)
		s.set(edge, measure, l.Words.say("paper.noContracts"), style{10, false, soft()}, 2)
		return
	}
	s.list(l.Words.say("paper.contracts"), l.Words.say("paper.column.contract"), l.Contracts)
	if l.More != "" {
		s.y += 2
		s.set(edge, measure, l.More, style{9, false, soft()}, 3)
	}
}

// list sets rows below each other, with the columns' names on every page.
func (s *sheets) list(title, first string, rows []row) {
	if len(rows) == 0 {
		return
	}
	s.heading(title, 26)
	s.head(first)
	for i, r := range rows {
		high := s.high(r)
		if !r.Party && i+1 < len(rows) && rows[i+1].Party { // a contract does not stand alone at a page's end
			high += s.high(rows[i+1])
		}
		if s.room(high) {
			s.head(first)
		}
		s.row(r)
	}
}

func (s *sheets) head(first string) {
	w := s.leaf.Words
	bold := style{8.5, true, ink()}
	s.draw(edge, s.y+4, first, bold)
	for i, k := range []string{"due", "kept", "late", "missed", "open", "rate"} {
		s.right(edge+columns()[i], s.y+4, w.say("paper.column."+k), bold)
	}
	s.y += 6
	s.line(edge, s.y, measure, 0.45, ink())
}

// name is a row's name as it is broken into lines.
func (s *sheets) name(r row) ([]string, style) {
	st, wide := style{9, true, ink()}, nameWide
	if r.Party {
		st, wide = style{9, false, soft()}, nameWide-5
	}
	return lines(r.Name, wide, 10, func(t string) float64 { return s.width(t, st) }), st
}

func (s *sheets) high(r row) float64 {
	names, _ := s.name(r)
	high := 2.2 + 4.4*float64(len(names))
	if r.Term != "" {
		high += 4
	}
	return high
}

func (s *sheets) row(r row) {
	names, st := s.name(r)
	x := edge
	if r.Party {
		x += 5
	}
	y := s.y + 4.4
	cell := style{9, !r.Party, st.in}
	for i, c := range append(append([]string{}, r.Cells...), r.Rate) {
		s.right(edge+columns()[i], y, c, cell)
	}
	if r.Percent >= 0 {
		left := pageWide - edge - barWide
		s.fill(left, y-2.1, barWide, 1.8, colour{230, 233, 238})
		s.fill(left, y-2.1, barWide*r.Percent/100, 1.8, hue("kept"))
	}
	for _, n := range names {
		s.draw(x, y, n, st)
		y += 4.4
	}
	if r.Term != "" {
		s.draw(x, y-0.4, r.Term, style{8, false, soft()})
	}
	s.y += s.high(r)
	s.line(edge, s.y, measure, 0.2, rule())
}

// notes say how the figures are counted.
func (s *sheets) notes() {
	l := s.leaf
	s.heading(l.Words.say("paper.notes"), 20)
	for i, n := range l.Notes {
		s.room(6)
		s.draw(edge, s.y+3.2, strconv.Itoa(i+1)+".", style{9, false, soft()})
		s.set(edge+6, measure-6, n, style{9, false, soft()}, 12)
		s.y += 0.8
	}
}
