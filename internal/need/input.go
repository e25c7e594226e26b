package need

import (
	"context"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/text"
)

const maxContact = 200

// Input is what is said of a need.
type Input struct {
	exchange.Input
	Kind     *Kind
	Contact  *string
	Resident *id.Person
}

// CollectInput is the input of collectNeed.
type CollectInput struct {
	command.Once
	Need Input
}

// ChangeInput is the input of changeNeed.
type ChangeInput struct {
	command.Change
	ID   id.Need
	Need Input
}

// VerifyInput is the input of verifyNeed.
type VerifyInput struct {
	command.Change
	ID id.Need
}

// PublishInput is the input of publishNeed: a need that there is, or a new one.
type PublishInput struct {
	command.Once
	ID              *id.Need
	ExpectedVersion *int
	Need            *Input
}

// ClaimInput is the input of claimNeed.
type ClaimInput struct {
	command.Once
	Need     id.Need
	Claimant *id.Organisation
	Quantity int64
	Remark   *string
}

// CloseInput is the input of closeNeed.
type CloseInput struct {
	command.Change
	ID id.Need
}

// ReportInput is the input of reportNeedFulfilled.
type ReportInput struct {
	command.Once
	Claim id.Claim
}

// ReturnInput is the input of returnNeed.
type ReturnInput struct {
	command.Change
	ID     id.Need
	Claims []id.Claim
	Reason string
}

// ConfirmInput is the input of confirmNeed.
type ConfirmInput struct {
	command.Change
	ID id.Need
}

// WithdrawInput is the input of withdrawNeed.
type WithdrawInput struct {
	command.Change
	ID     id.Need
	Reason *string
}

// ConsentInput is the input of consentToContact. It expects no version: whatever else has happened, a resident can take
// their word back.
type ConsentInput struct {
	command.Once
	ID      id.Need
	Consent bool
}

// Share is a need with the claim that a step was about.
type Share struct {
	Need  *Need
	Claim *exchange.Claim
}

// fill takes up what is said of a need. Faults are at the fields of the need's own input.
func (s *Service) fill(ctx context.Context, in *Input, n *Need) error {
	var f fault.List
	if err := s.Fill(ctx, &f, &in.Input, &n.Listing, false); err != nil {
		return err
	}
	if n.Kind == MicroWish {
		in.fillWish(&f, n)
	} else if in.Contact != nil || in.Resident != nil {
		f.Add(fault.New(fault.Invalid, CodeReach), "contact")
	}
	return f.Err()
}

// fillWish takes up what is said of a micro-wish: nothing by which its resident could be found, but apart.
func (in *Input) fillWish(f *fault.List, n *Need) {
	if n.Community() == "" {
		f.Add(fault.New(fault.Refused, CodeWishOf), "kind")
	}
	if in.Place != nil {
		f.Add(fault.New(fault.Invalid, CodeWishPlace), "place")
	}
	for _, t := range []struct{ name, says string }{{"title", n.Title}, {"text", n.Text}, {"unit", n.Unit}} {
		if exchange.Reachable(t.says) {
			f.Add(fault.New(fault.Invalid, CodeWishReach), t.name)
		}
	}
	reach, resident := n.Reach, n.Resident
	if in.Contact != nil {
		n.Reach = personal.Text(text.Line(f, "contact", *in.Contact, 0, maxContact))
		if exchange.Identified(n.Reach.Clear()) {
			f.Add(fault.New(fault.Invalid, exchange.CodeIdentity), "contact")
		}
	}
	if in.Resident != nil {
		n.Resident = *in.Resident
	}
	if n.Reach != reach || n.Resident != resident { // who agreed, agreed to be reached there
		n.ConsentAt, n.ConsentBy = nil, ""
	}
}

// kind is whose need it is, and never changes.
func (in *Input) kind(f *fault.List, n *Need) {
	if n.Kind == "" {
		n.Kind = Ordinary
		if in.Kind != nil {
			n.Kind = *in.Kind
		}
	}
	if in.Kind != nil && n.Kind != *in.Kind {
		f.Add(fault.New(fault.Refused, exchange.CodeFixed), "kind")
	}
	if in.Publisher != nil && n.Publisher != "" && n.Publisher != *in.Publisher {
		f.Add(fault.New(fault.Refused, exchange.CodeFixed), "publisher")
	}
}
