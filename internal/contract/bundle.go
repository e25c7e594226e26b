package contract

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// bundle is the contract as it leaves the server, as it was signed and with the amendments that have taken effect; the
// seal, the issuer and the keys are added by who holds them.
func (c *Contract) bundle(at time.Time, amendments []*Amendment) signing.Bundle {
	b := signing.Bundle{
		Format: signing.Format, Contract: c.ID, Version: c.signedVersion(), Text: c.Frozen.Bytes, TextHash: c.Frozen.Hash, ExportedAt: at,
	}
	for _, p := range c.Parties {
		if p.State != Left && p.JoinedBy == "" {
			b.Parties = append(b.Parties, p.exported())
		}
	}
	for _, a := range amendments {
		b.Amendments = append(b.Amendments, a.exported())
	}
	return b
}

// exported is the amendment as it leaves the server. Of those that had left the contract before they signed it says so:
// nothing waited for them.
func (a *Amendment) exported() signing.Amendment {
	out := signing.Amendment{Amendment: a.ID, Number: a.Number, Text: a.Frozen.Bytes, TextHash: a.Frozen.Hash}
	if a.AppliesOn != nil {
		out.AppliesOn = string(*a.AppliesOn)
	}
	for _, p := range a.Parties {
		e := p.exported()
		e.Left = p.gone() && p.Signature == nil
		out.Parties = append(out.Parties, e)
	}
	return out
}

func (p *Party) exported() signing.Party {
	out := signing.Party{Party: p.Organisation, Name: p.Name, Part: string(p.Part)}
	if g := p.Signature; g != nil {
		out.Kid, out.JWS, out.SignedAt, out.By = g.Key, g.JWS, &g.SignedAt, string(g.Person)
	}
	return out
}

// inEffect are the amendments whose texts have been in force, in order.
func (s *Service) inEffect(ctx context.Context, c *Contract) ([]*Amendment, error) {
	var ids []id.Amendment
	for _, r := range c.Revisions {
		if r.Amendment != "" {
			ids = append(ids, r.Amendment)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.ManyAmendments(authz.AsSystem(ctx), ids)
	if err != nil {
		return nil, err
	}
	for i, a := range found {
		if a == nil {
			return nil, absent(string(ids[i]))
		}
	}
	return found, nil
}
