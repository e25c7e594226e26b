package contract

import (
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// What a text may share.
const (
	MaxSharing        = 50  // entries
	MaxSharingPurpose = 500 // characters
	MaxShared         = 512 // of one organisation with one other, each counted once
)

// SharedField is a fact that an organisation keeps to itself and that a contract can let others read.
type SharedField string

// The fields, those of a cooperation profile. None of them is about a person.
const (
	FieldDutyPhone     SharedField = "DUTY_PHONE"
	FieldOfficeEmail   SharedField = "OFFICE_EMAIL"
	FieldOpeningHours  SharedField = "OPENING_HOURS"
	FieldFacilities    SharedField = "FACILITIES"
	FieldSharedParking SharedField = "SHARED_PARKING"
	FieldVolunteers    SharedField = "VOLUNTEERS"
	FieldYearlyBudget  SharedField = "YEARLY_BUDGET"
)

// SharedFields are all of them, in the order in which a text names them.
func SharedFields() []SharedField {
	return []SharedField{
		FieldDutyPhone, FieldOfficeEmail, FieldOpeningHours, FieldFacilities, FieldSharedParking, FieldVolunteers, FieldYearlyBudget,
	}
}

// Sharing is what a text lets parties read of another: which of its fields, what for and until when (共享约定). Its key
// stays the same through all versions. What is shared belongs to a host or a partner, which agrees to it by signing.
type Sharing struct {
	Key     string            `bson:"key" json:"key"`
	Subject id.Organisation   `bson:"subject" json:"subject"` // whose fields
	Fields  []SharedField     `bson:"fields" json:"fields"`   // in the order of SharedFields, so that equal ones are equal bytes
	With    []id.Organisation `bson:"with,omitempty" json:"with,omitempty"`
	Purpose string            `bson:"purpose" json:"purpose"`
	Until   *scalar.Date      `bson:"until,omitempty" json:"until,omitempty"` // the last day; the contract's where absent
}

// SharingInput is one entry; a key is assigned where there is none. Without With, every other party reads.
type SharingInput struct {
	Key     *string
	Subject id.Organisation
	Fields  []SharedField
	With    []id.Organisation
	Purpose string
	Until   *scalar.Date
}

func (s *Sharing) input() SharingInput {
	return SharingInput{Key: &s.Key, Subject: s.Subject, Fields: s.Fields, With: s.With, Purpose: s.Purpose, Until: s.Until}
}

// readers are those with whom the entry shares: the parties it names, or every other one of the text.
func (s *Sharing) readers(t *Text) []id.Organisation {
	if len(s.With) > 0 {
		return s.With
	}
	var out []id.Organisation
	for _, n := range t.Named {
		if n.Organisation != s.Subject {
			out = append(out, n.Organisation)
		}
	}
	return out
}

// sharing checks what the text shares. It is read after the parties are.
func (w *composer) sharing() {
	if !count(&w.faults, len(w.in.Sharing), 0, MaxSharing, "sharing") {
		return
	}
	keys, twice := taken(w.in.Sharing, func(s SharingInput) *string { return s.Key }), map[string]bool{}
	pairs := map[string]bool{}
	for i, in := range w.in.Sharing {
		var own fault.List
		s := &Sharing{
			Key: key(&own, keys, in.Key, "s", &w.keys.Sharing), Subject: in.Subject, With: slices.Clone(in.With), Until: in.Until,
			Purpose: text.Block(&own, "purpose", in.Purpose, 1, MaxSharingPurpose),
		}
		own.Add(w.shares(s.Subject), "subject")
		w.fields(&own, s, in.Fields)
		w.with(&own, s)
		if s.Until != nil && day(&own, *s.Until, "until") && (*s.Until < w.text.EffectiveOn || *s.Until > w.text.EndsOn) {
			own.Add(fault.New(fault.Invalid, CodeOutsidePeriod, "from", w.text.EffectiveOn, "to", w.text.EndsOn), "until")
		}
		own.Add(w.once(s, twice, pairs))
		w.faults.Add(own.Err(), "sharing", strconv.Itoa(i))
		w.text.Sharing = append(w.text.Sharing, s)
	}
	if len(pairs) > MaxShared {
		w.faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxShared), "sharing")
	}
}

// shares says whether a subject's fields can be shared: it is a host or a partner, without whose signature there is no
// contract.
func (w *composer) shares(subject id.Organisation) error {
	i := slices.IndexFunc(w.text.Named, func(n Named) bool { return n.Organisation == subject })
	switch {
	case !organisationID(subject):
		return fault.New(fault.Invalid, fault.CodeWrongID, "want", "Organisation")
	case i < 0:
		return fault.New(fault.Invalid, CodeSharerNoParty, "organisation", subject)
	case w.text.Named[i].Part == Witness:
		return fault.New(fault.Invalid, CodeWitnessShares, "organisation", subject)
	}
	return nil
}

// fields takes the entry's fields in their one order.
func (w *composer) fields(f *fault.List, s *Sharing, in []SharedField) {
	s.Fields = []SharedField{}
	all := SharedFields()
	if !count(f, len(in), 1, len(all), "fields") {
		return
	}
	for i, v := range in {
		switch {
		case !slices.Contains(all, v):
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "DUTY_PHONE"), "fields", strconv.Itoa(i))
		case slices.Contains(in[:i], v):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", v), "fields", strconv.Itoa(i))
		}
	}
	for _, v := range all {
		if slices.Contains(in, v) {
			s.Fields = append(s.Fields, v)
		}
	}
}

// with checks who is to read: other parties, each once.
func (w *composer) with(f *fault.List, s *Sharing) {
	if !count(f, len(s.With), 0, MaxParties, "with") {
		return
	}
	for i, o := range s.With {
		var err *fault.Fault
		switch {
		case o == s.Subject:
			err = fault.New(fault.Invalid, CodeSharedWithItself, "organisation", o)
		case !slices.ContainsFunc(w.text.Named, func(n Named) bool { return n.Organisation == o }):
			err = fault.New(fault.Invalid, CodeReaderNoParty, "organisation", o)
		case slices.Contains(s.With[:i], o):
			err = fault.New(fault.Invalid, fault.CodeDuplicate, "value", o)
		default:
			continue
		}
		f.Add(err, "with", strconv.Itoa(i))
	}
}

// once refuses a field that another entry shares with the same organisation: two purposes and two last days of one right
// would leave open which holds.
func (w *composer) once(s *Sharing, twice, pairs map[string]bool) error {
	var bad error
	for _, o := range s.readers(&w.text) {
		pairs[pair(s.Subject, o)] = true
		for _, v := range s.Fields {
			k := pair(s.Subject, o) + " " + string(v)
			if twice[k] && bad == nil {
				bad = fault.New(fault.Invalid, CodeSharedTwice, "what", v, "organisation", o).At("fields")
			}
			twice[k] = true
		}
	}
	return bad
}

// ahead refuses what would be shared until a day that is past. What a text had shared already may stay in it.
func (t *Text) ahead(was *Text, today scalar.Date) error {
	var f fault.List
	for i, s := range t.Sharing {
		if s.Until == nil || *s.Until >= today || was != nil && slices.ContainsFunc(was.Sharing, func(o *Sharing) bool {
			return o.Key == s.Key && o.Until != nil && *o.Until == *s.Until
		}) {
			continue
		}
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", today, "max", t.EndsOn), "sharing", strconv.Itoa(i), "until")
	}
	return f.Err()
}
