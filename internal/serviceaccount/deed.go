package serviceaccount

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Deed is what a program came with, for the security log.
type Deed struct {
	Kind         string // one of the words below
	Account      id.ServiceAccount
	Organisation id.Organisation // empty where there is no such account
	Credential   string          // the key or secret, by its identifier; empty where it is none of the account's
	Code         fault.Code      // with what it was refused
}

// The words for what programs come with.
const (
	DeedKeyUsed       = "API_KEY_USED"
	DeedKeyRefused    = "API_KEY_REFUSED"
	DeedTokenIssued   = "TOKEN_ISSUED"
	DeedClientRefused = "CLIENT_REFUSED"
)

// noteKey tells of a use of an API key: of one that is unknown to everybody nothing, since it is nobody's.
func (s *Service) noteKey(ctx context.Context, a *ServiceAccount, key id.APIKey, err error) {
	if a == nil || a.ID == "" {
		return
	}
	d := Deed{Kind: DeedKeyUsed, Account: a.ID, Organisation: a.Organisation}
	if a.apiKey(key) != nil {
		d.Credential = string(key)
	}
	if err != nil {
		f := fault.Of(err)
		if f.Kind != fault.Refused && f.Kind != fault.Unauthenticated { // we could not even look
			return
		}
		d.Kind, d.Code = DeedKeyRefused, f.Code
	}
	s.Noted(ctx, d)
}

// noteRefusal tells of a client that did not prove who it is. What failed for another reason is no refusal.
func (s *Service) noteRefusal(ctx context.Context, a *ServiceAccount, err error) {
	f := fault.Of(err)
	if f.Kind != fault.Refused && f.Kind != fault.Unauthenticated {
		return
	}
	d := Deed{Kind: DeedClientRefused, Code: f.Code}
	if a != nil {
		d.Account, d.Organisation = a.ID, a.Organisation
	}
	s.Noted(ctx, d)
}

// noteGrant tells of an access token that was given.
func (s *Service) noteGrant(ctx context.Context, a *ServiceAccount, via string) {
	s.Noted(ctx, Deed{Kind: DeedTokenIssued, Account: a.ID, Organisation: a.Organisation, Credential: via})
}
