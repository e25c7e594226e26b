package event

import (
	"context"
	"iter"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// Journal is what is shown; *journal.Journal is one.
type Journal interface {
	Find(ctx context.Context, s journal.Search, batch int) iter.Seq2[journal.Entry, error]
	Last(ctx context.Context) (int64, error)
}

// Service shows events. Every member is required.
type Service struct {
	Journal Journal
	// Listen hears of what happens.
	Listen func(context.Context, feed.Want) (*feed.Listener, error)
	// Visible says which objects the caller may read at this moment, at most 100 at once, in their order.
	Visible func(ctx context.Context, subjects []string) ([]bool, error)

	table authz.Table
	seen  *feed.Shared[asker, bool] // by those who listen

	latest *latest
}

// New makes the room.
func New(s Service) *Service {
	s.table, s.seen, s.latest = access.Table(), new(feed.Shared[asker, bool]), new(latest)
	return &s
}

// Many finds events in the order of ids; nil where there is none or it is not for the caller.
func (s *Service) Many(ctx context.Context, ids []id.Event) ([]*Event, error) {
	out := make([]*Event, len(ids))
	actor := authz.From(ctx)
	var asked []*journal.Entry
	var places []int
	for i, e := range ids {
		seq, ok := id.Place(e)
		if !ok {
			continue
		}
		for found, err := range s.Journal.Find(ctx, journal.Search{After: seq - 1}, 1) {
			if err != nil {
				return nil, err
			}
			if found.Seq == seq && s.couldRead(actor, &found) {
				asked, places = append(asked, &found), append(places, i)
			}
			break
		}
	}
	seen, err := s.sight(ctx, asked)
	if err != nil {
		return nil, err
	}
	for n, e := range asked {
		if !seen[n] {
			continue
		}
		if out[places[n]], err = of(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readable keeps the entries whose subjects the caller may read now.
func (s *Service) readable(ctx context.Context, es []*journal.Entry) ([]*journal.Entry, error) {
	seen, err := s.sight(ctx, es)
	if err != nil {
		return nil, err
	}
	var out []*journal.Entry
	for i, e := range es {
		if seen[i] {
			out = append(out, e)
		}
	}
	return out, nil
}

// sight says of which entries the caller may read the subject now, each subject asked for once.
func (s *Service) sight(ctx context.Context, es []*journal.Entry) ([]bool, error) {
	at := map[string]int{}
	var ask []string
	for _, e := range es {
		if _, known := at[e.Subject]; !known {
			at[e.Subject] = len(ask)
			ask = append(ask, e.Subject)
		}
	}
	out := make([]bool, len(es))
	if len(ask) == 0 {
		return out, nil
	}
	seen, err := s.Visible(ctx, ask)
	if err != nil {
		return nil, err
	}
	for i, e := range es {
		out[i] = seen[at[e.Subject]]
	}
	return out, nil
}
