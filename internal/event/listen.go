package event

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// Published tells every event that concerns the caller, behind a place, and then each new one as it happens.
func (s *Service) Published(ctx context.Context, f *Filter, after *int64) (stream.Source, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	w := feed.Want{After: after, Public: true}
	if f != nil {
		w.Types = f.Types
		if f.Subject != nil {
			w.Subject = *f.Subject
		}
	}
	_, w.All = audience(authz.From(ctx))
	l, err := s.Listen(ctx, w)
	if err != nil {
		return nil, err
	}
	return &published{Listener: l, s: s, f: f}, nil
}

// published are the events that one caller hears.
type published struct {
	*feed.Listener

	s *Service
	f *Filter
}

// Next waits for the next event that the caller may know of.
func (p *published) Next(ctx context.Context) (*stream.Event, error) {
	for {
		n, err := p.Listener.Next(ctx)
		if err != nil {
			return nil, err
		}
		if n.Entry == nil || !p.f.matches(n.Entry) || !p.s.couldRead(n.Actor, n.Entry) {
			continue
		}
		seen, err := p.s.visible(ctx, n.Actor, n.Entry)
		if err != nil {
			return nil, err
		}
		if !seen {
			continue
		}
		e, err := p.s.latest.of(n.Entry)
		if err != nil {
			return nil, err
		}
		return &stream.Event{Seq: e.Seq, Value: e, Of: string(e.ID), Actor: n.Actor}, nil
	}
}

// visible says whether the actor may read the subject of an entry now. The windows of one caller, and all programs under
// one account, ask together.
func (s *Service) visible(ctx context.Context, a authz.Actor, e *journal.Entry) (bool, error) {
	key := asker{a.Person, a.Session, feed.Sight{Rights: a.Rights(), Subject: e.Subject}}
	return s.seen.Read(ctx, key, func(ctx context.Context) (bool, error) {
		kept, err := s.readable(authz.With(ctx, a), []*journal.Entry{e})
		return len(kept) > 0, err
	})
}

// asker is who asks for an object.
type asker struct {
	person  id.Person
	session id.Session
	sight   feed.Sight
}
