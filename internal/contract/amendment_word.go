package contract

import (
	"context"
	"errors"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// errHeld ends a change of a document that another amendment has been quicker to.
var errHeld = errors.New("contract: another amendment is being signed")

// hold makes sure that of a contract's amendments this one alone may be signed.
//
// The contract's document says whose word that is. Who wants it puts itself behind those who had it, writes to the
// document of each, and takes them off the list: a step under way on one of them begins again and finds the word taken,
// and one that was quicker is found to be SIGNING, and whoever came too late steps back. A step is only taken while its
// amendment stands on the list alone. A word that a crash left behind counts for nothing: its amendment is not being
// signed.
func (s *Service) hold(ctx context.Context, a *Amendment) error {
	ctx = authz.AsSystem(ctx)
	for {
		c, err := s.contracts.Get(ctx, string(a.Contract))
		if err != nil {
			return err
		}
		if slices.Equal(c.Amending, []id.Amendment{a.ID}) {
			return nil
		}
		others := slices.DeleteFunc(slices.Clone(c.Amending), func(o id.Amendment) bool { return o == a.ID })
		if err := s.unsigned(ctx, others); err != nil {
			return err
		}
		waits := append(slices.Clone(others), a.ID)
		switch err := s.word(ctx, a.Contract, c.Amending, waits); {
		case errors.Is(err, errHeld):
			continue
		case err != nil:
			return err
		}
		if err := s.fence(ctx, a, waits, others); !errors.Is(err, errHeld) {
			return err
		}
	}
}

// fence makes steps under way on others begin again, and then leaves the word to the amendment alone.
func (s *Service) fence(ctx context.Context, a *Amendment, waits, others []id.Amendment) error {
	for _, o := range others {
		_, err := s.amendments.Touch(ctx, access.AmendmentTime, string(o), func(o *Amendment) error {
			if o.signing() {
				return inSigning(o.ID)
			}
			return nil
		})
		if err != nil {
			s.released(ctx, a)
			return err
		}
	}
	return s.word(ctx, a.Contract, waits, []id.Amendment{a.ID})
}

// word changes the list of those who have a contract's word, where it is as it was read.
func (s *Service) word(ctx context.Context, c id.Contract, was, is []id.Amendment) error {
	_, err := s.contracts.Touch(ctx, access.ContractTime, string(c), func(c *Contract) error {
		if !slices.Equal(c.Amending, was) {
			return errHeld
		}
		c.Amending = is
		return nil
	})
	return err
}

// unsigned refuses while one of the amendments is being signed, or signed and to come.
func (s *Service) unsigned(ctx context.Context, of []id.Amendment) error {
	found, err := s.ManyAmendments(ctx, of)
	if err != nil {
		return err
	}
	for _, o := range found {
		if o != nil && o.signing() {
			return inSigning(o.ID)
		}
	}
	return nil
}

func (a *Amendment) signing() bool {
	return a.Status == AmendmentSigning || a.Status == AmendmentSigned
}

// released takes an amendment that is no longer signed off the list. Where that fails nothing is lost: the word counts
// only while the amendment is being signed.
func (s *Service) released(ctx context.Context, a *Amendment) *Amendment {
	if a == nil {
		return nil
	}
	_, _ = s.contracts.Touch(authz.AsSystem(ctx), access.ContractTime, string(a.Contract), func(c *Contract) error {
		if !slices.Contains(c.Amending, a.ID) {
			return errNothing
		}
		c.Amending = slices.DeleteFunc(slices.Clone(c.Amending), func(o id.Amendment) bool { return o == a.ID })
		return nil
	})
	return a
}

func inSigning(a id.Amendment) error {
	return fault.New(fault.Refused, CodeAmendSigning, "amendment", a)
}
