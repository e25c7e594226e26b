package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/profile"
)

func (a *App) profiles(ctx context.Context) error {
	var err error
	a.Profiles, err = profile.Open(ctx, a.Backend, profile.Config{Now: a.Now, Told: a.told, Organisations: a.Directory.Facts, Shared: a.shared})
	return err
}

// shared tells in the profiles' room's words what contracts let readers read of subjects at this moment.
func (a *App) shared(ctx context.Context, subjects, readers []id.Organisation) ([]profile.Share, error) {
	found, err := a.Contracts.SharedBetween(ctx, subjects, readers)
	if err != nil {
		return nil, err
	}
	out := make([]profile.Share, len(found))
	for i, s := range found {
		out[i] = profile.Share{Contract: s.Contract, Subject: s.Subject, Reader: s.Reader, Purpose: s.Purpose, Until: s.Until}
		for _, f := range s.Fields {
			out[i].Fields = append(out[i].Fields, profile.Fact(f))
		}
	}
	return out, nil
}
