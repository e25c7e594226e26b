package event

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// Offered are the next events of some types behind a place that the caller could have read when they happened, at most so
// many, and the place up to which was looked. Whether the caller may read them now is asked again when they are told. nil
// stands for all types.
func (s *Service) Offered(ctx context.Context, types []string, after int64, most int) (found []journal.Entry, reached int64, err error) {
	actor, f := authz.From(ctx), &Filter{Types: types}
	search := journal.Search{After: after}
	if who, all := audience(actor); !all {
		search.Audience = who
	}
	last, err := s.Journal.Last(ctx) // before the search: what comes later is not passed over
	if err != nil {
		return nil, after, err
	}
	reached = after
	looked := 0
	for e, err := range s.Journal.Find(ctx, search, most) {
		if err != nil {
			return nil, after, err
		}
		reached = e.Seq
		if f.matches(&e) && s.couldRead(actor, &e) {
			found = append(found, e)
		}
		if looked++; looked >= mostLooked || len(found) >= most {
			return found, reached, nil
		}
	}
	return found, max(reached, last), nil
}
