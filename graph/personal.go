package graph

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/personalaccess"
)

// shown are the names of people, whom the caller sees already, and counts that they were read.
func (r Rooms) shown(ctx context.Context, field string, people []*person.Person) ([]*string, error) {
	out := make([]*string, len(people))
	read := make([]personalaccess.Reading, 0, len(people))
	for i, p := range people {
		if p == nil || p.Name == "" {
			continue
		}
		out[i] = said(p.Name.Clear())
		read = append(read, personalaccess.Reading{Person: p.ID, Field: field, Near: p.Places()})
	}
	r.PersonalAccesses.Note(ctx, read...)
	return out, nil
}

// actors finds the names of those who did something, people and service accounts, for whoever may read that it was done.
// The names of people are counted as read.
func (r Rooms) actors(field string) finder[id.Person, *string] {
	return func(ctx context.Context, ids []id.Person) ([]*string, error) {
		people, err := r.People.Accounts(ctx, ids)
		if err != nil {
			return nil, err
		}
		out, err := r.shown(ctx, field, people)
		if err != nil || !slices.ContainsFunc(ids, program) {
			return out, err
		}
		accounts := make([]id.ServiceAccount, len(ids))
		for i, one := range ids {
			accounts[i] = id.ServiceAccount(one)
		}
		named, err := r.ServiceAccounts.Names(ctx, accounts)
		if err != nil {
			return nil, err
		}
		for i, n := range named {
			if out[i] == nil {
				out[i] = said(n)
			}
		}
		return out, nil
	}
}

// program says whether the author of something is a service account.
func program(author id.Person) bool { return id.Is(string(author), id.KindServiceAccount) }
