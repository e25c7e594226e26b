package fulfilment

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// retext notes that the contract's text has been amended: from the first day of the new one on the commitment is planned
// anew. What was due before that day stays as the old text had it.
func (p *Plan) retext(was *Plan, snap snapshot) {
	p.From = snap.TextFrom
	if p.From == nil || was.TextVersion == snap.TextVersion || p.PlannedUntil == nil {
		return
	}
	before := p.From.AddDays(-1)
	if p.SpreadFrom == nil || before < *p.SpreadFrom {
		p.SpreadFrom = &before
	}
	if before < *p.PlannedUntil {
		p.PlannedUntil = &before
	}
}

// amended says whether a day goes by an amended text.
func (p *Plan) amended(on scalar.Date) bool { return p.From != nil && on >= *p.From }

// dropped says whether the text in force has no such day any more: it lacks the commitment, or its days are others.
func (p *Plan) dropped(on scalar.Date) bool {
	if !p.amended(on) {
		return false
	}
	if p.days == nil {
		p.days, _ = p.Dates() // texts are checked for that they have days; nothing is due where one had none
	}
	_, hit := slices.BinarySearch(p.days, on)
	return p.Gone || !hit
}

// returns says whether an occurrence that an amendment had closed is due again by a later one.
func (f *Fulfilment) returns(p *Plan) bool {
	return f.Status == Closed && f.Replanned && p.amended(f.DueOn) && !p.dropped(f.DueOn) && p.fate(f.DueOn) != Closed
}

// reterms says whether the text in force has other terms for an open occurrence than it was planned by.
func (f *Fulfilment) reterms(p *Plan) bool {
	return p.amended(f.DueOn) && (f.Provider != p.Provider || f.Weight != p.Weight || f.Unit != p.Unit ||
		!slices.Equal(f.Receivers, p.receiversOn(f.DueOn)) || !slices.Equal(f.EvidenceRequired, p.EvidenceRequired))
}

// drop closes an occurrence that the text in force has no more.
func (f *Fulfilment) drop(now time.Time) error {
	f.Replanned = true
	return f.end(now)
}

// replan brings an occurrence under the terms of the text in force. Where another party provides now, it ends for the
// one and begins anew for the other.
func (f *Fulfilment) replan(p *Plan, now time.Time) error {
	if f.Status != Closed && f.Provider != p.Provider {
		if err := f.end(now); err != nil {
			return err
		}
	}
	was := f.share()
	f.Provider, f.Receivers, f.Weight, f.EvidenceRequired = p.Provider, p.receiversOn(f.DueOn), p.Weight, p.EvidenceRequired
	f.Former, f.Unit = p.formerOf(f.DueOn, f.Provider, f.Receivers), p.Unit
	f.Waivers = nil // what was waived was promised in other words
	if f.Status == Closed {
		if err := f.move(VerbReplan, Due); err != nil {
			return err
		}
		f.Replanned, f.Late, f.Counted = false, false, false
		f.begins(now)
	}
	f.settle(now)
	return f.tell(ToldReplanned, "", was)
}
