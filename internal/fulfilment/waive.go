package fulfilment

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// WaiveInput is the input of waiveFulfilment.
type WaiveInput struct {
	command.Change
	ID     id.Fulfilment
	Party  *id.Organisation
	Reason *string
}

// Waive takes in that a receiver does without what is due. With the last receiver it is waived.
func (s *Service) Waive(ctx context.Context, in WaiveInput) (*Fulfilment, error) {
	var faults fault.List
	reason := text.Optional(&faults, "reason", in.Reason, MaxReason)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.fulfilments.Change(ctx, access.FulfilmentWaive, string(in.ID), func(f *Fulfilment) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		party, err := s.by(ctx, access.FulfilmentWaive, f, in.Party)
		if err != nil {
			return err
		}
		a := authz.From(ctx)
		if !a.IsSystem() && len(s.table.For(a, access.FulfilmentReport, f)) > 0 {
			return ownDebt(f.Provider)
		}
		return f.waive(&Waiver{Party: party, Reason: reason, At: s.now(), Person: a.Author()})
	})
}

// waive takes in that a receiver does without. With the last one the fulfilment is waived.
func (f *Fulfilment) waive(w *Waiver) error {
	if err := f.readyToWaive(w.Party); err != nil {
		return err
	}
	was := f.share()
	f.Waivers = append(f.Waivers, w)
	to, what := Waived, ToldWaived
	if !f.waived() {
		to, what = f.Status, ToldWaiverAgreed
	}
	if err := f.move(VerbWaive, to); err != nil {
		return err
	}
	f.settle(w.At)
	return f.tell(what, w.Party, was)
}

func (f *Fulfilment) readyToWaive(party id.Organisation) error {
	if err := f.can(VerbWaive); err != nil {
		return err
	}
	switch {
	case party == f.Provider:
		return ownDebt(party)
	case f.waives(party):
		return fault.New(fault.Refused, CodeAlreadyWaived, "organisation", party)
	}
	return nil
}

// ownDebt refuses that who promised does the waiving, be it in another's name.
func ownDebt(o id.Organisation) error {
	return fault.New(fault.Refused, CodeOwnDebt, "organisation", o)
}

func (f *Fulfilment) waives(o id.Organisation) bool {
	return slices.ContainsFunc(f.Waivers, func(w *Waiver) bool { return w.Party == o })
}

// waived says whether all receivers do without.
func (f *Fulfilment) waived() bool {
	return !slices.ContainsFunc(f.Receivers, func(o id.Organisation) bool { return !f.waives(o) })
}

// rest lets it rest with its contract. Should its day have passed before the news came, that counts for nothing.
func (f *Fulfilment) rest(now time.Time) error {
	was := f.share()
	if err := f.move(VerbSuspend, Suspended); err != nil {
		return err
	}
	f.Late = false
	f.settle(now)
	return f.tell(ToldSuspended, "", was)
}

// wake makes it due again.
func (f *Fulfilment) wake(now time.Time) error {
	was := f.share()
	if err := f.move(VerbResume, Due); err != nil {
		return err
	}
	f.begins(now)
	f.settle(now)
	return f.tell(ToldResumed, "", was)
}

// forget drops receivers that have left the contract. Where all those that remain do without, it is waived.
func (f *Fulfilment) forget(gone []id.Organisation, now time.Time) error {
	if len(gone) == 0 {
		return nil
	}
	was, what := f.share(), ToldReceiverLeft
	f.Receivers = slices.DeleteFunc(slices.Clone(f.Receivers), func(o id.Organisation) bool { return slices.Contains(gone, o) })
	if f.can(VerbWaive) == nil && f.waived() {
		if err := f.move(VerbWaive, Waived); err != nil {
			return err
		}
		what = ToldWaived
	}
	f.settle(now)
	return f.tell(what, "", was)
}
