package person

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Deed is what happens at the door, for the security log.
type Deed struct {
	Kind    string     // one of the words below
	Person  id.Person  // whose account it is about; empty where there is none of that name
	Session id.Session // that began or ended
	Code    fault.Code // with what it was refused
}

// The words for what happens at the door.
const (
	DeedSignedIn        = "SIGNED_IN"
	DeedSignInRefused   = "SIGN_IN_REFUSED"
	DeedSignInSlowed    = "SIGN_IN_SLOWED"
	DeedSignedOut       = "SIGNED_OUT"
	DeedRefreshReused   = "REFRESH_REUSED"
	DeedPasswordChanged = "PASSWORD_CHANGED"
	DeedPasswordRefused = "PASSWORD_REFUSED"

	DeedSignedInByIssuer = "SIGNED_IN_BY_ISSUER"
)

// refused tells of a secret that was not good, or not even looked at. What failed for another reason is no refusal.
func (s *Service) refused(ctx context.Context, kind string, p *Person, err error) {
	d := Deed{Kind: kind, Code: fault.Of(err).Code}
	if fault.Of(err).Kind != fault.Refused {
		return
	}
	if d.Code == CodeGuesses {
		d.Kind = DeedSignInSlowed
	}
	if p != nil {
		d.Person = p.ID
	}
	s.Noted(ctx, d)
}
