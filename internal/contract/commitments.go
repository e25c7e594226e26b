package contract

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

func (w *composer) commitments(contract id.Contract) {
	if !count(&w.faults, len(w.in.Commitments), 0, MaxCommitments, "commitments") {
		return
	}
	keys := taken(w.in.Commitments, func(c CommitmentInput) *string { return c.Key })
	for i, c := range w.in.Commitments {
		var own fault.List
		m := w.commitment(&own, c)
		m.Key = key(&own, keys, c.Key, "m", &w.keys.Commitments)
		m.ID = id.Within[id.Commitment](id.KindCommitment, string(contract), m.Key)
		w.text.Commitments = append(w.text.Commitments, m)
		w.faults.Add(own.Err(), "commitments", strconv.Itoa(i))
	}
}

func (w *composer) commitment(f *fault.List, in CommitmentInput) *Commitment {
	m := &Commitment{
		Provider: in.Provider, Receivers: slices.Clone(in.Receivers), Quantity: in.Quantity, StartsOn: in.StartsOn,
		DueOn: in.DueOn, Recurrence: in.Recurrence, EvidenceRequired: in.EvidenceRequired,
		Action:       text.Block(f, "action", in.Action, 1, MaxAction),
		Unit:         text.Line(f, "unit", or(in.Unit, ""), 0, 50),
		EvidenceNote: text.Block(f, "evidenceNote", or(in.EvidenceNote, ""), 0, MaxAction),
		Standing:     or(in.Standing, false), Weight: or(in.Weight, 1),
	}
	between(f, m.Weight, 1, 100, "weight")
	w.between(f, m)
	quantity(f, m)
	evidence(f, m)
	w.time(f, m)
	return m
}

// between checks who promises whom.
func (w *composer) between(f *fault.List, m *Commitment) {
	named := func(o id.Organisation) bool {
		return slices.ContainsFunc(w.text.Named, func(n Named) bool { return n.Organisation == o })
	}
	if !named(m.Provider) {
		f.Add(fault.New(fault.Invalid, CodeProviderNoParty, "organisation", m.Provider), "provider")
	}
	if !count(f, len(m.Receivers), 1, MaxParties, "receivers") {
		return
	}
	for i, r := range m.Receivers {
		var err *fault.Fault
		switch {
		case r == m.Provider:
			err = fault.New(fault.Invalid, CodeProviderReceives, "organisation", r)
		case !named(r):
			err = fault.New(fault.Invalid, CodeReceiverNoParty, "organisation", r)
		case slices.Contains(m.Receivers[:i], r):
			err = fault.New(fault.Invalid, fault.CodeDuplicate, "value", r)
		default:
			continue
		}
		f.Add(err, "receivers", strconv.Itoa(i))
	}
}

// time checks when a commitment is kept: on one day, by a rhythm, or all the time.
func (w *composer) time(f *fault.List, m *Commitment) {
	within := func(d *scalar.Date, name string) bool {
		if d == nil {
			return true
		}
		if !day(f, *d, name) {
			return false
		}
		if *d < w.text.EffectiveOn || *d > w.text.EndsOn {
			f.Add(fault.New(fault.Invalid, CodeOutsidePeriod, "from", w.text.EffectiveOn, "to", w.text.EndsOn), name)
			return false
		}
		return true
	}
	starts, due := within(m.StartsOn, "startsOn"), within(m.DueOn, "dueOn")
	switch {
	case m.DueOn == nil && m.Recurrence == nil && !m.Standing:
		f.Add(fault.New(fault.Invalid, CodeNoTime), "dueOn")
	case m.DueOn != nil && (m.Recurrence != nil || m.Standing):
		f.Add(fault.New(fault.Invalid, CodeTwoTimes), "dueOn")
	case m.DueOn != nil && m.StartsOn != nil && starts && due && *m.DueOn < *m.StartsOn:
		f.Add(fault.New(fault.Invalid, CodeOutsidePeriod, "from", *m.StartsOn, "to", w.text.EndsOn), "dueOn")
	case m.Recurrence != nil && starts:
		w.rhythm(f, m)
	}
}

// rhythm reads a commitment's rule, brings it into its one form and counts its days within the contract.
func (w *composer) rhythm(f *fault.List, m *Commitment) {
	rule, err := recurrence.Parse(*m.Recurrence)
	if err != nil {
		f.Add(err, "recurrence")
		return
	}
	said := rule.String()
	m.Recurrence = &said
	from, to := or(m.StartsOn, w.text.EffectiveOn), w.text.EndsOn
	if !from.Valid() || !to.Valid() || to < from || to.Sub(from) > MaxYears*366 {
		return // said already, of the contract's period
	}
	_, err = recurrence.Dates(rule, from, to)
	f.Add(err, "recurrence")
}

func quantity(f *fault.List, m *Commitment) {
	if m.Quantity == nil {
		if m.Unit != "" {
			f.Add(fault.New(fault.Invalid, CodeUnitAlone), "unit")
		}
		return
	}
	q, err := scalar.ParseDecimal(string(*m.Quantity))
	if err == nil && q.Sign() <= 0 {
		err = fault.New(fault.Invalid, fault.CodeOutOfRange, "min", "0.000001", "max", "999999999999999")
	}
	if err != nil {
		f.Add(err, "quantity")
		return
	}
	m.Quantity = &q
}

func evidence(f *fault.List, m *Commitment) {
	all := []EvidenceKind{Photo, Document, AttendanceList, Receipt, Link, OtherEvidence}
	for i, e := range m.EvidenceRequired {
		switch {
		case !slices.Contains(all, e):
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", fmt.Sprint(all)), "evidenceRequired", strconv.Itoa(i))
		case slices.Contains(m.EvidenceRequired[:i], e):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", e), "evidenceRequired", strconv.Itoa(i))
		}
		if i > len(all) {
			return
		}
	}
}
