package report

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// mostPrinted is how many contracts a document lists; the others are in the platform.
const mostPrinted = 1000

// Document is a finished document.
type Document struct {
	Body   []byte
	Type   string // media type
	Name   string // a name for the file
	Policy string // what a browser may do with it, as a Content-Security-Policy
}

// Render compiles a report as the caller may read it, and prints it.
func (s *Service) Render(ctx context.Context, p Paper) (*Document, error) {
	r, err := s.Report(ctx, p.Scope, p.Period)
	if err != nil {
		return nil, err
	}
	leaf, err := s.leaf(ctx, r, p.Language)
	if err != nil {
		return nil, err
	}
	d := &Document{Name: fmt.Sprintf("cobuild-report-%s.%s.%s", r.Period, p.Tag(), strings.ToLower(string(p.Format)))}
	if p.Format == PDF {
		d.Type, d.Policy = "application/pdf", "default-src 'none'; frame-ancestors 'none'"
		d.Body, err = s.press.pdf(leaf)
		return d, err
	}
	var b bytes.Buffer
	err = s.press.html(&b, leaf)
	d.Type, d.Policy, d.Body = "text/html; charset=utf-8", s.press.policy, b.Bytes()
	return d, err
}

// leaf is what a document says, in its language and ready to be set.
type leaf struct {
	Words       words
	Tag         string // of the language
	Heading     string
	Subject     string // the organisation or the contract
	Around      string // the bodies above, or the parties
	Period      string
	Compiled    string
	At          time.Time
	Provisional string // says so where the period is not over
	Empty       string // says so where nothing was due
	Cards       []card
	Shares      []slice
	Blocks      []block
	Kinds       []row
	Contracts   []row // a contract's row, then those of its parties
	More        string
	Notes       []string
}

// card is a figure that stands out.
type card struct{ Label, Value string }

// slice is a part of a whole, as a bar shows it.
type slice struct {
	Class   string // kept, late, missed or open
	Label   string
	Count   int
	From    float64 // where it begins, in hundredths of the whole
	Percent float64
}

// block is a small table of figures.
type block struct {
	Title string
	Rows  []card
}

// row is a line of the tables of contracts and of types of community.
type row struct {
	Name, Term string
	Party      bool // of the contract above
	Cells      []string
	Rate       string
	Percent    float64 // the rate for its bar; below 0 where there is none
}

// leaf says a report in a language.
func (s *Service) leaf(ctx context.Context, r *Report, l Language) (*leaf, error) {
	made, err := s.compiled(ctx, r)
	if err != nil {
		return nil, err
	}
	w := s.words[l]
	at := r.CompiledAt.In(zone(defaultZone))
	out := &leaf{
		Words: w, Tag: l.Tag(), At: r.CompiledAt, Subject: r.Title, Heading: w.heading(r.Period),
		Period:   w.say("paper.period", "from", string(r.From), "to", string(r.To)),
		Compiled: w.say("paper.compiled", "at", at.Format("2006-01-02 15:04")+" UTC+8"),
	}
	if !r.Complete {
		out.Provisional = w.say("paper.open")
	}
	figures := flat(made.sections)
	if figures.count(Occurrences) == 0 {
		out.Empty = w.say("paper.empty")
	}
	out.Cards, out.Shares = w.cards(figures), w.shares(figures)
	for _, x := range made.sections {
		out.Blocks = append(out.Blocks, w.block(x))
	}
	for _, g := range made.groups {
		k := w.row(g.Sections)
		k.Name = w.say("kind." + g.CommunityType)
		out.Kinds = append(out.Kinds, k)
	}
	names, err := s.listed(ctx, r, w, out)
	if err != nil {
		return nil, err
	}
	out.Around = around(r, out.Contracts, names)
	if r.body != nil {
		out.Subject = names(r.body.ID)
	}
	out.Notes = w.notes(r)
	return out, nil
}

func (w words) heading(p Period) string {
	year := strconv.Itoa(p.Year)
	if p.Quarter == nil {
		return w.say("paper.annual", "year", year)
	}
	return w.say("paper.quarterly", "year", year, "quarter", strconv.Itoa(*p.Quarter))
}

func (w words) notes(r *Report) []string {
	out := []string{w.say("paper.note.due"), w.say("paper.note.rate"), w.say("paper.note.quantity"), w.say("paper.note.belong")}
	out = append(out, w.say("paper.note.trace", "trace", r.about()+", "+r.String()))
	if !r.Complete {
		out = append(out, w.say("paper.note.open"))
	}
	return out
}

// listed adds the contracts, and gives the names of all organisations that the document speaks of.
func (s *Service) listed(ctx context.Context, r *Report, w words, out *leaf) (func(id.Organisation) string, error) {
	var all []*Contract
	more := false
	err := s.each(ctx, r, s.told, func(f *folio, ts []total) {
		if more = len(all) == mostPrinted; !more {
			all = append(all, r.contract(f, ts))
		}
	})
	if err != nil {
		return nil, err
	}
	var ids []id.Organisation
	if r.body != nil {
		ids = append(ids, r.body.ID, r.body.SubDistrict, r.body.District)
	}
	for _, c := range all {
		for _, p := range c.Parties {
			ids = append(ids, p.Organisation)
		}
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(o id.Organisation) bool { return o == "" })
	facts, err := s.Organisations(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := func(o id.Organisation) string {
		i, found := slices.BinarySearch(ids, o)
		if !found {
			return ""
		}
		return named(facts[i], out.Tag)
	}
	for _, c := range all {
		out.Contracts = append(out.Contracts, w.contract(c, names)...)
	}
	if more {
		out.More = w.say("paper.more", "shown", strconv.Itoa(mostPrinted))
	}
	return names, nil
}

// named is an organisation's name in a language, where it has one there.
func named(f organisation.Facts, tag string) string {
	if tag == English.Tag() && f.NameEn != "" {
		return f.NameEn
	}
	return f.Name
}

// around says where an organisation lies, or who the parties of a contract are.
func around(r *Report, rows []row, names func(id.Organisation) string) string {
	var all []string
	if r.body == nil {
		for _, x := range rows {
			if x.Party {
				all = append(all, x.Name)
			}
		}
		return strings.Join(all, " · ")
	}
	for _, o := range []id.Organisation{r.body.District, r.body.SubDistrict} {
		if o != "" && o != r.body.ID {
			all = append(all, names(o))
		}
	}
	return strings.Join(all, " · ")
}

// contract is a contract's row and those of its parties that have promised anything.
func (w words) contract(c *Contract, names func(id.Organisation) string) []row {
	whole := w.row(c.Sections)
	whole.Name, whole.Term = c.Title, w.term(c.StartedOn, c.EndedOn)
	out := []row{whole}
	for _, p := range c.Parties {
		r := w.row(p.Sections)
		r.Name, r.Party = names(p.Organisation), true
		out = append(out, r)
	}
	return out
}

func (w words) term(from, to *scalar.Date) string {
	switch {
	case from == nil:
		return w.say("paper.none")
	case to == nil:
		return w.say("paper.ongoing", "from", string(*from))
	}
	return w.say("paper.period", "from", string(*from), "to", string(*to))
}
