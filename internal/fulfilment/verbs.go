package fulfilment

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// report takes in what the provider says it has done. After its day it is late.
func (f *Fulfilment) report(r *Report) error {
	if err := f.can(VerbReport); err != nil {
		return err
	}
	today := scalar.DateOf(r.At, zone(f.Zone))
	if err := f.proves(r.Evidence, today); err != nil {
		return err
	}
	was := f.share()
	if err := f.move(VerbReport, Reported); err != nil {
		return err
	}
	by := r.At.Add(SilentFor)
	f.Report, f.AnswerBy, f.Late = r, &by, today > f.DueOn
	f.settle(r.At)
	return f.tell(ToldReported, r.Party, was)
}

// accept takes in that a receiver agrees. With the last one the fulfilment is accepted.
func (f *Fulfilment) accept(a *Answer) error {
	if err := f.judge(VerbAccept, a); err != nil {
		return err
	}
	was := f.share()
	f.Answers = append(f.Answers, a)
	to := Accepted
	if slices.ContainsFunc(f.Receivers, func(o id.Organisation) bool { return f.answer(o) == nil }) {
		to = Reported
	}
	if err := f.move(VerbAccept, to); err != nil {
		return err
	}
	f.settle(a.At)
	return f.tell(ToldAccepted, a.Party, was)
}

// dispute takes in that a receiver does not agree. One is enough.
func (f *Fulfilment) dispute(a *Answer) error {
	if err := f.judge(VerbDispute, a); err != nil {
		return err
	}
	was := f.share()
	f.Answers = append(f.Answers, a)
	if err := f.move(VerbDispute, Disputed); err != nil {
		return err
	}
	f.settle(a.At)
	return f.tell(ToldDisputed, a.Party, was)
}

// judge refuses an answer by whom it does not behove: the person who reported, the organisation that promised, or one
// that has answered.
func (f *Fulfilment) judge(v Verb, a *Answer) error {
	if err := f.can(v); err != nil {
		return err
	}
	switch {
	case a.Party == f.Provider:
		return fault.New(fault.Refused, CodeOwnPromise, "organisation", a.Party)
	case a.Person != "" && a.Person == f.Report.Person:
		return fault.New(fault.Refused, CodeOwnReport)
	case f.answer(a.Party) != nil:
		return fault.New(fault.Refused, CodeAlreadyAnswered, "organisation", a.Party)
	}
	return nil
}

// propose takes in the outcome that one side of a dispute holds right; a later one takes the place of an earlier. When
// the provider and every receiver that disputes hold the same one, the dispute has ended.
func (f *Fulfilment) propose(p *Proposal) error {
	if err := f.can(VerbResolve); err != nil {
		return err
	}
	if err := f.oneSide(p); err != nil {
		return err
	}
	was := f.share()
	f.Proposals = slices.DeleteFunc(f.Proposals, func(q *Proposal) bool { return q.Party == p.Party })
	f.Proposals = append(f.Proposals, p)
	if !f.agreed(p.Outcome) {
		if err := f.move(VerbResolve, Disputed); err != nil {
			return err
		}
		f.settle(p.At)
		return f.tell(ToldProposed, p.Party, was)
	}
	return f.resolve(&Resolution{Outcome: p.Outcome, Reason: p.Reason, At: p.At}, p.Party)
}

// resolve ends a dispute.
func (f *Fulfilment) resolve(r *Resolution, by id.Organisation) error {
	was := f.share()
	if err := f.move(VerbResolve, Resolved); err != nil {
		return err
	}
	f.Resolution = r
	f.settle(r.At)
	return f.tell(ToldResolved, by, was)
}

// oneSide refuses that one person settles a dispute with themselves: by speaking for the provider and a receiver, or for
// a receiver after having made the report.
func (f *Fulfilment) oneSide(p *Proposal) error {
	if p.Person == "" {
		return nil
	}
	if p.Party != f.Provider && p.Person == f.Report.Person {
		return fault.New(fault.Refused, CodeOwnReport)
	}
	for _, q := range f.Proposals {
		if q.Person == p.Person && (q.Party == f.Provider) != (p.Party == f.Provider) {
			return fault.New(fault.Refused, CodeBothSides)
		}
	}
	return nil
}

// agreed says whether the provider and every receiver that disputes hold this outcome right.
func (f *Fulfilment) agreed(o Outcome) bool {
	holds := func(party id.Organisation) bool {
		return slices.ContainsFunc(f.Proposals, func(p *Proposal) bool { return p.Party == party && p.Outcome == o })
	}
	for _, a := range f.Answers {
		if !a.Accepted && !holds(a.Party) {
			return false
		}
	}
	return holds(f.Provider)
}

// pass lets time do its work: when its day is near it is told so; at the end of its day what is unreported becomes overdue,
// and everything else counts; after long silence a report is accepted.
func (f *Fulfilment) pass(now time.Time) error {
	if f.nears(now) {
		return f.near(now)
	}
	was := f.share()
	what := ToldCounted
	switch {
	case f.lapses(now):
		if err := f.move(VerbLapse, Overdue); err != nil {
			return err
		}
		f.Late, what = true, ToldOverdue
	case f.silent(now):
		if err := f.move(VerbSilence, Accepted); err != nil {
			return err
		}
		f.AcceptedBySilence, what = true, ToldAccepted
	}
	f.settle(now)
	return f.tell(what, "", was)
}

func (f *Fulfilment) lapses(now time.Time) bool {
	return f.Status == Due && !now.Before(f.dayEnds())
}

func (f *Fulfilment) silent(now time.Time) bool {
	return f.Status == Reported && f.AnswerBy != nil && !now.Before(*f.AnswerBy)
}

// end closes what is not yet due when its contract has ended.
func (f *Fulfilment) end(now time.Time) error {
	was := f.share()
	if err := f.move(VerbClose, Closed); err != nil {
		return err
	}
	f.settle(now)
	return f.tell(ToldClosed, "", was)
}
