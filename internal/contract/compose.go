package contract

import (
	"regexp"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// composer makes a text out of an input and gathers everything that is wrong with it.
type composer struct {
	in     TextInput
	facts  map[id.Organisation]organisation.Facts
	keys   *Keys
	text   Text
	faults fault.List
}

// compose checks a whole text. The faults name the input's fields.
func (w *composer) compose(contract id.Contract) (Text, error) {
	f := &w.faults
	w.text = Text{
		Title:      text.Line(f, "title", w.in.Title, 1, MaxTitle),
		Purpose:    text.Block(f, "purpose", or(w.in.Purpose, ""), 0, MaxPurpose),
		NoticeDays: or(w.in.NoticeDays, 30),
		AutoRenew:  or(w.in.AutoRenew, false),
		Named:      []Named{}, Clauses: []*Clause{}, Commitments: []*Commitment{},
	}
	between(f, w.text.NoticeDays, 0, MaxNotice, "noticeDays")
	w.period()
	w.language()
	w.terms()
	w.parties()
	w.order()
	w.clauses()
	w.commitments(contract)
	w.sharing()
	if len(w.faults) == 0 {
		w.faults.Add(w.text.bounded())
	}
	return w.text, w.faults.Err()
}

// bounded says whether the text as it is signed keeps within its bound.
func (t *Text) bounded() error {
	raw, err := signing.Canonical(signable{textForm, *t})
	if err == nil && len(raw) > MaxText {
		err = fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxText)
	}
	return err
}

func (w *composer) period() {
	f, t := &w.faults, &w.text
	t.EffectiveOn, t.EndsOn, t.TimeZone = w.in.EffectiveOn, w.in.EndsOn, or(w.in.TimeZone, DefaultZone)
	if _, err := zoneOf(t.TimeZone); err != nil {
		f.Add(err, "timeZone")
	}
	starts, ends := day(f, t.EffectiveOn, "effectiveOn"), day(f, t.EndsOn, "endsOn")
	switch {
	case !starts || !ends:
	case t.EndsOn < t.EffectiveOn:
		f.Add(fault.New(fault.Invalid, CodeEndsBeforeStart, "effectiveOn", t.EffectiveOn, "endsOn", t.EndsOn), "endsOn")
	case t.EndsOn.Sub(t.EffectiveOn) > MaxYears*366:
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", t.EffectiveOn, "max", t.EffectiveOn.AddDays(MaxYears*366)), "endsOn")
	}
}

func (w *composer) language() {
	tag, err := language.Parse(or(w.in.Language, "zh-CN"))
	if err != nil {
		w.faults.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "zh-CN").Because(err), "language")
	}
	w.text.Language = tag.String()
}

func (w *composer) terms() {
	raw := or(w.in.Terms, "")
	if raw == "" || raw == "{}" {
		return
	}
	terms, err := scalar.ParseJSON([]byte(raw))
	w.faults.Add(err, "terms")
	w.text.Terms = terms
}

func (w *composer) clauses() {
	if !count(&w.faults, len(w.in.Clauses), 0, MaxClauses, "clauses") {
		return
	}
	keys := taken(w.in.Clauses, func(c ClauseInput) *string { return c.Key })
	for i, c := range w.in.Clauses {
		var own fault.List
		w.text.Clauses = append(w.text.Clauses, &Clause{
			Key:     key(&own, keys, c.Key, "c", &w.keys.Clauses),
			Heading: text.Line(&own, "heading", c.Heading, 1, MaxTitle),
			Body:    text.Block(&own, "body", c.Body, 1, MaxBody),
		})
		w.faults.Add(own.Err(), "clauses", strconv.Itoa(i))
	}
}

// keyForm is what a key of a clause or commitment looks like: it becomes a part of identifiers.
var keyForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,31}$`)

// key takes the key that the input gives, or the next free one.
func key(f *fault.List, used map[string]int, given *string, prefix string, number *int) string {
	if given != nil {
		if !keyForm.MatchString(*given) {
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "A-Z a-z 0-9 -"), "key")
		} else if used[*given] > 1 {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", *given), "key")
		}
		return *given
	}
	for {
		*number++
		if k := prefix + strconv.Itoa(*number); used[k] == 0 {
			return k
		}
	}
}

// taken counts the keys that an input gives.
func taken[V any](vs []V, key func(V) *string) map[string]int {
	used := map[string]int{}
	for _, v := range vs {
		if k := key(v); k != nil {
			used[*k]++
		}
	}
	return used
}

// zoneOf finds a time zone by its IANA name; the machine's own is no zone that people could agree on.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return nil, fault.New(fault.Invalid, fault.CodeRequired)
	}
	if name == "Local" || len(name) > 64 {
		return nil, fault.New(fault.Invalid, CodeUnknownZone, "zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, CodeUnknownZone, "zone", name).Because(err)
	}
	return zone, nil
}

func day(f *fault.List, d scalar.Date, name string) bool {
	_, err := scalar.ParseDate(string(d))
	f.Add(err, name)
	return err == nil
}

func between(f *fault.List, n, least, most int, name string) {
	if n < least || n > most {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", least, "max", most), name)
	}
}

func count(f *fault.List, n, least, most int, name string) bool {
	switch {
	case n < least:
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", least), name)
	case n > most:
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", most), name)
	default:
		return true
	}
	return false
}
