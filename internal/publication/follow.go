package publication

import (
	"context"
	"errors"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// errExceeds says that more is public than today's parties have agreed to.
var errExceeds = errors.New("publication: a party has not agreed")

// FollowContract takes over what lists may know of a contract after any of its events (contract.*). It reads the
// contract itself, so hearing an event again, or late, does no harm.
func (s *Service) FollowContract(ctx context.Context, e journal.Entry) error {
	return s.refresh(authz.AsSystem(ctx), id.Contract(e.Subject), e.Seq)
}

// refresh brings a publication up to date with its contract. It always writes: a verb that has read the contract as it
// was before then finds the publication changed, and reads again.
func (s *Service) refresh(ctx context.Context, c id.Contract, seq int64) error {
	key := string(publicationID(c))
	_, err := s.publications.Touch(ctx, access.PublicationFollow, key, func(p *Publication) error {
		f, err := s.Contract(ctx, c)
		if err != nil {
			return err
		}
		p.Seen = max(p.Seen, seq)
		if p.hear(f); len(p.allowed()) < len(p.PublicFields) {
			return errExceeds
		}
		p.list(f)
		return nil
	})
	if errors.Is(err, errExceeds) {
		err = s.shrink(ctx, c, key)
	}
	if fault.Is(err, fault.CodeNotFound) { // nothing was ever proposed
		return nil
	}
	return err
}

// shrink takes from public view what a new party of the contract has not agreed to.
func (s *Service) shrink(ctx context.Context, c id.Contract, key string) error {
	_, err := s.publications.Change(ctx, access.PublicationFollow, key, func(p *Publication) error {
		f, err := s.Contract(ctx, c)
		if err != nil {
			return err
		}
		p.hear(f)
		if len(p.allowed()) < len(p.PublicFields) {
			err = p.follow(s.now())
		}
		p.list(f)
		return err
	})
	return err
}
