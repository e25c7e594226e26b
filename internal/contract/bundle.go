package contract

import (
	"time"

	"github.com/cobuild/cobuild/internal/platform/signing"
)

// bundle is the contract as it leaves the server; the seal, the issuer and the keys are added by who holds them.
func (c *Contract) bundle(at time.Time) signing.Bundle {
	b := signing.Bundle{
		Format: signing.Format, Contract: c.ID, Version: c.TextVersion, Text: c.Frozen.Bytes, TextHash: c.Frozen.Hash, ExportedAt: at,
	}
	for _, p := range c.Parties {
		if p.State == Left {
			continue
		}
		out := signing.Party{Party: p.Organisation, Name: p.Name, Part: string(p.Part)}
		if g := p.Signature; g != nil {
			out.Kid, out.JWS, out.SignedAt, out.By = g.Key, g.JWS, &g.SignedAt, g.PersonName
		}
		b.Parties = append(b.Parties, out)
	}
	return b
}
