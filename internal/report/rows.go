package report

import (
	"fmt"
	"strconv"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// figures are those of some sections, by key.
type figures map[Key]*Figure

func flat(of []*Section) figures {
	out := figures{}
	for _, s := range of {
		for _, f := range s.Figures {
			out[f.Key] = f
		}
	}
	return out
}

func (fs figures) count(keys ...Key) int {
	n := 0
	for _, k := range keys {
		if f := fs[k]; f != nil {
			n += f.Count
		}
	}
	return n
}

// parted is how what was due came out: kept, late or in part, missed, open.
func (fs figures) parted() [4]int {
	return [4]int{
		fs.count(KeptOnTime, ResolvedKept), fs.count(KeptLate, ResolvedLate, ResolvedPartly),
		fs.count(Overdue, ResolvedNotKept), fs.count(InDispute, AwaitingAnswer, NotYetReported),
	}
}

// row is a line of figures.
func (w words) row(of []*Section) row {
	fs := flat(of)
	out := row{Percent: -1, Rate: w.say("paper.none"), Cells: []string{strconv.Itoa(fs.count(Occurrences))}}
	for _, n := range fs.parted() {
		out.Cells = append(out.Cells, strconv.Itoa(n))
	}
	if f := fs[Rate]; f != nil && f.Value != nil {
		out.Rate, out.Percent = percent(*f.Value)
	}
	return out
}

// percent is a rate as people read it, and as a number from 0 to 100.
func percent(rate scalar.Decimal) (string, float64) {
	n, _ := rate.Rat().Float64()
	return fmt.Sprintf("%.1f%%", 100*n), 100 * n
}

func (w words) cards(fs figures) []card {
	rate := w.say("paper.none")
	if f := fs[Rate]; f != nil && f.Value != nil {
		rate, _ = percent(*f.Value)
	}
	out := []card{{w.figure(Rate), rate}}
	for _, k := range []Key{Occurrences, KeptOnTime, Overdue} {
		out = append(out, card{w.figure(k), strconv.Itoa(fs.count(k))})
	}
	return append(out, card{w.figure(InForceAfter), strconv.Itoa(fs.count(InForceAfter))})
}

func (w words) shares(fs figures) []slice {
	whole := fs.count(Occurrences)
	if whole == 0 {
		return nil
	}
	var out []slice
	from := 0.0
	for i, n := range fs.parted() {
		class := []string{"kept", "late", "missed", "open"}[i]
		x := slice{Class: class, Label: w.say("paper.share." + class), Count: n, From: from, Percent: 100 * float64(n) / float64(whole)}
		from += x.Percent
		out = append(out, x)
	}
	return out
}

func (w words) block(x *Section) block {
	b := block{Title: w.section(x.Key)}
	for _, f := range x.Figures {
		c := card{w.figure(f.Key), w.say("paper.none")}
		switch {
		case f.Value == nil:
		case f.Key == Rate:
			c.Value, _ = percent(*f.Value)
		case f.Key == Quantity:
			if c.Label = *f.Unit; c.Label == "" {
				c.Label = w.say("unit.")
			}
			c.Value = string(*f.Value)
		default:
			c.Value = string(*f.Value)
		}
		b.Rows = append(b.Rows, c)
	}
	return b
}
