package contract

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// doesInForce carries out a verb of a contract in force.
func (h *house) doesInForce(ctx context.Context, v Verb, in StepInput) (*Contract, error) {
	together := TogetherInput{in, new("双方商定")}
	switch v {
	case VerbSuspend:
		return h.Suspend(ctx, SuspendInput{together})
	case VerbResume:
		return h.Resume(ctx, ResumeInput{together})
	case VerbTerminate:
		return h.Terminate(ctx, TerminateInput{together})
	case VerbWithdraw:
		return h.WithdrawStep(ctx, WithdrawStepInput{in})
	case VerbNotice:
		return h.GiveNotice(ctx, NoticeInput{in, nil, "另有安排"})
	case VerbComplete:
		return h.Complete(ctx, CompleteInput{in})
	case VerbObject:
		return h.Object(ctx, ObjectInput{in, "还有一场未办"})
	default:
		return h.Renew(ctx, RenewInput{ID: in.ID})
	}
}

// witnessed is a draft with a witness, a sub-district that does not supervise the host.
func witnessed() DraftInput {
	in := draft()
	in.Parties = append(in.Parties, PartyInput{Organisation: south, Part: Witness})
	return in
}

// inForce is a contract on its first day, of a community, a school, a bank and a witness.
func (h *house) inForce(alter ...func(*DraftInput)) *Contract {
	h.t.Helper()
	in := witnessed()
	for _, a := range alter {
		a(&in)
	}
	h.at("2026-03-01T08:00:00Z")
	c := h.signed(h.drafted(in, secretary))
	h.at("2026-04-01T02:00:00Z")
	h.tick()
	return h.read(c)
}

// later lets time pass, and what it brings.
func (h *house) later(c *Contract, d time.Duration) *Contract {
	h.t.Helper()
	now := h.clock.Load().Add(d)
	h.clock.Store(&now)
	h.tick()
	return h.read(c)
}

const oneDay = 24 * time.Hour

// left is the contract after the bank's notice.
func (h *house) left(c *Contract) *Contract {
	h.t.Helper()
	return h.later(h.must(c, VerbNotice, banker), 31*oneDay)
}

// annul takes a contract out of the way, whatever it is.
func (h *house) annul(c *Contract) {
	h.t.Helper()
	_, err := h.contracts.Touch(authz.AsSystem(h.t.Context()), access.ContractTime, string(c.ID), func(c *Contract) error {
		c.Status, c.WakeAt = Cancelled, nil
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}
