package exchange

import (
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The bounds of what is said of a need or a resource.
const (
	MaxQuantity      = 1<<53 - 1
	MaxTitle         = 100
	MaxText          = 2000
	MaxUnit          = 20
	MaxAddress       = 300
	MaxAudiences     = 5
	MaxWindows       = 10
	MaxOrganisations = 50
	MaxRemark        = 1000
	MaxReason        = 2000
	maxValidYears    = 5
	maxWindowDays    = 731
)

// Input is what is said of a need or a resource.
type Input struct {
	Publisher      *id.Organisation
	Category       string
	Title          string
	Text           *string
	Audiences      []Audience
	Quantity       int64
	Unit           string
	Windows        []*WindowInput
	Place          *PlaceInput
	ValidUntil     scalar.Date
	Visibility     *Visibility
	Organisations  []id.Organisation
	AsksAcceptance *bool
}

// WindowInput is a time in which something is wanted or can be had.
type WindowInput struct {
	StartsOn   scalar.Date
	EndsOn     scalar.Date
	Recurrence *string
	From       *string
	To         *string
}

// PlaceInput is where.
type PlaceInput struct {
	Address *string
	Point   *PointInput
}

// PointInput is a place on the map.
type PointInput struct {
	Type        string
	Coordinates []float64
}

// apply takes up what is said. What is wrong goes to f. Of the category and the organisations the service knows more.
func (in *Input) apply(f *fault.List, l *Listing, asks bool, today scalar.Date) {
	l.Category = in.Category
	l.Title = text.Line(f, "title", in.Title, 1, MaxTitle)
	l.Text = ""
	if in.Text != nil {
		l.Text = text.Block(f, "text", *in.Text, 0, MaxText)
	}
	l.Unit = text.Line(f, "unit", in.Unit, 1, MaxUnit)
	unidentified(f, "title", l.Title)
	unidentified(f, "text", l.Text)
	if l.Quantity = in.Quantity; in.Quantity < 1 || in.Quantity > MaxQuantity {
		f.Add(outOfRange(1, int64(MaxQuantity)), "quantity")
	}
	in.applyAudiences(f, l)
	in.applyValidity(f, l, today)
	l.Windows = nil
	if len(in.Windows) > MaxWindows {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxWindows), "windows")
	} else {
		for i, w := range in.Windows {
			var own fault.List
			l.Windows = append(l.Windows, w.window(&own, l.ValidUntil))
			f.Add(own.Err(), "windows", strconv.Itoa(i))
		}
	}
	l.Place = in.Place.place(f)
	in.applyVisibility(f, l)
	l.AsksAcceptance = asks
	if in.AsksAcceptance != nil {
		l.AsksAcceptance = *in.AsksAcceptance
	}
}

func (in *Input) applyAudiences(f *fault.List, l *Listing) {
	l.Audiences = []Audience{}
	if len(in.Audiences) > MaxAudiences {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxAudiences), "audiences")
		return
	}
	for i, a := range in.Audiences {
		switch {
		case !slices.Contains(Audiences(), a):
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "Audience"), "audiences", strconv.Itoa(i))
		case slices.Contains(l.Audiences, a):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", a), "audiences", strconv.Itoa(i))
		}
		l.Audiences = append(l.Audiences, a)
	}
	if len(l.Audiences) == 0 {
		l.Audiences = []Audience{Residents}
	}
}

func (in *Input) applyValidity(f *fault.List, l *Listing, today scalar.Date) {
	l.ValidUntil = in.ValidUntil
	last := scalar.Date(strconv.Itoa(today.UTC().Year()+maxValidYears) + string(today)[4:])
	switch {
	case !in.ValidUntil.Valid():
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "2026-03-01"), "validUntil")
	case in.ValidUntil < today:
		f.Add(fault.New(fault.Invalid, CodeValidUntil, "today", today), "validUntil")
	case in.ValidUntil > last:
		f.Add(outOfRange(today, last), "validUntil")
	}
}

func (in *Input) applyVisibility(f *fault.List, l *Listing) {
	l.Visibility, l.Named = ToSubDistrict, nil
	if in.Visibility != nil {
		l.Visibility = *in.Visibility
	}
	if !slices.Contains(Visibilities(), l.Visibility) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "ExchangeVisibility"), "visibility")
	}
	const field = "organisations"
	switch {
	case l.Visibility != ToOrganisations && len(in.Organisations) > 0:
		f.Add(fault.New(fault.Invalid, CodeOrganisations), field)
		return
	case l.Visibility == ToOrganisations && len(in.Organisations) == 0:
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", 1), field)
		return
	case len(in.Organisations) > MaxOrganisations:
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxOrganisations), field)
		return
	}
	for i, o := range in.Organisations {
		if slices.Contains(in.Organisations[:i], o) {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", o), field, strconv.Itoa(i))
		}
	}
	l.Named = in.Organisations
}

