package person

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Pages of sessions.
type (
	// SessionConnection is a page of sessions.
	SessionConnection = page.Connection[*Session]
	// SessionEdge is one session in a page.
	SessionEdge = page.Edge[*Session]
)

// Sessions lists the caller's own sessions that are open, the latest begun first. Nobody sees anybody else's.
func (s *Service) Sessions(ctx context.Context, a page.Args) (*SessionConnection, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.people.Get(ctx, string(who))
	if err != nil {
		return nil, err
	}
	open := store.And(byWhom.Is(p.ID), byEnd.Missing(), byGeneration.Is(p.Generation), byExpiry.Gt(s.now()))
	return page.List(ctx, s.sessions, s.Cursors, open, []store.Order{byCreated.Desc()}, a)
}

// ManySessions finds sessions in the order of ids; nil where there is none or it is not the caller's.
func (s *Service) ManySessions(ctx context.Context, ids []id.Session) ([]*Session, error) {
	return s.sessions.GetMany(ctx, keys(ids))
}

// EndSessionInput is the input of endSession.
type EndSessionInput struct {
	command.Once
	ID id.Session
}

// EndSession ends one of the caller's sessions, be it this one or one left open elsewhere. Its tokens are worth nothing
// from then on. Ending one that has ended is no mistake.
func (s *Service) EndSession(ctx context.Context, in EndSessionInput) (*Session, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Altered(who)
	return s.ended(ctx, in.ID)
}

// ended ends a session in its person's name.
func (s *Service) ended(ctx context.Context, which id.Session) (*Session, error) {
	o, err := s.sessions.Change(ctx, access.SessionEnd, string(which), func(o *Session) error {
		o.end(s.now())
		return nil
	})
	if err == nil {
		s.Noted(ctx, Deed{Kind: DeedSignedOut, Person: o.Person, Session: o.ID})
	}
	return o, err
}

// Current says whether a session is the one in which the caller asks.
func (s *Service) Current(ctx context.Context, o *Session) bool {
	return authz.From(ctx).Session == o.ID
}

// hideSecrets keeps what tokens are recognised by from leaving the room.
func hideSecrets(a authz.Actor, o *Session) {
	if !a.IsSystem() {
		o.Family, o.Secret = nil, nil
	}
}
