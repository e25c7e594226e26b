package report

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Key names a figure.
type Key string

// The figures. Those of contracts count contracts, the others fulfilments.
const (
	InForceBefore Key = "IN_FORCE_BEFORE" // on the eve of the period
	CameIntoForce Key = "CAME_INTO_FORCE"
	Expired       Key = "EXPIRED"
	Terminated    Key = "TERMINATED"
	Completed     Key = "COMPLETED"
	InForceAfter  Key = "IN_FORCE_AFTER" // at the end of the period, or today

	Occurrences     Key = "OCCURRENCES" // due in the period: all but waived, closed and suspended ones
	KeptOnTime      Key = "KEPT_ON_TIME"
	KeptLate        Key = "KEPT_LATE"
	BySilence       Key = "ACCEPTED_BY_SILENCE" // among those kept
	ResolvedKept    Key = "RESOLVED_KEPT"
	ResolvedLate    Key = "RESOLVED_KEPT_LATE"
	ResolvedPartly  Key = "RESOLVED_PARTLY"
	ResolvedNotKept Key = "RESOLVED_NOT_KEPT"
	InDispute       Key = "IN_DISPUTE"
	Overdue         Key = "OVERDUE"
	AwaitingAnswer  Key = "AWAITING_ANSWER"
	NotYetReported  Key = "NOT_YET_REPORTED" // and not yet overdue
	Waived          Key = "WAIVED"
	Suspended       Key = "SUSPENDED"
	Closed          Key = "CLOSED"
	Rate            Key = "FULFILMENT_RATE"

	ByPhoto      Key = "EVIDENCE_PHOTO"
	ByDocument   Key = "EVIDENCE_DOCUMENT"
	ByAttendance Key = "EVIDENCE_ATTENDANCE_LIST"
	ByReceipt    Key = "EVIDENCE_RECEIPT"
	ByLink       Key = "EVIDENCE_LINK"
	ByOther      Key = "EVIDENCE_OTHER"

	Quantity Key = "QUANTITY_DONE" // one for each unit of measure

	Appraised     Key = "APPRAISALS_OPENED"
	AppraisalMean Key = "APPRAISAL_MEAN"
)

// The states of fulfilments, as their room names them.
const (
	due       = "DUE"
	overdue   = "OVERDUE"
	reported  = "REPORTED"
	accepted  = "ACCEPTED"
	disputed  = "DISPUTED"
	resolved  = "RESOLVED"
	waived    = "WAIVED"
	suspended = "SUSPENDED"
	closed    = "CLOSED"
)

// The outcomes of disputes, as that room names them.
const (
	kept     = "KEPT"
	keptLate = "KEPT_LATE"
	partly   = "PARTLY"
	notKept  = "NOT_KEPT"
)

// Which says what a figure counts among the fulfilments due in its days: those of which all holds that it names. It is
// asked in two ways, of what events told (holds), and, by whoever lists fulfilments, of what is kept: a test
// proves that both choose alike.
type Which struct {
	Statuses []string
	Outcomes []string // of a dispute that has ended
	Late     *bool
	Silent   bool    // silence was taken for acceptance
	InRate   bool    // counts in the rate of fulfilment
	Upheld   bool    // what was reported stands: it was accepted, or a dispute found it done
	Evidence *string // proven so
	Unit     *string // a quantity in this unit was reported
}

// definition is a figure before it has a value.
type definition struct {
	key Key
	in  SectionKey
	Which
}

// counting are the figures that count fulfilments, in their order; that of quantities is one for each unit.
func counting() []definition {
	in := func(s ...string) Which { return Which{Statuses: s} }
	outcome := func(o string) Which { return Which{Statuses: []string{resolved}, Outcomes: []string{o}} }
	proof := func(kind string) Which { return Which{Evidence: &kind} }
	duly := []string{due, overdue, reported, accepted, disputed, resolved}
	return []definition{
		{Occurrences, Fulfilments, in(duly...)},
		{KeptOnTime, Fulfilments, Which{Statuses: []string{accepted}, Late: new(false)}},
		{KeptLate, Fulfilments, Which{Statuses: []string{accepted}, Late: new(true)}},
		{BySilence, Fulfilments, Which{Statuses: []string{accepted}, Silent: true}},
		{ResolvedKept, Fulfilments, outcome(kept)},
		{ResolvedLate, Fulfilments, outcome(keptLate)},
		{ResolvedPartly, Fulfilments, outcome(partly)},
		{ResolvedNotKept, Fulfilments, outcome(notKept)},
		{InDispute, Fulfilments, in(disputed)},
		{Overdue, Fulfilments, in(overdue)},
		{AwaitingAnswer, Fulfilments, in(reported)},
		{NotYetReported, Fulfilments, in(due)},
		{Waived, Fulfilments, in(waived)},
		{Suspended, Fulfilments, in(suspended)},
		{Closed, Fulfilments, in(closed)},
		{Rate, Fulfilments, Which{Statuses: duly, InRate: true}},
		{ByPhoto, Evidence, proof("PHOTO")},
		{ByDocument, Evidence, proof("DOCUMENT")},
		{ByAttendance, Evidence, proof("ATTENDANCE_LIST")},
		{ByReceipt, Evidence, proof("RECEIPT")},
		{ByLink, Evidence, proof("LINK")},
		{ByOther, Evidence, proof("OTHER")},
		{Quantity, Quantities, Which{Upheld: true}},
	}
}

// holds says whether the figure counts a fulfilment.
func (w Which) holds(f *Fact) bool {
	upheld := f.Status == accepted || f.Status == resolved && (f.Outcome == kept || f.Outcome == keptLate)
	switch {
	case w.Statuses != nil && !slices.Contains(w.Statuses, f.Status),
		w.Outcomes != nil && !slices.Contains(w.Outcomes, f.Outcome),
		w.Late != nil && *w.Late != f.Late,
		w.Silent && !f.Silent,
		w.InRate && f.Is.Due == 0,
		w.Upheld && !upheld,
		w.Evidence != nil && f.pieces(*w.Evidence) == 0,
		w.Unit != nil && (f.Quantity == nil || f.Unit != *w.Unit):
		return false
	}
	return true
}

// Choice finds the fulfilments behind a figure: those due in its days, of a contract or of what an organisation is
// party to, supervises or has promised, of which the rest holds.
type Choice struct {
	Contract id.Contract
	Party    id.Organisation
	Above    id.Organisation
	Provider id.Organisation
	Hosts    []id.Organisation // of contracts; nil is any
	From, To scalar.Date
	Which
}

// Figure is one number of a report.
type Figure struct {
	Key    Key
	Value  *scalar.Decimal // nil where there is nothing to tell, as the rate where nothing was due
	Unit   *string         // of a quantity, as its contracts name it
	Count  int             // of fulfilments behind it, or of contracts or appraisals
	Choice *Choice         // nil where it counts no fulfilments
}
