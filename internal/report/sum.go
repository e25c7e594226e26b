package report

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// sum is what fulfilments add up to: how many each figure counts, and the figures that are more than a number of them.
type sum struct {
	Lines  []line `bson:"n"`           // by figure and unit; none that counts nothing
	Due    int64  `bson:"d,omitempty"` // for the rate, in half units of weight
	Earned int64  `bson:"e,omitempty"`
}

// line is one figure of a sum.
type line struct {
	Key    Key            `bson:"k"`
	Unit   string         `bson:"u,omitempty"`
	Count  int64          `bson:"c"`
	Pieces int64          `bson:"p,omitempty"` // of evidence
	Done   scalar.Decimal `bson:"v,omitempty"` // quantity
}

func (l line) compare(m line) int {
	return cmp.Or(strings.Compare(string(l.Key), string(m.Key)), strings.Compare(l.Unit, m.Unit))
}

// take adds a line.
func (s *sum) take(l line) {
	i, found := slices.BinarySearchFunc(s.Lines, l, line.compare)
	if !found {
		s.Lines = slices.Insert(s.Lines, i, l)
		return
	}
	have := &s.Lines[i]
	have.Count += l.Count
	have.Pieces += l.Pieces
	have.Done = plus(have.Done, l.Done)
}

// add adds another sum.
func (s *sum) add(t *sum) {
	for _, l := range t.Lines {
		s.take(l)
	}
	s.Due += t.Due
	s.Earned += t.Earned
}

// count adds one fulfilment.
func (s *sum) count(f *Fact, figures []definition) {
	for _, d := range figures {
		if !d.holds(f) {
			continue
		}
		l := line{Key: d.key, Count: 1}
		switch d.in {
		case Evidence:
			l.Pieces = f.pieces(*d.Evidence)
		case Quantities:
			if f.Quantity == nil {
				continue
			}
			l.Unit, l.Done = f.Unit, *f.Quantity
		}
		s.take(l)
	}
	s.Due += f.Is.Due
	s.Earned += f.Is.Earned
}

// of finds a figure's line; a zero one where it counts nothing.
func (s *sum) of(k Key) line {
	i := slices.IndexFunc(s.Lines, func(l line) bool { return l.Key == k })
	if i < 0 {
		return line{Key: k}
	}
	return s.Lines[i]
}

// plus adds two decimals exactly; an empty one is nothing.
func plus(a, b scalar.Decimal) scalar.Decimal {
	if a == "" || b == "" {
		return a + b
	}
	text := new(big.Rat).Add(a.Rat(), b.Rat()).FloatString(6)
	return scalar.Decimal(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

// total is the sum of what one party promised for the days of one quarter.
type total struct {
	Quarter  int             `bson:"q"`
	Provider id.Organisation `bson:"w"`
	Sum      sum             `bson:"s"`
}

// totals adds up facts by quarter and provider, in that order.
func totals(facts []entry) []total {
	figures := counting()
	var out []total
	for i := range facts {
		f := &facts[i].Fact
		at(&out, quarterOf(f.DueOn), f.Provider).Sum.count(f, figures)
	}
	return out
}

// at is the total of a quarter and a provider, made where there is none.
func at(all *[]total, quarter int, provider id.Organisation) *total {
	t := total{Quarter: quarter, Provider: provider}
	i, found := slices.BinarySearchFunc(*all, t, func(a, b total) int {
		return cmp.Or(cmp.Compare(a.Quarter, b.Quarter), strings.Compare(string(a.Provider), string(b.Provider)))
	})
	if !found {
		*all = slices.Insert(*all, i, t)
	}
	return &(*all)[i]
}

// sections are a sum's figures as a report shows them. All fulfilment figures are there, also those that count nothing;
// of evidence and quantities those that count something.
func (s *sum) sections(of Choice) []*Section {
	rate := &Figure{Key: Rate, Value: rateOf(s.Due, s.Earned), Count: int(s.of(Rate).Count)}
	ful, proofs, done := &Section{Key: Fulfilments}, &Section{Key: Evidence}, &Section{Key: Quantities}
	for _, d := range counting() {
		choice := of
		choice.Which = d.Which
		l := s.of(d.key)
		f := &Figure{Key: d.key, Value: number(l.Count), Count: int(l.Count), Choice: &choice}
		switch {
		case d.key == Rate:
			rate.Choice = &choice
			ful.Figures = append(ful.Figures, rate)
		case d.in == Fulfilments:
			ful.Figures = append(ful.Figures, f)
		case d.in == Evidence && l.Count > 0:
			f.Value = number(l.Pieces)
			proofs.Figures = append(proofs.Figures, f)
		case d.in == Quantities:
			done.Figures = s.quantities(choice)
		}
	}
	return slices.DeleteFunc([]*Section{ful, proofs, done}, func(s *Section) bool { return len(s.Figures) == 0 })
}

// quantities are the figures of what was done, one for each unit of measure.
func (s *sum) quantities(of Choice) []*Figure {
	var out []*Figure
	for _, l := range s.Lines {
		if l.Key != Quantity {
			continue
		}
		choice, unit, done := of, l.Unit, l.Done
		choice.Unit = &unit
		out = append(out, &Figure{Key: Quantity, Value: &done, Unit: &unit, Count: int(l.Count), Choice: &choice})
	}
	return out
}

// rateOf is how far the share earned reaches of the share due, 0 to 1 to four places; nil where nothing was due.
func rateOf(due, earned int64) *scalar.Decimal {
	var none *scalar.Decimal
	if due <= 0 {
		return none
	}
	text := new(big.Rat).SetFrac64(earned, due).FloatString(4)
	d := scalar.Decimal(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
	return &d
}

func number(n int64) *scalar.Decimal {
	d := scalar.Decimal(strconv.FormatInt(n, 10))
	return &d
}
