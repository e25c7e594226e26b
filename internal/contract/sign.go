package contract

import (
	"context"
	"errors"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// Sign puts a party's signature under the frozen text, which the caller names by its hash. Many may sign at once:
// each signature lands, and the last one required makes the contract SIGNED.
func (s *Service) Sign(ctx context.Context, in SignInput) (*Contract, error) {
	if err := wantContract(in.ID); err != nil {
		return nil, err
	}
	pen := &pen{s: s, in: in}
	c, err := s.contracts.Change(ctx, access.ContractSign, string(in.ID), func(c *Contract) error {
		by, err := s.by(ctx, access.ContractSign, c, in.Party)
		if err != nil {
			return err
		}
		if err := c.ready(VerbSign, by.Party); err != nil {
			return err
		}
		if in.TextHash != c.Frozen.Hash {
			return fault.New(fault.Refused, CodeWrongTextHash, "current", c.Frozen.Hash).At("textHash")
		}
		if err := pen.write(ctx, c.statement(by.Party)); err != nil {
			return err
		}
		by.At = s.now() // after the key was there to sign with
		return c.Sign(by, pen.kid, pen.jws)
	})
	if fault.Is(err, fault.CodeForbidden) {
		return nil, s.whyNotSign(ctx, in, err)
	}
	return c, err
}

// pen makes or checks one signature, once however often the store makes the change begin again.
type pen struct {
	s        *Service
	in       SignInput
	said     signing.Statement
	jws, kid string
}

func (p *pen) write(ctx context.Context, said signing.Statement) (err error) {
	if p.said == said {
		return nil
	}
	if p.in.Signature == nil {
		p.jws, p.kid, err = p.s.SignAs(ctx, said.Party, said)
	} else {
		p.jws = *p.in.Signature
		p.kid, err = p.s.CheckSignature(ctx, said.Party, p.jws, said)
		if f, ok := errors.AsType[*fault.Fault](err); ok && f.Kind == fault.Refused {
			err = f.At("signature")
		}
	}
	if err != nil {
		return err
	}
	p.said = said
	return nil
}

// whyNotSign says more of a refusal to who may read the contract: no party to it, or a party's people without its
// signing right.
func (s *Service) whyNotSign(ctx context.Context, in SignInput, refusal error) error {
	c, err := s.Contract(ctx, in.ID)
	if err != nil {
		return refusal
	}
	return s.whyNotSignIn(ctx, in.Party, c.Parties, refusal)
}

// whyNotSignIn says why somebody who reads a text may not sign it.
func (s *Service) whyNotSignIn(ctx context.Context, named *id.Organisation, parties []*Party, refusal error) error {
	a := authz.From(ctx)
	for _, h := range a.Holdings {
		if p := find(parties, h.Organisation); p != nil && !p.gone() && (named == nil || *named == h.Organisation) {
			return noRight(named, h.Organisation)
		}
	}
	if named != nil {
		if p := find(parties, *named); p != nil && !p.gone() {
			return noRight(named, *named)
		}
		return notParty(*named)
	}
	for _, h := range a.Holdings {
		if h.Organisation != "" {
			return notParty(h.Organisation)
		}
	}
	return refusal
}

// noRight says that the caller does not sign for an organisation, at the field that named it if one did.
func noRight(named *id.Organisation, of id.Organisation) error {
	f := fault.New(fault.Forbidden, CodeNoSigningRight, "organisation", of)
	if named == nil {
		return f
	}
	return f.At("party")
}

// SigningStatement is the payload that a party with a key of its own signs, as canonical JSON; nil while the text is
// not frozen, and for an organisation that is no party to it.
func (c *Contract) SigningStatement(party id.Organisation) (*string, error) {
	var none *string
	if p := c.Party(party); c.Frozen == nil || p == nil || p.gone() {
		return none, nil
	}
	payload, err := c.statement(party).Payload()
	if err != nil {
		return none, err
	}
	said := string(payload)
	return &said, nil
}

// Export writes the contract as a file that anybody can check without the server: the frozen text, the parties, their
// signatures and keys, and the amendments in effect, sealed. There is one from SIGNING on.
func (s *Service) Export(ctx context.Context, which id.Contract) (string, error) {
	c, err := s.Contract(ctx, which)
	if err != nil {
		return "", err
	}
	return s.ExportOf(ctx, c)
}

// ExportOf is Export of a contract that the caller has found already.
func (s *Service) ExportOf(ctx context.Context, c *Contract) (string, error) {
	if c.Frozen == nil {
		return "", fault.New(fault.Refused, CodeNotFrozen, "status", c.Status)
	}
	amendments, err := s.inEffect(ctx, c)
	if err != nil {
		return "", err
	}
	file, err := s.Seal(ctx, c.bundle(s.now(), amendments))
	return string(file), err
}
