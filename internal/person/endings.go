package person

import (
	"context"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Ending is one moment at which sessions of somebody ended before their time.
type Ending struct {
	Person id.Person
	What   string // names the ending among all of them
}

// mostEndings bounds how many are told at once.
const mostEndings = 1000

// Endings are the sessions that have ended since a moment, one by one or all of a person's, the latest first: for what
// they have open at nodes where that was not done. They are looked up and not told as events, because the journal keeps
// for ever what happens to organisations, and when somebody signs out is nobody's business.
func (s *Service) Endings(ctx context.Context, since time.Time) ([]Ending, error) {
	ctx = authz.AsSystem(ctx)
	one, err := s.sessions.List(ctx, store.Query{Where: byEnd.Gt(since), Sort: []store.Order{byEnd.Desc()}, Limit: mostEndings})
	if err != nil {
		return nil, err
	}
	all, err := s.people.List(ctx, store.Query{Where: byExpelled.Gt(since), Sort: []store.Order{byExpelled.Desc()}, Limit: mostEndings})
	if err != nil {
		return nil, err
	}
	out := make([]Ending, 0, len(one.Items)+len(all.Items))
	for _, o := range one.Items {
		out = append(out, Ending{o.Person, string(o.ID)})
	}
	for _, p := range all.Items {
		out = append(out, Ending{p.ID, strconv.Itoa(p.Generation)})
	}
	return out, nil
}

// expel ends every session that the person has.
func (p *Person) expel(now time.Time) {
	p.Generation++
	p.ExpelledAt = &now
}