var hour = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// window checks a time, held against the last day of what it is said of.
func (in *WindowInput) window(f *fault.List, validUntil scalar.Date) *Window {
	w := &Window{StartsOn: in.StartsOn, EndsOn: in.EndsOn, From: in.From, To: in.To}
	for _, d := range []struct {
		name string
		day  scalar.Date
	}{{"startsOn", in.StartsOn}, {"endsOn", in.EndsOn}} {
		if !d.day.Valid() {
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "2026-03-01"), d.name)
			return w
		}
	}
	switch {
	case w.EndsOn < w.StartsOn:
		f.Add(fault.New(fault.Invalid, CodeWindow, "from", w.StartsOn, "to", w.EndsOn), "endsOn")
		return w
	case w.EndsOn > validUntil && validUntil.Valid():
		f.Add(fault.New(fault.Invalid, CodeWindowLate, "validUntil", validUntil), "endsOn")
	case w.EndsOn.Sub(w.StartsOn) > maxWindowDays:
		f.Add(outOfRange(w.StartsOn, w.StartsOn.AddDays(maxWindowDays)), "endsOn")
		return w
	}
	w.hours(f)
	if in.Recurrence != nil {
		rule, err := recurrence.Parse(*in.Recurrence)
		if err == nil {
			_, err = recurrence.Dates(rule, w.StartsOn, w.EndsOn)
		}
		f.Add(err, "recurrence")
		plain := rule.String()
		w.Recurrence = &plain
	}
	return w
}

func (w *Window) hours(f *fault.List) {
	for _, h := range []struct {
		name string
		at   *string
	}{{"from", w.From}, {"to", w.To}} {
		switch {
		case h.at == nil && (w.From != nil || w.To != nil):
			f.Add(fault.New(fault.Invalid, fault.CodeRequired), h.name)
			return
		case h.at != nil && !hour.MatchString(*h.at):
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "09:00"), h.name)
			return
		}
	}
	if w.From != nil && *w.To <= *w.From {
		f.Add(fault.New(fault.Invalid, CodeWindow, "from", *w.From, "to", *w.To), "to")
	}
}

// place checks where.
func (in *PlaceInput) place(f *fault.List) *Place {
	if in == nil {
		return nil
	}
	var own fault.List
	p := &Place{Address: text.Optional(&own, "address", in.Address, MaxAddress), Point: in.Point.point(&own)}
	if p.Address != nil {
		unidentified(&own, "address", *p.Address)
	}
	if len(own) == 0 && p.Address == nil && p.Point == nil {
		own.Add(fault.New(fault.Invalid, fault.CodeRequired), "address")
	}
	f.Add(own.Err(), "place")
	return p
}

func (in *PointInput) point(f *fault.List) *Point {
	if in == nil {
		return nil
	}
	const want = "[120.29, 31.68]"
	switch {
	case in.Type != "Point":
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "Point"), "point", "type")
	case len(in.Coordinates) != 2:
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", want), "point", "coordinates")
	default:
		p := &Point{Type: "Point"}
		for i, most := range []float64{180, 90} {
			v := in.Coordinates[i]
			if !(math.Abs(v) <= most) { // nor NaN
				f.Add(outOfRange(-most, most), "point", "coordinates", strconv.Itoa(i))
			}
			p.Coordinates = append(p.Coordinates, math.Round(v*1e6)/1e6)
		}
		return p
	}
	return nil
}

func outOfRange(least, most any) error {
	return fault.New(fault.Invalid, fault.CodeOutOfRange, "min", least, "max", most)
}

// Days are those of the window, in order.
func (w *Window) Days() []scalar.Date {
	if w.Recurrence != nil {
		rule, err := recurrence.Parse(*w.Recurrence)
		if err != nil {
			return nil
		}
		days, _ := recurrence.Dates(rule, w.StartsOn, w.EndsOn)
		return days
	}
	var days []scalar.Date
	for d := w.StartsOn; d <= w.EndsOn; d = d.AddDays(1) {
		days = append(days, d)
	}
	return days
}
