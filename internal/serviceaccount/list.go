package serviceaccount

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The pages of lists, and filters on one value.
type (
	// Connection is a page of accounts.
	Connection = page.Connection[*ServiceAccount]
	// Edge is one account in a page.
	Edge = page.Edge[*ServiceAccount]
	// StatusChoice filters by whether accounts can be used.
	StatusChoice = page.Choice[Status]
)

// Filter says which accounts of an organisation a list shows.
type Filter struct{ Status *StatusChoice }

// ServiceAccounts lists the accounts of an organisation, the latest made first, for those who may see them.
func (s *Service) ServiceAccounts(ctx context.Context, of id.Organisation, f *Filter, a page.Args) (*Connection, error) {
	where, err := s.place(ctx, of)
	if err != nil {
		return nil, below(err, "organisation")
	}
	if err := s.may(ctx, access.ServiceRead, where); err != nil {
		return nil, err
	}
	only := byOrganisation.Is(of)
	if f != nil {
		only = store.And(only, f.Status.Filter(byStatus))
	}
	return page.List(ctx, s.accounts, s.Cursors, only, []store.Order{byCreated.Desc()}, a)
}

// ServiceAccount finds an account.
func (s *Service) ServiceAccount(ctx context.Context, a id.ServiceAccount) (*ServiceAccount, error) {
	return s.accounts.Get(ctx, string(a))
}

// Many finds accounts in the order of ids; nil where there is none or it is hidden.
func (s *Service) Many(ctx context.Context, ids []id.ServiceAccount) ([]*ServiceAccount, error) {
	plain := make([]string, len(ids))
	for i, one := range ids {
		plain[i] = string(one)
	}
	return s.accounts.GetMany(ctx, plain)
}

// This is the account that is calling, whatever its role lets it see besides; nil where none is.
func (s *Service) This(ctx context.Context) (*ServiceAccount, error) {
	var none *ServiceAccount
	by := authz.From(ctx)
	if by.Service == "" {
		return none, nil
	}
	a, err := s.accounts.Get(authz.AsSystem(ctx), string(by.Service))
	if err != nil {
		return nil, err
	}
	view(by, a)
	return a, nil
}

// Names are what accounts are called, in the order of ids, for whoever may read what they did; empty where there is none.
func (s *Service) Names(ctx context.Context, ids []id.ServiceAccount) ([]string, error) {
	found, err := s.Many(authz.AsSystem(ctx), ids)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(ids))
	for i, a := range found {
		if a != nil {
			out[i] = a.Name
		}
	}
	return out, nil
}
